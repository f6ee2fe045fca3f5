package moderation

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"passerby/internal/store"
)

// Lift ends a ban before its time.
func (d *Desk) Lift(ctx context.Context, by, ban, note string) error {
	if utf8.RuneCountInString(note) > noteMost {
		return fmt.Errorf("%w: the note is too long", ErrBadAct)
	}
	now := d.now()
	return d.Store.Within(ctx, func(tx store.Store) error {
		if _, err := tx.Ban(ctx, ban); err != nil {
			return err
		}
		if err := tx.LiftBan(ctx, ban, now); err != nil {
			return err
		}
		return write(ctx, tx, now, by, "ban.lift", "ban:"+ban, map[string]any{"note": note})
	})
}

// Verdict is the answer to an appeal.
type Verdict struct {
	Accept bool   `json:"accept"`
	Lift   bool   `json:"lift"` // with Accept: end the ban for everybody, not only for whoever appealed
	Answer string `json:"answer"`
}

// Answer decides an appeal. Whoever banned does not answer, unless nobody else could: then the log says so.
func (d *Desk) Answer(ctx context.Context, by, appeal string, v Verdict) (store.Appeal, error) {
	v.Answer = strings.TrimSpace(v.Answer)
	if v.Answer == "" || utf8.RuneCountInString(v.Answer) > messageMost {
		return store.Appeal{}, fmt.Errorf("%w: write an answer of at most %d characters; the person reads it", ErrBadAct, messageMost)
	}
	a, err := d.Store.Appeal(ctx, appeal)
	if err != nil {
		return store.Appeal{}, err
	}
	b, err := d.Store.Ban(ctx, a.Ban)
	if err != nil {
		return store.Appeal{}, err
	}
	if b.By == by {
		if others, err := d.Others(ctx, by); err != nil {
			return store.Appeal{}, fmt.Errorf("moderation: appeal: %w", err)
		} else if others {
			return store.Appeal{}, ErrOwnBan
		}
	}
	now := d.now()
	err = d.Store.Within(ctx, func(tx store.Store) error {
		if a, err = tx.DecideAppeal(ctx, appeal, store.AppealDecision{Accept: v.Accept, Lift: v.Lift, By: by, Answer: v.Answer, At: now}); err != nil {
			return err
		}
		return write(ctx, tx, now, by, "appeal.answer", "appeal:"+appeal, map[string]any{
			"accept": v.Accept, "lift": v.Lift, "ban": a.Ban, "own_ban": b.By == by,
		})
	})
	if err != nil {
		return store.Appeal{}, fmt.Errorf("moderation: appeal: %w", err)
	}
	return a, nil
}
