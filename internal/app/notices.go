package app

import (
	"context"
	"errors"
	"time"

	"passerby/internal/store"
	"passerby/signaling"
	"passerby/signaling/protocol"
)

const (
	noticesLook    = 2 * time.Second
	noticesOverlap = 30 * time.Second // nodes' clocks differ, and a transaction may show later than its time
	noticesAtOnce  = 500
)

// notices is the hub's view of the moderators' words.
type notices struct{ s store.Store }

var _ signaling.Notices = notices{}

func (n notices) Of(ctx context.Context, user string) ([]protocol.Notice, error) {
	list, err := n.s.Notices(ctx, user)
	told := make([]protocol.Notice, len(list))
	for i, w := range list {
		told[i] = protocol.Notice{Notice: w.ID, Reason: protocol.ReportReason(w.Reason), Message: w.Message, At: w.At.UnixMilli()}
	}
	return told, err
}

func (n notices) Understood(ctx context.Context, user, notice string) error {
	if err := n.s.SeeNotice(ctx, notice, user, time.Now()); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// followNotices has new words told to those who are connected to this node, whichever node they were written on, until ctx is over.
func (s *Server) followNotices(ctx context.Context) error {
	tick := time.NewTicker(noticesLook)
	defer tick.Stop()
	since, told := time.Now(), map[string]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		made, err := s.store.NoticesMade(ctx, since.Add(-noticesOverlap), noticesAtOnce)
		if err != nil {
			s.log.Debug("notices", "err", err) // tendDatabase says it once
			continue
		}
		var users []string
		for _, n := range made {
			if _, known := told[n.ID]; !known {
				told[n.ID] = n.At
				users = append(users, n.User)
			}
			if n.At.After(since) {
				since = n.At
			}
		}
		for id, at := range told {
			if at.Before(since.Add(-2 * noticesOverlap)) {
				delete(told, id)
			}
		}
		s.hub.Notify(users)
	}
}
