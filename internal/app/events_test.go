package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"passerby/internal/stack"
	"passerby/internal/store/sqlite"
	"passerby/internal/testenv"
)

// told is what a receiver of webhooks has heard.
type told struct {
	ID, Type string
	Data     struct {
		Match string
		Users []string
	}
}

type receiver struct {
	srv *httptest.Server

	mu  sync.Mutex // guards got
	got []told
}

// open starts the receiver at an address that nobody served before.
func (r *receiver) open(t *testing.T, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	r.srv = &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		var e told
		if err := json.Unmarshal(body, &e); err != nil || e.ID != req.Header.Get("webhook-id") {
			t.Errorf("heard %s, %v", body, err)
		}
		r.mu.Lock()
		r.got = append(r.got, e)
		r.mu.Unlock()
	})}}
	r.srv.Start()
	t.Cleanup(r.srv.Close)
}

func (r *receiver) heard(kind string) func() bool {
	return func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.ContainsFunc(r.got, func(e told) bool { return e.Type == kind })
	}
}

func webhookSecret() string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
}

// A node that is killed between the commit and the delivery loses nothing: the next life of it tells.
func TestAKilledNodeLosesNoEvent(t *testing.T) {
	redis, dir := testenv.Redis(t), t.TempDir()
	hook, err := stack.FreeAddr("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--webhook-url", "http://" + hook + "/hook", "--webhook-secret", webhookSecret(), "--webhook-private", "--webhook-events", "match,report,ban"}
	node := startNode(t, redis, dir, "n1", flags...)
	a, b := enter(t, "http://"+node.Addr, "ada"), enter(t, "http://"+node.Addr, "bob")
	meet(t, a, b)
	first := read(a, func() string { return a.match.Match })
	// It is in the database, and cannot be told: nobody listens there.
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "passerby.db"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	waits := func() bool {
		b, err := db.EventBacklog(t.Context(), "webhook")
		return err == nil && b.Waiting > 0
	}
	waitFor(t, "an event that waits", waits)
	node.Kill()
	if !waits() {
		t.Fatal("the event is gone with the process")
	}
	var r receiver
	r.open(t, hook)
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "match.started", r.heard("match.started"))
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.got[0]; e.Data.Match != first || e.ID != first+".started" || len(e.Data.Users) != 2 {
		t.Errorf("heard %+v, want the match %s", e, first)
	}
}
