package storetest

import (
	"slices"
	"testing"
	"time"

	"passerby/internal/store"
)

func claims(t *testing.T, db Database) {
	ctx, s, what := t.Context(), db.Store, "person:"+id()
	mine := store.Claim{What: what, By: "ann", Until: now.Add(time.Minute)}
	equal(t, must(s.TakeClaim(ctx, mine, now))(t), mine)
	got, err := s.TakeClaim(ctx, store.Claim{What: what, By: "bob", Until: now.Add(time.Hour)}, now)
	wantErr(t, err, store.ErrExists)
	equal(t, got, mine)
	mine.Until = now.Add(2 * time.Minute)
	equal(t, must(s.TakeClaim(ctx, mine, now))(t), mine)
	equal(t, must(s.Claims(ctx, now))(t), []store.Claim{mine})
	ok(t, s.DropClaim(ctx, what, "bob"))
	equal(t, len(must(s.Claims(ctx, now))(t)), 1)

	late := mine.Until
	his := store.Claim{What: what, By: "bob", Until: late.Add(time.Minute)}
	equal(t, len(must(s.Claims(ctx, late))(t)), 0)
	equal(t, must(s.TakeClaim(ctx, his, late))(t), his) // the old one is over
	ok(t, s.DropClaim(ctx, what, "bob"))
	equal(t, len(must(s.Claims(ctx, now))(t)), 0)
}

func reopening(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	r := must(s.SaveReport(ctx, store.Report{At: now, Match: id(), Reporter: id(), Reported: id(), Reason: "spam"}))(t)
	wantErr(t, s.ReopenReport(ctx, r.ID, "ann", now), store.ErrDecided)
	v := store.Decision{Status: store.ReportActed, By: "ann", Decision: "warn", Note: "n", At: now}
	ok(t, s.DecideReport(ctx, r.ID, v))
	wantErr(t, s.ReopenReport(ctx, r.ID, "bob", now), store.ErrDecided)
	wantErr(t, s.ReopenReport(ctx, r.ID, "ann", now.Add(time.Second)), store.ErrDecided)
	ok(t, s.ReopenReport(ctx, r.ID, "ann", now))
	equal(t, must(s.Report(ctx, r.ID))(t), r)
	ok(t, s.DecideReport(ctx, r.ID, v))
}

func seenSessions(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	m := must(s.SaveModerator(ctx, store.Moderator{Name: id(), Role: "admin", Created: now}))(t)
	session := store.ModeratorSession{ID: id(), Moderator: m.ID, Created: now, Seen: now, Expires: now.Add(time.Hour)}
	ok(t, s.SaveModeratorSession(ctx, session))
	session.Seen = now.Add(time.Minute)
	ok(t, s.SeeModeratorSession(ctx, session.ID, session.Seen))
	equal(t, must(s.ModeratorSession(ctx, session.ID, now))(t), session)
	ok(t, s.DeleteModeratorSession(ctx, session.ID))
	wantErr(t, s.SeeModeratorSession(ctx, session.ID, now), store.ErrNotFound)
	_, err := s.ModeratorSession(ctx, session.ID, now)
	wantErr(t, err, store.ErrNotFound)
}

func notices(t *testing.T, db Database) {
	ctx, s, user := t.Context(), db.Store, id()
	n := must(s.SaveNotice(ctx, store.Notice{User: user, At: now, Reason: "spam", Message: "Stop it.", Report: id()}))(t)
	equal(t, must(s.Notices(ctx, user))(t), []store.Notice{n})
	equal(t, len(must(s.Notices(ctx, id()))(t)), 0)
	older := must(s.SaveNotice(ctx, store.Notice{User: user, At: now.Add(-time.Hour), Reason: "hate", Report: id()}))(t)
	made := must(s.NoticesMade(ctx, now, 10))(t)
	if !slices.ContainsFunc(made, func(m store.Notice) bool { return m.ID == n.ID }) || slices.ContainsFunc(made, func(m store.Notice) bool { return m.ID == older.ID }) {
		t.Errorf("made since then: %v", made)
	}
	ok(t, s.SeeNotice(ctx, older.ID, user, now))
	wantErr(t, s.SeeNotice(ctx, n.ID, id(), now), store.ErrNotFound) // somebody else's
	ok(t, s.SeeNotice(ctx, n.ID, user, now))
	equal(t, len(must(s.Notices(ctx, user))(t)), 0)
	for _, m := range must(s.NoticesMade(ctx, now, 500))(t) {
		if m.User == user {
			t.Errorf("made, and seen: %v", m)
		}
	}
	back := must(s.SaveNotice(ctx, store.Notice{User: user, At: now, Reason: "spam", Report: id()}))(t)
	ok(t, s.DropNotice(ctx, back.Report))
	equal(t, len(must(s.Notices(ctx, user))(t)), 0)
}
