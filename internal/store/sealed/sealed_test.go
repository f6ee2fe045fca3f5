package sealed_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerby/internal/store"
	"passerby/internal/store/sealed"
	"passerby/internal/store/sqlite"
)

func key(id string, b byte) string {
	return id + ":" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32))
}

func open(t *testing.T) store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func with(t *testing.T, db store.Store, list ...string) store.Store {
	t.Helper()
	keys, err := sealed.ParseKeys(list)
	if err != nil {
		t.Fatal(err)
	}
	return sealed.New(db, keys)
}

func report(match string) store.Report {
	return store.Report{
		At: time.UnixMilli(1e12).UTC(), Match: match, Reporter: "ann", Reported: "bob", Reason: "threat", Comment: "he said secret things", Status: store.ReportOpen,
		Evidence: []store.Evidence{
			{Kind: "message", From: "reported", At: time.UnixMilli(1e12).UTC(), N: 3, Proof: store.Proven, Type: "text/plain", Body: []byte("secret words"), Detail: json.RawMessage(`{"key": "secret"}`)},
			{Kind: "picture", From: "reported", At: time.UnixMilli(1e12).UTC(), Proof: store.Unproven, Type: "image/jpeg", Body: []byte{0xff, 0xd8, 0}},
		},
	}
}

func save(t *testing.T, db store.Store, r store.Report) store.Report {
	t.Helper()
	saved, err := db.SaveReport(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func read(t *testing.T, db store.Store, id string) store.Report {
	t.Helper()
	r, err := db.Report(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is sealed comes back as it was, on every way; in the database nothing of it stands.
func TestSealed(t *testing.T) {
	db := open(t)
	s := with(t, db, key("a", 1))
	saved := save(t, s, report("m"))
	if diff := cmp.Diff(saved, read(t, s, saved.ID)); diff != "" {
		t.Error(diff)
	}
	list, err := s.Reports(t.Context(), store.ReportFilter{Status: store.ReportOpen}, store.Page{})
	if err != nil || len(list) != 1 || list[0].Comment != "he said secret things" {
		t.Errorf("list: %+v, %v", list, err)
	}
	mine, err := s.ExportUser(t.Context(), "ann")
	if err != nil || len(mine.Made) != 1 || string(mine.Made[0].Evidence[0].Body) != "secret words" {
		t.Errorf("export: %+v, %v", mine, err)
	}
	if err := s.Within(t.Context(), func(tx store.Store) error {
		r, err := tx.Report(t.Context(), saved.ID)
		if string(r.Evidence[0].Body) != "secret words" {
			t.Errorf("in a transaction: %+v", r)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	raw := read(t, db, saved.ID)
	all := raw.Comment + string(raw.Evidence[0].Body) + string(raw.Evidence[0].Detail) + string(raw.Evidence[1].Body)
	if strings.Contains(all, "secret") || strings.Contains(all, "\xff\xd8") {
		t.Errorf("in clear: %q", all)
	}
}

// A new key in front, the old one behind; without it a sentence stands there, and nothing is lost.
func TestRotation(t *testing.T) {
	db := open(t)
	clear := save(t, with(t, db), report("clear"))
	old := save(t, with(t, db, key("a", 1)), report("old"))
	both := with(t, db, key("b", 2), key("a", 1))
	fresh := save(t, both, report("fresh"))
	for _, r := range []store.Report{clear, old, fresh} {
		if diff := cmp.Diff(r, read(t, both, r.ID)); diff != "" {
			t.Errorf("%s: %s", r.Match, diff)
		}
	}
	for name, keys := range map[string][]string{"none": nil, "the new one": {key("b", 2)}, "another of that name": {key("a", 3)}} {
		got := read(t, with(t, db, keys...), old.ID)
		for _, said := range []string{got.Comment, string(got.Evidence[0].Body), string(got.Evidence[1].Body)} {
			if !strings.HasPrefix(said, "(sealed") || strings.Contains(said, "secret") {
				t.Errorf("with %s: %q", name, said)
			}
		}
		if got.Evidence[0].Detail != nil || got.Evidence[1].Type != "text/plain" {
			t.Errorf("with %s: %+v", name, got.Evidence)
		}
	}
	if diff := cmp.Diff(old, read(t, both, old.ID)); diff != "" {
		t.Errorf("afterwards: %s", diff)
	}
}

// Evidence is a stranger's: what looks sealed and is not comes back as it was, with keys and without.
func TestWhatOnlyLooksSealed(t *testing.T) {
	for _, keys := range [][]string{nil, {key("a", 1)}} {
		s := with(t, open(t), keys...)
		for i, body := range []string{"\x00pse1", "\x00pse0x", "\x00pse1\x01aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\x00pse", ""} {
			r := report(string(rune('a' + i)))
			r.Comment = "sealed:1:AWFhYWFh"
			r.Evidence[0].Body = []byte(body)
			saved := save(t, s, r)
			got := read(t, s, saved.ID)
			if got.Comment != r.Comment || string(got.Evidence[0].Body) != body {
				t.Errorf("%q: %q, %q", body, got.Comment, got.Evidence[0].Body)
			}
		}
	}
}

// A piece cannot be put in the place of another.
func TestPiecesStayInTheirPlace(t *testing.T) {
	db := open(t)
	s := with(t, db, key("a", 1))
	one := read(t, db, save(t, s, report("one")).ID)
	other := report("two")
	other.Evidence[0].Body = one.Evidence[0].Body // as it lies in the database
	moved := save(t, db, other)                   // behind the seals' back
	if got := read(t, s, moved.ID); !strings.Contains(string(got.Evidence[0].Body), "changed since") {
		t.Errorf("moved: %q", got.Evidence[0].Body)
	}
}

func TestParseKeys(t *testing.T) {
	for _, bad := range [][]string{{"a"}, {"a:"}, {"a:AAAA"}, {key("", 1)}, {key("A", 1)}, {key("a b", 1)}, {key("a", 1), key("a", 2)}, {key(strings.Repeat("a", 33), 1)}} {
		if _, err := sealed.ParseKeys(bad); err == nil || strings.Contains(err.Error(), "AQEB") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("\x00pse1\x01a"), "sealed:1:AWE")
	f.Fuzz(func(t *testing.T, body []byte, comment string) {
		keys, _ := sealed.ParseKeys([]string{key("a", 1)})
		sealed.Open(keys, body, comment)
	})
}
