package boards_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"passerby/internal/boards"
)

var update = flag.Bool("update", false, "write the dashboard")

const file = "../../deploy/grafana/passerby.json"

func TestFileIsFresh(t *testing.T) {
	want, err := boards.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil { //nolint:gosec // for everybody to read
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s is old (%v): run go test ./internal/boards -update", file, err)
	}
}

// Every panel says what it shows in which unit, no two have one title, and Prometheus's own parser takes every query.
func TestPanels(t *testing.T) {
	type rule struct{ Record, Expr string }
	var rules []rule
	titles := map[string]bool{}
	for _, row := range boards.Rows() {
		for _, p := range row.Panels {
			if p.Text == "" || p.Unit == "" || len(p.Queries) == 0 || titles[p.Title] {
				t.Errorf("%q lacks a text, a unit, a query, or a title of its own", p.Title)
			}
			titles[p.Title] = true
			for _, q := range p.Queries {
				rules = append(rules, rule{"a:b", strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(q.Expr)})
				if len(p.Queries) > 1 && q.Legend == "" {
					t.Errorf("%q: a query without a legend", p.Title)
				}
			}
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is missing: scripts/test-deps.sh installs it")
	}
	b, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "g", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", "--lint=none", name).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Whoever is woken by an alert finds a line that says what to do.
func TestAlertsAreInTheDocs(t *testing.T) {
	rules, err := os.ReadFile("../../deploy/prometheus/passerby.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllSubmatch(rules, -1)
	if len(alerts) < 10 {
		t.Fatalf("%d alerts, want them all", len(alerts))
	}
	for _, a := range alerts {
		if !bytes.Contains(docs, fmt.Appendf(nil, "| `%s` | ", a[1])) {
			t.Errorf("docs/operations.md does not say what to do when %s comes", a[1])
		}
	}
}

// The rules are well-formed and do what their tests say.
func TestRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is missing: scripts/test-deps.sh installs it")
	}
	for _, args := range [][]string{{"check", "rules", "passerby.rules.yml"}, {"test", "rules", "passerby.test.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = "../../deploy/prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
