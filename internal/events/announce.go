package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"passerby/internal/store"
)

// Wants maps the name of a sink to the families of events that it gets.
type Wants map[string][]string

// Announcer is a Store that keeps an event with each record that is worth one, in one transaction: both are there, or neither.
type Announcer struct {
	store.Store
	wants Wants
	now   func() time.Time
}

// NewAnnouncer wraps a Store. Without sinks it is the Store itself.
func NewAnnouncer(s store.Store, wants Wants) store.Store {
	if len(wants) == 0 {
		return s
	}
	return &Announcer{s, wants, time.Now}
}

// Within implements store.Store.
func (a *Announcer) Within(ctx context.Context, f func(tx store.Store) error) error {
	return a.within(ctx, func(tx *Announcer) error { return f(tx) })
}

func (a *Announcer) within(ctx context.Context, f func(tx *Announcer) error) error {
	return a.Store.Within(ctx, func(tx store.Store) error { return f(&Announcer{tx, a.wants, a.now}) })
}

// say keeps events of one topic.
func (a *Announcer) say(ctx context.Context, events ...store.Event) error {
	for _, e := range events {
		family, _, _ := strings.Cut(e.Kind, ".")
		var sinks []string
		for sink, families := range a.wants {
			if slices.Contains(families, family) {
				sinks = append(sinks, sink)
			}
		}
		if err := a.Store.Announce(ctx, sinks, []store.Event{e}); err != nil {
			return err
		}
	}
	return nil
}

// event makes an event of what a record says. Its id follows from the record, so that who says it twice says the same.
func event(topic, kind string, at time.Time, data any) store.Event {
	_, what, _ := strings.Cut(kind, ".")
	return named(topic+"."+what, topic, kind, at, data)
}

func named(id, topic, kind string, at time.Time, data any) store.Event {
	e := store.Event{ID: id, Kind: kind, Topic: topic, At: at}
	body, err := json.Marshal(Envelope{ID: e.ID, Type: kind, Timestamp: at.UTC(), Data: data})
	if err != nil { // strings, numbers and times only
		panic(fmt.Sprintf("events: encode %s: %v", kind, err))
	}
	e.Body = body
	return e
}

// SaveChats implements store.Chats. Both nodes of a match tell of its end, in any order: the first that is heard of it counts.
func (a *Announcer) SaveChats(ctx context.Context, chats []store.Chat) error {
	return a.within(ctx, func(tx *Announcer) error {
		for _, c := range chats {
			before, err := tx.Store.Chat(ctx, c.ID)
			known := err == nil
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err := tx.Store.SaveChats(ctx, []store.Chat{c}); err != nil {
				return err
			}
			if !known {
				if err := tx.say(ctx, event(c.ID, MatchStarted, c.Started, MatchStart{Match: c.ID, Mode: c.Mode, Users: c.Users, Started: c.Started.UTC()})); err != nil {
					return err
				}
			}
			if c.Ended.IsZero() || known && !before.Ended.IsZero() {
				continue
			}
			if err := tx.say(ctx, event(c.ID, MatchEnded, c.Ended, MatchEnd{
				Match: c.ID, Mode: c.Mode, Users: c.Users, Started: c.Started.UTC(), Ended: c.Ended.UTC(), Seconds: max(0, c.Ended.Sub(c.Started).Seconds()), Reason: c.Reason,
			})); err != nil {
				return err
			}
		}
		return nil
	})
}

// SaveReport implements store.Reports.
func (a *Announcer) SaveReport(ctx context.Context, r store.Report) (out store.Report, err error) {
	err = a.within(ctx, func(tx *Announcer) error {
		if out, err = tx.Store.SaveReport(ctx, r); err != nil {
			return err
		}
		return tx.say(ctx, event(out.ID, ReportMade, out.At, Report{
			Report: out.ID, Match: out.Match, Reported: out.Reported, Reason: out.Reason, Severity: out.Severity, Weight: out.Weight, Evidence: len(out.Evidence), At: out.At.UTC(),
		}))
	})
	return out, err
}

// DecideReport implements store.Reports.
func (a *Announcer) DecideReport(ctx context.Context, id string, d store.Decision) error {
	return a.within(ctx, func(tx *Announcer) error {
		if err := tx.Store.DecideReport(ctx, id, d); err != nil {
			return err
		}
		// A decision may be taken back, and then there is another: each has an id of its own.
		name := fmt.Sprintf("%s.decided.%d", id, d.At.UnixMilli())
		return tx.say(ctx, named(name, id, ReportDecided, d.At, ReportDecision{Report: id, Status: string(d.Status), Decision: d.Decision, At: d.At.UTC()}))
	})
}

// SaveBan implements store.Bans.
func (a *Announcer) SaveBan(ctx context.Context, b store.Ban) (out store.Ban, err error) {
	err = a.within(ctx, func(tx *Announcer) error {
		if out, err = tx.Store.SaveBan(ctx, b); err != nil {
			return err
		}
		data := Ban{Ban: out.ID, User: out.User, Network: out.Network != "", Reason: out.Reason, Report: out.Report, By: out.By, At: out.At.UTC()}
		if !out.Until.IsZero() {
			until := out.Until.UTC()
			data.Until = &until
		}
		return tx.say(ctx, event(out.ID, BanMade, out.At, data))
	})
	return out, err
}

// LiftBan implements store.Bans.
func (a *Announcer) LiftBan(ctx context.Context, id string, at time.Time) error {
	return a.within(ctx, func(tx *Announcer) error {
		before, err := tx.Store.Ban(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.Store.LiftBan(ctx, id, at); err != nil || !before.Lifted.IsZero() {
			return err
		}
		return tx.say(ctx, lifted(id, at))
	})
}

func lifted(ban string, at time.Time) store.Event {
	return event(ban, BanLifted, at, BanLift{Ban: ban, At: at.UTC()})
}

// SaveAppeal implements store.Appeals.
func (a *Announcer) SaveAppeal(ctx context.Context, v store.Appeal) (out store.Appeal, err error) {
	err = a.within(ctx, func(tx *Announcer) error {
		if out, err = tx.Store.SaveAppeal(ctx, v); err != nil {
			return err
		}
		return tx.say(ctx, event(out.ID, AppealMade, out.At, Appeal{Appeal: out.ID, Ban: out.Ban, User: out.User, At: out.At.UTC()}))
	})
	return out, err
}

// DecideAppeal implements store.Appeals. One that is accepted may lift the ban.
func (a *Announcer) DecideAppeal(ctx context.Context, id string, d store.AppealDecision) (out store.Appeal, err error) {
	err = a.within(ctx, func(tx *Announcer) error {
		if out, err = tx.Store.DecideAppeal(ctx, id, d); err != nil {
			return err
		}
		if err := tx.say(ctx, event(id, AppealDecided, d.At, AppealDecision{Appeal: id, Ban: out.Ban, Status: string(out.Status), At: d.At.UTC()})); err != nil {
			return err
		}
		ban, err := tx.Store.Ban(ctx, out.Ban)
		if errors.Is(err, store.ErrNotFound) || err == nil && !ban.Lifted.Equal(d.At.UTC().Truncate(time.Millisecond)) {
			return nil
		} else if err != nil {
			return err
		}
		return tx.say(ctx, lifted(ban.ID, d.At))
	})
	return out, err
}
