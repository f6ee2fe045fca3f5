package moderation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"passerby/internal/store"
)

// Kind is what a moderator decides.
type Kind string

// The decisions.
const (
	Dismiss Kind = "dismiss" // nothing is wrong
	Warn    Kind = "warn"    // the person is told, and stays
	Ban     Kind = "ban"
)

// Range says how much of a person's network a ban holds.
type Range string

// The ranges.
const (
	NoRange Range = ""
	Narrow  Range = "narrow" // one IPv4 address, or IPv6 /64
	Wide    Range = "wide"   // the IPv4 /24, or IPv6 /48, around it
)

// Days lists how long bans are; 0 is for good. A network gets other owners, so it is not banned for good.
func Days() []int { return []int{1, 7, 30, 0} }

// Act is a decision about one person.
type Act struct {
	Kind    Kind     `json:"kind"`
	Reports []string `json:"reports"` // ids; all must be open and of this person
	Reason  string   `json:"reason"`  // in the protocol's words; the person is told
	Message string   `json:"message"` // the moderator's words for the person
	Note    string   `json:"note"`    // for colleagues

	Days   int   `json:"days"`   // of a ban; 0: for good
	Device bool  `json:"device"` // ban the device
	Range  Range `json:"range"`  // ban the network
}

// Outcome is what a decision did.
type Outcome struct {
	Ban  string `json:"ban,omitempty"` // id
	Undo string `json:"undo"`          // ticket for Undo
}

const (
	messageMost = 1000 // characters
	noteMost    = 2000
	actReports  = 100
)

func (a Act) validate() error {
	bad := func(text string) error { return fmt.Errorf("%w: %s", ErrBadAct, text) }
	switch {
	case a.Kind != Dismiss && a.Kind != Warn && a.Kind != Ban:
		return bad("the kind must be dismiss, warn or ban")
	case len(a.Reports) == 0 || len(a.Reports) > actReports:
		return bad("name the reports that it is about")
	case utf8.RuneCountInString(a.Message) > messageMost || utf8.RuneCountInString(a.Note) > noteMost:
		return bad("the message or the note is too long")
	case a.Kind != Dismiss && strings.TrimSpace(a.Reason) == "":
		return ErrNoReason
	case a.Kind != Ban && (a.Device || a.Range != NoRange || a.Days != 0):
		return bad("only a ban has a length, a device or a network")
	case a.Kind == Ban && !a.Device && a.Range == NoRange:
		return bad("a ban holds a device, a network or both")
	case a.Kind == Ban && !slices.Contains(Days(), a.Days):
		return bad("a ban lasts 1, 7 or 30 days, or for good")
	case a.Range != NoRange && a.Range != Narrow && a.Range != Wide:
		return bad("a network is narrow or wide")
	case a.Range != NoRange && a.Days == 0:
		return bad("a network is banned for 30 days at most, since others get its addresses")
	}
	return nil
}

// undo is what a ticket for Undo holds.
type undo struct {
	By, Person string
	Reports    []string
	Ban        string
	At         time.Time
}

// Decide does what a moderator decided, all of it or nothing: ErrClaimed while another has the case, store.ErrDecided when one of the reports
// was decided meanwhile.
func (d *Desk) Decide(ctx context.Context, by, person string, a Act) (Outcome, error) {
	if err := a.validate(); err != nil {
		return Outcome{}, err
	}
	if _, err := d.Claim(ctx, by, person); err != nil {
		return Outcome{}, err
	}
	now := d.now()
	ban, err := d.ban(ctx, by, person, a, now)
	if err != nil {
		return Outcome{}, err
	}
	status := store.ReportActed
	if a.Kind == Dismiss {
		status = store.ReportDismissed
	}
	err = d.Store.Within(ctx, func(tx store.Store) error {
		for _, id := range a.Reports {
			r, err := tx.Report(ctx, id)
			if err != nil {
				return err
			}
			if r.Reported != person {
				return fmt.Errorf("%w: report %s is of somebody else", ErrBadAct, id)
			}
			if err := tx.DecideReport(ctx, id, store.Decision{Status: status, By: by, Decision: string(a.Kind), Note: a.Note, At: now}); err != nil {
				return err
			}
		}
		if a.Kind == Ban {
			var err error
			if ban, err = tx.SaveBan(ctx, ban); err != nil {
				return err
			}
		}
		if a.Kind == Warn {
			if _, err := tx.SaveNotice(ctx, store.Notice{User: person, At: now, Reason: a.Reason, Message: a.Message, Report: a.Reports[0]}); err != nil {
				return err
			}
		}
		return write(ctx, tx, now, by, "report.decide", "user:"+person, map[string]any{
			"kind": string(a.Kind), "reports": a.Reports, "reason": a.Reason, "days": a.Days, "device": a.Device, "range": string(a.Range), "ban": ban.ID,
		})
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("moderation: decide: %w", err)
	}
	if err := d.Release(ctx, by, person); err != nil {
		return Outcome{}, err
	}
	ticket, err := d.Sealer.Seal("undo", undo{by, person, a.Reports, ban.ID, now}, undoFor)
	return Outcome{Ban: ban.ID, Undo: ticket}, err
}

// ban makes the ban that an act asks for.
func (d *Desk) ban(ctx context.Context, by, person string, a Act, now time.Time) (store.Ban, error) {
	if a.Kind != Ban {
		return store.Ban{}, nil
	}
	b := store.Ban{Reason: a.Reason, Message: a.Message, Report: a.Reports[0], By: by, At: now}
	if a.Device {
		b.User = person
	}
	if a.Days > 0 {
		b.Until = now.AddDate(0, 0, a.Days)
	}
	if a.Range == NoRange {
		return b, nil
	}
	u, err := d.Store.User(ctx, person)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Ban{}, fmt.Errorf("moderation: ban: %w", err)
	}
	if b.Network = u.Narrow; a.Range == Wide {
		b.Network = u.Wide
	}
	if b.Network == "" {
		return store.Ban{}, ErrNoRange
	}
	return b, nil
}

// Undo takes a decision back: the ban is lifted, the reports are open again.
func (d *Desk) Undo(ctx context.Context, by, ticket string) error {
	var u undo
	if err := d.Sealer.Open("undo", ticket, &u); err != nil || u.By != by {
		return ErrTooLate
	}
	now := d.now()
	err := d.Store.Within(ctx, func(tx store.Store) error {
		for _, id := range u.Reports {
			if err := tx.ReopenReport(ctx, id, u.By, u.At); err != nil {
				return err
			}
		}
		if err := tx.DropNotice(ctx, u.Reports[0]); err != nil {
			return err
		}
		if u.Ban != "" {
			if err := tx.LiftBan(ctx, u.Ban, now); err != nil {
				return err
			}
		}
		return write(ctx, tx, now, by, "report.undo", "user:"+u.Person, map[string]any{"reports": u.Reports, "ban": u.Ban})
	})
	if errors.Is(err, store.ErrDecided) {
		return ErrTooLate
	} else if err != nil {
		return fmt.Errorf("moderation: undo: %w", err)
	}
	return nil
}
