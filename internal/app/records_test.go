package app_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"passerby/client"
	"passerby/internal/app"
	"passerby/internal/store"
	"passerby/internal/testenv"
)

// TestWhatIsKeptOfAChat: when it was, how it ended and what both liked; not what was said, nor what only one named.
func TestWhatIsKeptOfAChat(t *testing.T) {
	c := local(t)
	s, end := lives(t, c)
	key := newKey(t)
	const said = "meet me at the old mill"
	var kept []store.Chat
	for _, story := range []struct {
		reason string
		end    func(a *client.Client, match string) error
	}{
		{"left", func(a *client.Client, _ string) error { return a.Leave() }},
		{"next", func(a *client.Client, _ string) error { return a.Next() }},
		{"blocked", (*client.Client).Block},
	} {
		a := come(t, client.Config{URL: s.URL(), Device: key}) // anew: of what the one before asked for, something may be under way
		b := come(t, client.Config{URL: s.URL(), Device: newKey(t)})
		before := time.Now()
		if looks(t, a, "go", "chess", "onlyanns") != nil {
			t.Fatal("somebody is there")
		}
		m := looks(t, b, "onlybens", "chess", "go")
		if m == nil {
			met := hears[client.Matched](t, b)
			m = &met
		}
		hears[client.Matched](t, a)
		says(t, a, b, said)
		running := eventually(t, func() (store.Chat, bool) {
			chat, err := s.Store().Chat(t.Context(), m.Match)
			return chat, err == nil
		})
		if !running.Ended.IsZero() || running.Reason != "" {
			t.Errorf("%s: while it runs: %+v", story.reason, running)
		}
		if err := story.end(a, m.Match); err != nil {
			t.Fatal(err)
		}
		hears[client.Ended](t, b)
		after := time.Now()
		chat := eventually(t, func() (store.Chat, bool) {
			chat, err := s.Store().Chat(t.Context(), m.Match)
			return chat, err == nil && !chat.Ended.IsZero()
		})
		slices.Sort(chat.Tags)
		if chat.Mode != "text" || chat.Reason != story.reason || !slices.Equal(chat.Tags, []string{"chess", "go"}) {
			t.Errorf("%s: kept is %+v", story.reason, chat)
		}
		if ms := time.Millisecond; chat.Started.Before(before.Add(-ms)) || chat.Ended.After(after.Add(ms)) || !chat.Ended.After(chat.Started) {
			t.Errorf("%s: from %v to %v, and it was between %v and %v", story.reason, chat.Started, chat.Ended, before, after)
		}
		if u := chat.Users; u[0] == u[1] || u[0] == "" || u[1] == "" || chat.Sessions[0] == chat.Sessions[1] {
			t.Errorf("%s: of %v in %v", story.reason, u, chat.Sessions)
		}
		kept = append(kept, chat)
		a.Close()
		b.Close()
	}
	end()
	for _, chat := range kept[1:] { // somebody who comes with a device is the same person each time
		if users := kept[0].Users; !slices.Contains(users[:], chat.Users[0]) && !slices.Contains(users[:], chat.Users[1]) {
			t.Errorf("one was in %v and in %v", users, chat.Users)
		}
	}
	notIn(t, c.DataDir, said, "onlyanns", "onlybens")
}

// notIn looks through all files, byte by byte.
func notIn(t *testing.T, dir string, words ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(raw, []byte(word)) {
				t.Errorf("%s holds %q", filepath.Base(path), word)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestChatsWhileTheDatabaseIsAway: people meet and talk; what happened is written when it is back, but for what was more than is held: that
// is counted.
func TestChatsWhileTheDatabaseIsAway(t *testing.T) {
	postgres := testenv.StartPostgres(t)
	c := local(t)
	c.Database, c.Admin = postgres.URL(), testenv.FreeAddr(t)
	var out bytes.Buffer
	if code := app.Main(t.Context(), []string{"migrate", "up", "--database", c.Database}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	s, base := start(t, c)
	a, b := come(t, client.Config{URL: base, Device: newKey(t)}), come(t, client.Config{URL: base, Device: newKey(t)})
	chat := func(who *client.Client) string {
		t.Helper()
		match := pair(t, a, who)
		says(t, a, who, "hello")
		says(t, who, a, "hello to you")
		if err := a.Leave(); err != nil {
			t.Fatal(err)
		}
		hears[client.Ended](t, who)
		return match
	}
	written := func(match string) store.Chat {
		t.Helper()
		return eventually(t, func() (store.Chat, bool) {
			chat, err := s.Store().Chat(t.Context(), match)
			return chat, err == nil && !chat.Ended.IsZero()
		})
	}
	written(chat(b))
	if n := dropped(t, c.Admin, "chat"); n != 0 {
		t.Fatalf("%d dropped before anything was away", n)
	}

	postgres.Kill()
	held := chat(come(t, client.Config{URL: base, Device: newKey(t)})) // a new session, too
	for i := range app.RecordsHeld {
		s.Note(store.Chat{ID: fmt.Sprintf("filler-%d", i), Mode: "text", Started: time.Now()})
	}
	over := dropped(t, c.Admin, "chat")
	if over < 2 || over > 4 { // the beginning and the ends of the chat before take room; of the first chat one end may wait, too
		t.Errorf("%d dropped, of %d and a chat", over, app.RecordsHeld)
	}
	chat(come(t, client.Config{URL: base, Device: newKey(t)}))
	eventually(t, func() (int, bool) { n := dropped(t, c.Admin, "chat"); return n, n >= over+3 }) // a beginning, and an end from either side

	postgres.Start()
	if kept := written(held); kept.Reason != "left" {
		t.Errorf("%+v", kept)
	}
	if n := dropped(t, c.Admin, "chat"); n > over+4 {
		t.Errorf("%d dropped in the end, and %d before the last chat", n, over)
	}
}

// dropped is the count of records that were not kept.
func dropped(t *testing.T, admin, kind string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^passerby_records_dropped_total\{kind="` + kind + `"\} (\d+)$`).FindStringSubmatch(scrape(t, admin))
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}
