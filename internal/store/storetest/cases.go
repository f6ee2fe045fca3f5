package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"passerby/internal/store"
)

func reports(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	r := store.Report{
		At: now, Match: id(), Reporter: id(), Reported: id(), Reason: "threat", Comment: "he said so", Severity: 2, Weight: 0.25, Hold: now.Add(time.Hour), Detail: json.RawMessage(`{"a": 1}`),
		Evidence: []store.Evidence{
			{Kind: "message", From: "reported", At: now, N: 3, Proof: store.Proven, Type: "text/plain", Body: []byte("text\x00\xff"), Detail: json.RawMessage(`{"tag":"t"}`)},
			{Kind: "picture", From: "reported", At: now, N: 1<<64 - 1, Proof: store.Unproven, Type: "image/webp", Body: make([]byte, 10_000)},
		},
	}
	saved := must(s.SaveReport(ctx, r))(t)
	if saved.ID == "" || saved.Evidence[0].ID == "" || r.Evidence[0].ID != "" || saved.Status != store.ReportOpen {
		t.Fatalf("saved as %+v", saved.ID)
	}
	equal(t, must(s.Report(ctx, saved.ID))(t), saved)
	_, err := s.SaveReport(ctx, r)
	wantErr(t, err, store.ErrExists)
	_, err = s.Report(ctx, id())
	wantErr(t, err, store.ErrNotFound)

	d := store.Decision{Status: store.ReportActed, By: "m", Decision: "ban", Note: "clear", At: now.Add(time.Minute)}
	wantErr(t, s.DecideReport(ctx, id(), d), store.ErrNotFound)
	ok(t, s.DecideReport(ctx, saved.ID, d))
	wantErr(t, s.DecideReport(ctx, saved.ID, d), store.ErrDecided)
	ok(t, s.HoldReport(ctx, saved.ID, time.Time{}))
	wantErr(t, s.HoldReport(ctx, id(), now), store.ErrNotFound)
	saved.Status, saved.Decided, saved.DecidedBy, saved.Decision, saved.Note, saved.Hold = d.Status, d.At, d.By, d.Decision, d.Note, time.Time{}
	equal(t, must(s.Report(ctx, saved.ID))(t), saved)

	equal(t, must(s.CountReports(ctx, r.Reporter))(t), store.ReportCounts{Made: 1, MadeActed: 1})
	equal(t, must(s.CountReports(ctx, r.Reported))(t), store.ReportCounts{Received: 1, ReceivedActed: 1, Reporters: 1})
}

func reportLists(t *testing.T, db Database) {
	ctx, s, bad := t.Context(), db.Store, id()
	var ids []string
	for _, severity := range []int{1, 3, 1, 3} {
		ids = append(ids, must(s.SaveReport(ctx, store.Report{At: now.Add(time.Duration(len(ids)) * time.Second), Match: id(), Reporter: id(), Reported: bad, Severity: severity}))(t).ID)
	}
	list := func(f store.ReportFilter, p store.Page) (got []string) {
		t.Helper()
		for _, r := range must(s.Reports(ctx, f, p))(t) {
			got = append(got, r.ID)
		}
		return got
	}
	open := store.ReportFilter{Status: store.ReportOpen, Reported: bad}
	equal(t, list(open, store.Page{}), []string{ids[1], ids[3], ids[0], ids[2]}) // the worst first, then the oldest
	equal(t, list(open, store.Page{Limit: 2, Before: ids[3]}), []string{ids[0], ids[2]})
	equal(t, list(store.ReportFilter{Reported: bad}, store.Page{Before: ids[2]}), []string{ids[1], ids[0]})
	ok(t, s.DecideReport(ctx, ids[1], store.Decision{Status: store.ReportDismissed, By: "m", At: now}))
	equal(t, list(open, store.Page{}), []string{ids[3], ids[0], ids[2]})
	equal(t, list(store.ReportFilter{Status: store.ReportDismissed, Reported: bad}, store.Page{}), []string{ids[1]})
}

func bans(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	if _, err := s.SaveBan(ctx, store.Ban{At: now}); err == nil {
		t.Error("a ban of nobody is kept")
	}
	base := now.Add(1000 * time.Hour) // after every other ban of the suite
	user := id()
	b := must(s.SaveBan(ctx, store.Ban{User: user, Network: "net", Reason: "spam", Message: "Stop it.", Report: "r", By: "m", At: base, Until: base.Add(time.Hour)}))(t)
	forever := must(s.SaveBan(ctx, store.Ban{Network: "net2", CIDR: "203.0.113.0/24", Reason: "spam", By: "cli", At: base.Add(time.Second)}))(t)
	equal(t, must(s.Ban(ctx, b.ID))(t), b)
	equal(t, must(s.BansChanged(ctx, base, 10))(t), []store.Ban{b, forever})
	equal(t, must(s.BansChanged(ctx, base, 1))(t), []store.Ban{b})
	equal(t, must(s.BansChanged(ctx, base.Add(2*time.Second), 10))(t), nil)
	equal(t, must(s.Bans(ctx, store.BanFilter{User: user}, store.Page{}))(t), []store.Ban{b})
	equal(t, must(s.Bans(ctx, store.BanFilter{User: user, Active: base.Add(time.Hour)}, store.Page{}))(t), nil)
	if !b.Active(base) || b.Active(b.Until) || !forever.Active(base.Add(1e6*time.Hour)) {
		t.Error("Active is wrong about expiry")
	}

	ok(t, s.ExemptFromBan(ctx, forever.ID, "friend", base.Add(3*time.Second)))
	ok(t, s.ExemptFromBan(ctx, forever.ID, "friend", base.Add(4*time.Second)))
	forever.Exempt, forever.Changed = []string{"friend"}, base.Add(4*time.Second)
	equal(t, must(s.BansChanged(ctx, base.Add(2*time.Second), 10))(t), []store.Ban{forever})
	wantErr(t, s.ExemptFromBan(ctx, id(), "friend", base), store.ErrNotFound)

	ok(t, s.LiftBan(ctx, b.ID, base.Add(5*time.Second)))
	ok(t, s.LiftBan(ctx, b.ID, base.Add(9*time.Second)))
	wantErr(t, s.LiftBan(ctx, id(), base), store.ErrNotFound)
	b.Lifted, b.Changed = base.Add(5*time.Second), base.Add(5*time.Second)
	equal(t, must(s.BansChanged(ctx, base.Add(5*time.Second), 10))(t), []store.Ban{b})
	if b.Active(base) {
		t.Error("a ban that is lifted holds")
	}
}

func appeals(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	device := must(s.SaveBan(ctx, store.Ban{User: id(), At: now}))(t)
	network := must(s.SaveBan(ctx, store.Ban{User: device.User, Network: "net", At: now}))(t)
	_, err := s.SaveAppeal(ctx, store.Appeal{Ban: id(), User: id(), At: now})
	wantErr(t, err, store.ErrNotFound)

	a := must(s.SaveAppeal(ctx, store.Appeal{Ban: network.ID, User: id(), At: now, Text: "It was my sister."}))(t)
	equal(t, must(s.Appeal(ctx, a.ID))(t), a)
	_, err = s.SaveAppeal(ctx, store.Appeal{Ban: a.Ban, User: a.User, At: now})
	wantErr(t, err, store.ErrExists)
	other := must(s.SaveAppeal(ctx, store.Appeal{Ban: a.Ban, User: id(), At: now.Add(time.Second)}))(t) // of somebody else there
	equal(t, must(s.Appeals(ctx, store.AppealFilter{Status: store.AppealOpen, Ban: a.Ban}, store.Page{}))(t), []store.Appeal{a, other})
	equal(t, must(s.Appeals(ctx, store.AppealFilter{Ban: a.Ban}, store.Page{}))(t), []store.Appeal{other, a})

	got := must(s.DecideAppeal(ctx, a.ID, store.AppealDecision{Accept: true, By: "m", Answer: "Welcome.", At: now.Add(time.Minute)}))(t)
	a.Status, a.Decided, a.DecidedBy, a.Answer = store.AppealAccepted, now.Add(time.Minute), "m", "Welcome."
	equal(t, got, a)
	equal(t, must(s.Ban(ctx, network.ID))(t).Exempt, []string{a.User})
	_, err = s.DecideAppeal(ctx, a.ID, store.AppealDecision{At: now})
	wantErr(t, err, store.ErrDecided)
	_, err = s.DecideAppeal(ctx, id(), store.AppealDecision{At: now})
	wantErr(t, err, store.ErrNotFound)

	must(s.DecideAppeal(ctx, other.ID, store.AppealDecision{Accept: true, Lift: true, By: "m", At: now}))(t)
	if must(s.Ban(ctx, network.ID))(t).Lifted.IsZero() {
		t.Error("an accepted appeal did not lift the ban")
	}
	for range store.AppealsPerBan {
		again := must(s.SaveAppeal(ctx, store.Appeal{Ban: device.ID, User: device.User, At: now}))(t)
		must(s.DecideAppeal(ctx, again.ID, store.AppealDecision{At: now}))(t)
	}
	_, err = s.SaveAppeal(ctx, store.Appeal{Ban: device.ID, User: device.User, At: now})
	wantErr(t, err, store.ErrFull)
	if !must(s.Ban(ctx, device.ID))(t).Active(now) {
		t.Error("a refused appeal lifted the ban")
	}
	last := must(s.SaveAppeal(ctx, store.Appeal{Ban: device.ID, User: id(), At: now}))(t)
	must(s.DecideAppeal(ctx, last.ID, store.AppealDecision{Accept: true, At: now}))(t)
	if must(s.Ban(ctx, device.ID))(t).Active(now) {
		t.Error("an accepted appeal against a ban of a device alone did not lift it")
	}
}

func moderators(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	m := must(s.SaveModerator(ctx, store.Moderator{Name: id(), Role: "moderator", Created: now, Detail: json.RawMessage(`{}`)}))(t)
	equal(t, must(s.Moderator(ctx, m.ID))(t), m)
	equal(t, must(s.ModeratorByName(ctx, m.Name))(t), m)
	_, err := s.SaveModerator(ctx, store.Moderator{Name: m.Name, Created: now})
	wantErr(t, err, store.ErrExists)
	m.Role, m.Disabled = "owner", now
	must(s.SaveModerator(ctx, m))(t)
	if all := must(s.Moderators(ctx))(t); !slices.ContainsFunc(all, func(o store.Moderator) bool { return o.ID == m.ID && o.Role == "owner" }) {
		t.Errorf("%v lacks %v", all, m)
	}
	_, err = s.ModeratorByName(ctx, id())
	wantErr(t, err, store.ErrNotFound)

	c := must(s.SaveCredential(ctx, store.Credential{Moderator: m.ID, Kind: "passkey", Subject: id(), Secret: []byte{1, 0, 255}, Detail: json.RawMessage(`{"x":1}`), Created: now}))(t)
	password := must(s.SaveCredential(ctx, store.Credential{Moderator: m.ID, Kind: "password", Secret: []byte{}, Created: now.Add(time.Second)}))(t)
	must(s.SaveCredential(ctx, store.Credential{Moderator: m.ID, Kind: "password", Secret: []byte{}, Created: now.Add(2 * time.Second)}))(t) // no subject: no clash
	_, err = s.SaveCredential(ctx, store.Credential{Moderator: m.ID, Kind: "passkey", Subject: c.Subject, Created: now})
	wantErr(t, err, store.ErrExists)
	c.Secret, c.Used = []byte{2}, now
	must(s.SaveCredential(ctx, c))(t)
	equal(t, must(s.CredentialBySubject(ctx, "passkey", c.Subject))(t), c)
	_, err = s.CredentialBySubject(ctx, "password", "")
	wantErr(t, err, store.ErrNotFound)
	ok(t, s.DeleteCredential(ctx, password.ID))
	wantErr(t, s.DeleteCredential(ctx, password.ID), store.ErrNotFound)
	if got := must(s.Credentials(ctx, m.ID))(t); len(got) != 2 || got[0].ID != c.ID {
		t.Errorf("credentials: %v", got)
	}

	session := store.ModeratorSession{ID: id(), Moderator: m.ID, Created: now, Seen: now, Expires: now.Add(time.Hour), Detail: json.RawMessage(`{"csrf":"d"}`)}
	ok(t, s.SaveModeratorSession(ctx, session))
	session.Seen = now.Add(time.Minute)
	ok(t, s.SaveModeratorSession(ctx, session))
	equal(t, must(s.ModeratorSession(ctx, session.ID, now))(t), session)
	_, err = s.ModeratorSession(ctx, session.ID, session.Expires)
	wantErr(t, err, store.ErrNotFound)
	second := session
	second.ID = id()
	ok(t, s.SaveModeratorSession(ctx, second))
	ok(t, s.DeleteModeratorSession(ctx, second.ID))
	_, err = s.ModeratorSession(ctx, second.ID, now)
	wantErr(t, err, store.ErrNotFound)
	ok(t, s.DeleteModeratorSessions(ctx, m.ID))
	_, err = s.ModeratorSession(ctx, session.ID, now)
	wantErr(t, err, store.ErrNotFound)
}
