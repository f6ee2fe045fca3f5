package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"passerby/client"
	"passerby/internal/app"
	"passerby/internal/identity"
	"passerby/internal/store"
	"passerby/internal/testenv"
	"passerby/signaling/protocol"
)

// data asks for one's own data; the answer is the status and the body.
func (d *device) data(verb string, req protocol.DataRequest) (int, string) {
	d.t.Helper()
	b, _ := json.Marshal(req)
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.base+"/v1/data/"+verb, bytes.NewReader(b))
	if err != nil {
		d.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

// A person gets what is stored of him, nobody else's, and has it deleted; what protects others stays, and he is told.
func TestOwnData(t *testing.T) {
	s, base := start(t, behindProxy(t))
	db := s.Store()
	me, you := newDevice(t, base, ""), newDevice(t, base, "")
	ctx := t.Context()
	mine, yours := user(t, me.ask().Token), user(t, you.ask().Token)
	now := time.Now()
	save := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	save(nil, db.SaveChats(ctx, []store.Chat{{ID: "m1", Mode: "text", Started: now, Ended: now, Reason: "left", Users: [2]string{mine, yours}, Sessions: [2]string{"a", "b"}}}))
	save(nil, db.SaveBlock(ctx, store.Block{User: mine, Other: yours, At: now}))
	save(db.SaveReport(ctx, store.Report{At: now, Match: "m1", Reporter: yours, Reported: mine, Reason: "hate", Comment: "his own words"}))
	save(db.SaveNotice(ctx, store.Notice{User: mine, At: now, Reason: "hate", Message: "Be kind."}))

	status, body := me.data("export", protocol.DataRequest{Device: me.signFor(identity.ForExport)})
	if status != http.StatusOK || !strings.Contains(body, `"m1"`) || !strings.Contains(body, "Be kind.") {
		t.Fatalf("export: %d %s", status, body)
	}
	for _, private := range []string{yours + `"],"Sess`, "his own words", `"b"`} {
		if strings.Contains(body, private) {
			t.Errorf("the export holds what is not his: %s", private)
		}
	}
	if _, body := you.data("export", protocol.DataRequest{Device: you.signFor(identity.ForExport)}); strings.Contains(body, "Be kind.") {
		t.Error("somebody else gets it")
	}

	// A signature for a session, or for an export, deletes nothing; none counts twice; without confirmation nothing happens.
	once := me.signFor(identity.ForDelete)
	for name, req := range map[string]protocol.DataRequest{
		"for a session": {Device: me.sign(now), Confirm: "delete"}, "for an export": {Device: me.signFor(identity.ForExport), Confirm: "delete"},
		"unconfirmed": {Device: once}, "unsigned": {Confirm: "delete"}, "for another host": {Device: elsewhere(me), Confirm: "delete"},
	} {
		if status, body := me.data("delete", req); status == http.StatusOK || strings.Contains(body, "Be kind") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if chat, err := db.Chat(ctx, "m1"); err != nil || chat.Users[0] != mine {
		t.Fatalf("deleted without a right to: %+v, %v", chat, err)
	}
	status, body = me.data("delete", protocol.DataRequest{Device: once, Confirm: "delete"})
	var told protocol.DeleteAnswer
	if err := json.Unmarshal([]byte(body), &told); err != nil || status != http.StatusOK {
		t.Fatalf("delete: %d %s", status, body)
	}
	if want := (protocol.DeleteAnswer{Deleted: protocol.DeletedData{Chats: 1, Blocks: 1, Warnings: 1}, Kept: protocol.KeptData{Reports: 1}}); told != want {
		t.Errorf("told %+v, want %+v", told, want)
	}
	if status, _ := me.data("delete", protocol.DataRequest{Device: once, Confirm: "delete"}); status != http.StatusUnauthorized {
		t.Errorf("the same signature again: %d", status)
	}
	if chat, err := db.Chat(ctx, "m1"); err != nil || chat.Users != [2]string{"", yours} {
		t.Errorf("the chat of the other: %+v, %v", chat, err)
	}
	if log, err := db.AuditLog(ctx, 0, 10); err != nil || !slices.ContainsFunc(log, func(e store.AuditEntry) bool { return e.Action == "user.delete" && e.Actor == "user" }) {
		t.Errorf("audit log: %+v, %v", log, err)
	}
}

// Deleted on one node, a person is in no talk on another either.
func TestDeletionReachesOtherNodes(t *testing.T) {
	redis, database, dir := testenv.Redis(t), testenv.StartPostgres(t).URL(), t.TempDir()
	var out bytes.Buffer
	if code := app.Main(t.Context(), []string{"migrate", "up", "--database", database}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	one := "http://" + startNode(t, redis, dir, "one", "--database", database).Addr
	two := "http://" + startNode(t, redis, dir, "two", "--database", database).Addr
	key := newKey(t)
	me, you := come(t, client.Config{URL: two, Device: key}), come(t, client.Config{URL: one, Device: newKey(t)})
	pair(t, me, you)
	waitFor(t, "node one to know of node two", func() bool { return stats(t, one).Online == 2 })
	asked := &device{t, one, key, ""}
	if status, body := asked.data("delete", protocol.DataRequest{Device: asked.signFor(identity.ForDelete), Confirm: "delete"}); status != http.StatusOK {
		t.Fatalf("delete: %d %s", status, body)
	}
	var why *protocol.Error
	if e := hears[client.Failed](t, me); !errors.As(e.Err, &why) || why.Code != protocol.Replaced {
		t.Errorf("the session on the other node ended with %v", e.Err)
	}
	hears[client.Ended](t, you)
}
