package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerby/internal/store"
)

// Database is a Store under test.
type Database struct {
	Store store.Store
	// Exec runs a statement behind the Store's back.
	Exec func(statement string) error
}

// Run tests an empty Database.
func Run(t *testing.T, db Database) {
	for name, test := range map[string]func(*testing.T, Database){
		"chats": chats, "users": users, "forgetting": forgetting, "blocks": blocks, "reports": reports, "report lists": reportLists,
		"bans": bans, "appeals": appeals, "moderators": moderators, "transactions": transactions, "purge": purge, "paging": paging, "strange text": strangeText,
		"claims": claims, "reopening": reopening, "seen sessions": seenSessions, "notices": notices,
		"outbox": outbox, "many relays": manyRelays,
	} {
		t.Run(name, func(t *testing.T) { test(t, db) })
	}
	t.Run("audit", func(t *testing.T) { audit(t, db) }) // last: it leaves the log broken
}

// now is a time as the Store keeps it: whole milliseconds, UTC.
var now = time.Date(2026, 11, 30, 12, 0, 0, 5e6, time.UTC)

func id() string { return rand.Text() }

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func equal[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

func transactions(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	a, b := id(), id()
	boom := errors.New("boom")
	err := s.Within(ctx, func(tx store.Store) error {
		ok(t, tx.SaveBlock(ctx, store.Block{User: a, Other: b, At: now}))
		if n := len(must(tx.BlocksOf(ctx, a))(t)); n != 1 {
			t.Errorf("a transaction sees %d of its own rows, want 1", n)
		}
		return boom
	})
	wantErr(t, err, boom)
	if n := len(must(s.BlocksOf(ctx, a))(t)); n != 0 {
		t.Errorf("a transaction that failed left %d rows", n)
	}
	ok(t, s.Within(ctx, func(tx store.Store) error {
		return errors.Join(tx.SaveBlock(ctx, store.Block{User: a, Other: b, At: now}), tx.SaveBlock(ctx, store.Block{User: b, Other: a, At: now}))
	}))
	if n := len(must(s.BlocksOf(ctx, a))(t)); n != 2 {
		t.Errorf("a transaction left %d rows, want 2", n)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.SaveBlock(over, store.Block{User: a, Other: id(), At: now}); !errors.Is(err, context.Canceled) {
		t.Errorf("a call whose context is over: %v", err)
	}
	ok(t, s.Ping(ctx))
}

// paging: a list in pages is the list, also when many rows are of the same moment.
func paging(t *testing.T, db Database) {
	ctx, s, user := t.Context(), db.Store, id()
	var all []store.Chat
	for i := range 23 {
		all = append(all, store.Chat{ID: id(), Mode: "text", Started: now.Add(time.Duration(i/5) * time.Second), Users: [2]string{user, id()}, Sessions: [2]string{id(), id()}})
	}
	ok(t, s.SaveChats(ctx, all))
	whole := must(s.ChatsOf(ctx, user, store.Page{Limit: 100}))(t)
	var pages []store.Chat
	for page := (store.Page{Limit: 7}); ; {
		part := must(s.ChatsOf(ctx, user, page))(t)
		if pages = append(pages, part...); len(part) < page.Limit {
			break
		}
		page.Before = part[len(part)-1].ID
	}
	if len(whole) != len(all) {
		t.Fatalf("%d chats, want %d", len(whole), len(all))
	}
	equal(t, pages, whole)
}

// strangeText goes in and comes out as it is, and does nothing else.
func strangeText(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	for _, text := range []string{"", "'; DROP TABLE chats; --", `\`, "?", "$1", "\u202e\u200b", "𝔘\U0001F468\u200d\U0001F469", "%_", "\"[]\"", "<script>"} {
		b := must(s.SaveBan(ctx, store.Ban{User: id(), Reason: text, Message: text, CIDR: text, At: now, Exempt: []string{text, "x"}}))(t)
		equal(t, must(s.Ban(ctx, b.ID))(t), b)
	}
}
