package app_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	otlp "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"passerby/internal/app"
	"passerby/internal/boards"
	"passerby/internal/testenv"
)

// toldSpan is a span with the node that told of it.
type toldSpan struct {
	*otlp.Span
	node string
}

// collect is an OTLP receiver.
func collect(t *testing.T) (url string, spans <-chan toldSpan) {
	t.Helper()
	got := make(chan toldSpan, 100)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var data otlp.TracesData
		if err := proto.Unmarshal(b, &data); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		for _, rs := range data.GetResourceSpans() {
			node := ""
			for _, a := range rs.GetResource().GetAttributes() {
				if a.GetKey() == "service.instance.id" {
					node = a.GetValue().GetStringValue()
				}
			}
			for _, one := range rs.GetScopeSpans()[0].GetSpans() {
				got <- toldSpan{one, node}
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

// Two strangers on two nodes have a call. One trace tells of it, with the spans of both nodes; the histograms point at it;
// and every metric and label of the dashboard is one that these nodes have.
func TestSight(t *testing.T) {
	redis, dir := testenv.Redis(t), t.TempDir()
	collector, spans := collect(t)
	admins := [2]string{testenv.FreeAddr(t), testenv.FreeAddr(t)}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var people [2]*caller
	for i, name := range []string{"one", "two"} {
		n := startNode(t, redis, dir, name, "--admin", admins[i], "--trace-endpoint", collector, "--trace-share", "1", "--node-id", name)
		people[i] = arrive(t, ctx, n)
	}
	ann, bob := people[0], people[1]
	done := make(chan struct{})
	go func() {
		defer close(done)
		ann.meet(t)
	}()
	bob.meet(t)
	<-done
	if t.Failed() {
		t.FailNow()
	}
	for _, c := range people {
		if err := c.Keyed(c.matched.Match); err != nil {
			t.Fatal(err)
		}
	}
	bob.sees(t, ctx, ann, "ann's face")
	ann.sees(t, ctx, bob, "bob's face")
	for _, c := range people {
		if err := c.Shown(c.matched.Match, 3, 5); err != nil {
			t.Fatal(err)
		}
	}

	trace, names, nodes, parents := "", map[string]int{}, map[string]bool{}, map[string]bool{}
	var all []toldSpan
	for want := 13; len(all) < want; { // 6 of each side, and one of both
		select {
		case s := <-spans:
			all = append(all, s)
		case <-ctx.Done():
			t.Fatalf("only %d spans came: %v", len(all), names)
		}
		s := all[len(all)-1]
		id := hex.EncodeToString(s.GetTraceId())
		if trace == "" {
			trace = id
		}
		if id != trace {
			t.Errorf("%q is of another trace", s.GetName())
		}
		names[s.GetName()]++
		nodes[s.node] = true
		parents[string(s.GetSpanId())] = true
		for _, a := range s.GetAttributes() {
			if !strings.HasPrefix(a.GetKey(), "passerby.") || regexp.MustCompile(`\d+\.\d+\.\d+\.\d+|p256:|x25519:`).MatchString(a.GetValue().GetStringValue()) {
				t.Errorf("%q tells %v", s.GetName(), a)
			}
		}
	}
	for _, s := range all {
		if p := s.GetParentSpanId(); len(p) > 0 && !parents[string(p)] {
			t.Errorf("%q has a parent that is not there", s.GetName())
		}
	}
	if !nodes["one"] || !nodes["two"] || names["match"] != 1 || names["side"] != 2 || names["link setup"] != 2 || names["first frame"] != 2 {
		t.Errorf("nodes %v, spans %v", nodes, names)
	}

	there := scraped(t, admins[0])
	for name, labels := range scraped(t, admins[1]) {
		if there[name] == nil {
			there[name] = labels
		}
	}
	c := local(t)
	c.Redis, c.DataDir, c.ReportMedia, c.Text.Encryption = redis, dir, 10, "off"
	c.Events.WebhookURL, c.Events.WebhookSecret, c.Events.WebhookPrivate = "http://127.0.0.1:9/", "whsec_"+strings.Repeat("c2Vj", 8), true // nobody is there
	s, err := app.Start(c, &log{})
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	for name, labels := range s.Metrics() {
		for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
			if there[name+suffix] == nil {
				there[name+suffix] = map[string]bool{"instance": true, "le": true}
			}
			for _, l := range labels {
				there[name+suffix][l] = true
			}
		}
	}
	metric, by := regexp.MustCompile(`(\w+)\{instance=~"\$instance"([^}]*)\}`), regexp.MustCompile(`by \(([^)]*)\)|\{\{(\w+)\}\}`)
	for _, row := range boards.Rows() {
		for _, p := range row.Panels {
			for _, q := range p.Queries {
				found := metric.FindAllStringSubmatch(q.Expr, -1)
				if len(found) == 0 {
					t.Errorf("%q: no metric of the chosen nodes in %s", p.Title, q.Expr)
				}
				for _, m := range found {
					if there[m[1]] == nil {
						t.Errorf("%q: no node has the metric %s", p.Title, m[1])
						continue
					}
					for _, l := range by.FindAllStringSubmatch(q.Expr+q.Legend, -1) {
						for name := range strings.SplitSeq(l[1]+l[2], ", ") {
							if !there[m[1]][name] {
								t.Errorf("%q: %s has no label %s", p.Title, m[1], name)
							}
						}
					}
				}
			}
		}
	}

	// OpenMetrics carries the exemplars.
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admins[0]+"/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(answer.Body)
	if !strings.Contains(string(text), fmt.Sprintf(`# {trace_id="%s"}`, trace)) {
		t.Error("no histogram points at the trace")
	}
}
