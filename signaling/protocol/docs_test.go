package protocol_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/signaling/protocol"
)

func reference(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestErrorTableIsThatOfTheReference(t *testing.T) {
	var lines []string
	for _, e := range protocol.Table {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("| `%s` | %d | %s | %s | %s", e.Code, e.HTTP, e.Fatal, e.Again, e.Means))+" |")
	}
	_, rest, ok := strings.Cut(reference(t), "\n## Errors\n")
	_, table, ok2 := strings.Cut(rest, "|---|---|---|---|---|\n")
	if !ok || !ok2 {
		t.Fatal("docs/protocol.md has no table of errors")
	}
	got := strings.Split(strings.TrimSpace(table), "\n")
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("(-code +docs):\n%s", diff)
	}
}

func TestEveryMessageIsInTheReference(t *testing.T) {
	doc := reference(t)
	_, rest, _ := strings.Cut(doc, "### Client → server")
	client, server, _ := strings.Cut(rest, "### Server → client")
	for _, m := range protocol.Client() {
		if !regexp.MustCompile("(?m)^\\| `" + m.Type() + "` \\|").MatchString(client) {
			t.Errorf("docs/protocol.md does not list %s of the client", m.Type())
		}
	}
	for _, m := range protocol.Server() {
		if !strings.Contains(server, "`"+m.Type()+"`") {
			t.Errorf("docs/protocol.md does not list %s of the server", m.Type())
		}
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(client, -1) {
		if _, err := protocol.Parse([]byte(`{"type":"` + match[1] + `"}`)); err != nil && strings.HasPrefix(err.Error(), string(protocol.UnknownType)) {
			t.Errorf("docs/protocol.md lists %s, which is not known", match[1])
		}
	}
}

func TestErrorf(t *testing.T) {
	if e := protocol.Errorf(protocol.Flooding, "x %d", 1).After(1500).Re("7"); !e.Fatal || e.RetryAfterMS != 1 || e.ID != "7" || e.Message != "x 1" {
		t.Errorf("got %+v", e)
	}
	if protocol.Lookup("made up").Code != protocol.Internal {
		t.Error("an unknown code is not looked up as internal")
	}
}
