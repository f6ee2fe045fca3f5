package storetest

import (
	"testing"
	"time"

	"passerby/internal/store"
)

// purge works on rows of another century, so that it meets no others.
func purge(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	now := time.Date(1999, 6, 1, 0, 0, 0, 0, time.UTC)
	old, young := now.Add(-48*time.Hour), now.Add(-12*time.Hour)
	day := 24 * time.Hour

	var gone, stay []string // chats
	for range 3 {
		g, y := id(), id()
		ok(t, s.SaveChats(ctx, []store.Chat{{ID: g, Started: old}, {ID: y, Started: young}}))
		gone, stay = append(gone, g), append(stay, y)
	}
	stale, fresh := id(), id()
	ok(t, s.SaveUsers(ctx, []store.User{
		{ID: stale, First: old, Last: old, Narrow: "n", Wide: "w", Seen: old}, {ID: fresh, First: old, Last: young, Narrow: "n", Wide: "w", Seen: young},
	}))
	ok(t, s.SaveBlock(ctx, store.Block{User: stale, Other: fresh, At: old}))
	ok(t, s.SaveBlock(ctx, store.Block{User: fresh, Other: stale, At: old}))
	report := func(decided, hold time.Time) string {
		r := must(s.SaveReport(ctx, store.Report{At: old, Match: id(), Reporter: id(), Reported: id(), Hold: hold, Evidence: []store.Evidence{{Kind: "message"}}}))(t)
		if !decided.IsZero() {
			ok(t, s.DecideReport(ctx, r.ID, store.Decision{Status: store.ReportActed, At: decided}))
		}
		return r.ID
	}
	closed, open, held, recent := report(old, time.Time{}), report(time.Time{}, time.Time{}), report(old, now.Add(time.Hour)), report(young, time.Time{})
	ban := func(until time.Time) store.Ban {
		return must(s.SaveBan(ctx, store.Ban{User: id(), At: old, Until: until}))(t)
	}
	over, lifted, holds, forever := ban(old), ban(time.Time{}), ban(now.Add(time.Hour)), ban(time.Time{})
	ok(t, s.LiftBan(ctx, lifted.ID, old))
	appeal := func(decided time.Time) string {
		a := must(s.SaveAppeal(ctx, store.Appeal{Ban: holds.ID, User: id(), At: old}))(t)
		if !decided.IsZero() {
			must(s.DecideAppeal(ctx, a.ID, store.AppealDecision{At: decided}))(t)
		}
		return a.ID
	}
	refused, waiting := appeal(old), appeal(time.Time{})
	warned, warnedLately := id(), id()
	must(s.SaveNotice(ctx, store.Notice{User: warned, At: old}))(t)
	must(s.SaveNotice(ctx, store.Notice{User: warnedLately, At: young}))(t)
	m := must(s.SaveModerator(ctx, store.Moderator{Name: id(), Created: old}))(t)
	ok(t, s.SaveModeratorSession(ctx, store.ModeratorSession{ID: id(), Moderator: m.ID, Expires: old}))

	keep := store.Retention{Chats: day, Networks: day, Users: day, Reports: day, Bans: day, Appeals: day, Notices: day}
	equal(t, must(s.Purge(ctx, store.Retention{}, now, 2))(t), store.Purged{ModeratorSessions: 1}) // for ever
	equal(t, must(s.Purge(ctx, keep, now, 2))(t), store.Purged{Chats: 2, Networks: 1, Users: 1, Blocks: 1, Reports: 1, Bans: 2, Appeals: 1, Notices: 1})
	equal(t, must(s.Purge(ctx, keep, now, 2))(t), store.Purged{Chats: 1})
	equal(t, must(s.Purge(ctx, keep, now, 2))(t), store.Purged{})

	for _, c := range gone {
		_, err := s.Chat(ctx, c)
		wantErr(t, err, store.ErrNotFound)
	}
	for _, c := range stay {
		must(s.Chat(ctx, c))(t)
	}
	if u := must(s.User(ctx, fresh))(t); u.Narrow == "" {
		t.Error("a network that was seen lately is gone")
	}
	for _, r := range []string{open, held, recent} {
		must(s.Report(ctx, r))(t)
	}
	_, err := s.Report(ctx, closed)
	wantErr(t, err, store.ErrNotFound)
	_, err = s.Ban(ctx, over.ID)
	wantErr(t, err, store.ErrNotFound)
	must(s.Ban(ctx, forever.ID))(t)
	_, err = s.Appeal(ctx, refused)
	wantErr(t, err, store.ErrNotFound)
	must(s.Appeal(ctx, waiting))(t)
	equal(t, len(must(s.Notices(ctx, warned))(t)), 0)
	equal(t, len(must(s.Notices(ctx, warnedLately))(t)), 1)

	equal(t, must(s.Purge(ctx, store.Retention{Networks: time.Hour}, now, 9))(t), store.Purged{Networks: 1})
	if u := must(s.User(ctx, fresh))(t); u.Narrow != "" || u.Wide != "" || !u.Seen.IsZero() {
		t.Errorf("a network that is too old is kept: %+v", u)
	}
}
