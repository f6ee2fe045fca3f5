package console_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"passerby/internal/staff"
	"passerby/internal/store"
)

type act map[string]any

// A case from the report to the answered appeal, as the page asks for it.
func TestACase(t *testing.T) {
	w := newWorld(t)
	ann, annID := w.member("ann", staff.Moderator, staff.Full)
	bob, _ := w.member("bob", staff.Moderator, staff.Full)
	r := w.reported("eve", "vic")
	if err := w.db.SaveUsers(t.Context(), []store.User{{ID: "eve", First: w.now, Last: w.now, Narrow: "n1", Wide: "n2", Seen: w.now}}); err != nil {
		t.Fatal(err)
	}

	var q struct {
		Cases []struct{ Person, ClaimedBy string }
	}
	ann.must("GET", "/queue", nil, &q)
	if len(q.Cases) != 1 || q.Cases[0].Person != "eve" {
		t.Fatalf("queue %+v", q)
	}
	ann.must("POST", "/people/eve/claim", struct{}{}, nil)
	if code := bob.fails("POST", "/people/eve/claim", struct{}{}); code != "claimed" {
		t.Errorf("a second claim: %s", code)
	}
	ban := act{"kind": "ban", "reports": []string{r.ID}, "reason": "threat", "message": "You threatened somebody.", "note": "", "days": 7, "device": true, "range": "narrow"}
	if code := bob.fails("POST", "/people/eve/decide", ban); code != "claimed" {
		t.Errorf("deciding what another has: %s", code)
	}
	byDevice := maps.Clone(ban)
	byDevice["range"] = ""
	if code := ann.fails("POST", "/people/mallory/decide", byDevice); code != "bad_request" {
		t.Errorf("a report of somebody else: %s", code)
	}
	var out struct{ Ban, Undo string }
	ann.must("POST", "/people/eve/decide", ban, &out)
	if code := ann.fails("POST", "/people/eve/decide", ban); code != "decided" {
		t.Errorf("deciding twice: %s", code)
	}
	kept, err := w.db.Ban(t.Context(), out.Ban)
	if err != nil || kept.User != "eve" || kept.Network != "n1" || kept.By != annID || !kept.Until.Equal(w.now.AddDate(0, 0, 7)) {
		t.Fatalf("ban %+v, %v", kept, err)
	}

	// Back within the minute, by whoever decided.
	if code := bob.fails("POST", "/undo", act{"undo": out.Undo}); code != "too_late" {
		t.Errorf("another's undo: %s", code)
	}
	ann.must("POST", "/undo", act{"undo": out.Undo}, nil)
	if kept, _ = w.db.Ban(t.Context(), out.Ban); kept.Active(w.now) {
		t.Error("the ban holds after the undo")
	}
	w.now = w.now.Add(time.Second)
	ann.must("POST", "/people/eve/decide", ban, &out)
	w.now = w.now.Add(61 * time.Second)
	if code := ann.fails("POST", "/undo", act{"undo": out.Undo}); code != "too_late" {
		t.Errorf("an undo after a minute: %s", code)
	}

	a, err := w.db.SaveAppeal(t.Context(), store.Appeal{Ban: out.Ban, User: "eve", At: w.now, Text: "It was a joke", Status: store.AppealOpen})
	if err != nil {
		t.Fatal(err)
	}
	yes := act{"accept": true, "lift": true, "answer": "Do not joke like that."}
	bobRow, err := w.db.ModeratorByName(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"password", "totp"} { // so that there is a colleague who can sign in
		if _, err := w.db.SaveCredential(t.Context(), store.Credential{Moderator: bobRow.ID, Kind: kind, Created: w.now, Secret: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if code := ann.fails("POST", "/appeals/"+a.ID+"/answer", yes); code != "own_ban" {
		t.Errorf("answering the appeal against one's own ban: %s", code)
	}
	bob.must("POST", "/appeals/"+a.ID+"/answer", yes, nil)
	if code := bob.fails("POST", "/appeals/"+a.ID+"/answer", yes); code != "decided" {
		t.Errorf("answering twice: %s", code)
	}
	if kept, _ = w.db.Ban(t.Context(), out.Ban); kept.Active(w.now) {
		t.Error("the ban holds after the accepted appeal")
	}
	entries, err := w.db.AuditLog(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	for _, e := range entries {
		log = append(log, e.Action)
	}
	if got, want := strings.Join(log, " "), "appeal.answer report.decide report.undo report.decide"; got != want {
		t.Errorf("audit log: %s, want %s", got, want)
	}
	if _, err := w.db.VerifyAudit(t.Context(), store.AuditHead{}); err != nil {
		t.Error(err)
	}
}

func TestEvidenceRunsNothing(t *testing.T) {
	w := newWorld(t)
	ann, _ := w.member("ann", staff.Viewer, staff.Full)
	r := w.reported("eve", "vic")
	full, err := w.db.Report(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"application/octet-stream", "image/png", "application/octet-stream"} {
		if code := ann.ask("GET", "/reports/"+r.ID+"/evidence/"+full.Evidence[i].ID, nil, nil); code != 200 {
			t.Fatal(code)
		}
		h := ann.got.Header()
		if h.Get("Content-Type") != want || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %v", full.Evidence[i].Kind, h)
		}
	}
	var p struct {
		Open []struct {
			Evidence []struct{ Proof, Text string }
		}
	}
	ann.must("GET", "/people/eve", nil, &p)
	if e := p.Open[0].Evidence; e[0].Proof != "proven" || e[0].Text != "<script>alert(1)</script>" || e[1].Proof != "unproven" || e[2].Text != "" {
		t.Errorf("evidence %+v", e)
	}
	if raw := ann.got.Body.String(); strings.Contains(raw, "<script") || !json.Valid([]byte(raw)) {
		t.Error("the JSON could be taken for a page")
	}
	entries, err := w.db.AuditLog(t.Context(), 0, 10)
	if err != nil || len(entries) != 3 || entries[0].Action != "evidence.open" {
		t.Errorf("%d entries for three opened pieces, %v", len(entries), err)
	}
}

func TestABanOfAnUnknownNetwork(t *testing.T) {
	w := newWorld(t)
	ann, _ := w.member("ann", staff.Moderator, staff.Full)
	r := w.reported("eve", "vic")
	code := ann.fails("POST", "/people/eve/decide", act{"kind": "ban", "reports": []string{r.ID}, "reason": "spam", "message": "", "note": "", "days": 1, "device": false, "range": "wide"})
	if code != "no_network" {
		t.Errorf("code %s", code)
	}
	ann.must("POST", "/people/eve/decide", act{"kind": "warn", "reports": []string{r.ID}, "reason": "spam", "message": "Stop.", "note": "", "days": 0, "device": false, "range": ""}, nil)
	if n, err := w.db.Notices(t.Context(), "eve"); err != nil || len(n) != 1 || n[0].Message != "Stop." {
		t.Errorf("notices %v, %v", n, err)
	}
}
