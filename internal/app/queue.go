package app

import (
	"context"
	"errors"
	"fmt"

	"passerby/match"
	"passerby/signaling"
	"passerby/signaling/protocol"
)

// queue is the hub's view of a match.Queue.
type queue struct {
	q      match.Queue
	region string // of this node
}

var _ signaling.Queue = queue{}

func (a queue) Arrive(ctx context.Context, t signaling.Ticket) (signaling.Standing, error) {
	wish := match.Wish{
		Mode: match.Mode(t.Wish.Mode), Tags: t.Wish.Tags, Language: t.Wish.Language,
		Gender: match.Gender(t.Wish.Gender), Widen: t.Wish.Widen,
	}
	for _, g := range t.Wish.Seeking {
		wish.Seeking = append(wish.Seeking, match.Gender(g))
	}
	wish, err := wish.Normalize()
	if err != nil {
		return signaling.Standing{}, fmt.Errorf("%w: %w", signaling.ErrWish, err)
	}
	s, err := a.q.Arrive(ctx, match.Ticket{Session: t.Session, User: t.User, Node: t.Node, Pool: t.Pool, Region: a.region, Wish: wish, Key: t.Key, Name: t.Name, Since: t.Since})
	return standing(s), err
}

func (a queue) Leave(ctx context.Context, session string, reason protocol.EndReason) error {
	return a.q.Leave(ctx, session, match.EndReason(reason))
}

func (a queue) Confirm(ctx context.Context, session, pair string) error {
	err := a.q.Confirm(ctx, session, pair)
	if errors.Is(err, match.ErrGone) {
		return fmt.Errorf("%w: %w", signaling.ErrGone, err)
	}
	return err
}

func (a queue) Renew(ctx context.Context, session string) (signaling.Standing, error) {
	s, err := a.q.Renew(ctx, session)
	return standing(s), err
}

func (a queue) Block(ctx context.Context, user, other string) error {
	return a.q.Block(ctx, user, other)
}

func standing(s match.Standing) signaling.Standing {
	out := signaling.Standing{Since: s.Since, Position: s.Position, Estimate: s.Estimate}
	switch s.State {
	case match.Absent:
		out.Place = signaling.Absent
		if s.Ended != nil {
			out.Ended = &signaling.Ending{Pair: s.Ended.Pair, Reason: protocol.EndReason(s.Ended.Reason)}
		}
	case match.Waiting:
		out.Place = signaling.InLine
	case match.Paired:
		out.Place = signaling.Paired
		p := pair(*s.Pair)
		out.Pair = &p
	}
	return out
}

func pair(p match.Pair) signaling.Pair {
	return signaling.Pair{
		ID: p.ID, Mode: protocol.Mode(p.Mode), At: p.At, Tags: p.Tags,
		Initiator: side(p.Initiator), Responder: side(p.Responder),
	}
}

func side(s match.Side) signaling.Side {
	return signaling.Side{Session: s.Session, User: s.User, Node: s.Node, Key: s.Key, Language: s.Language, Region: s.Region, Name: s.Name}
}
