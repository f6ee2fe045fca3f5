package trace_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"passerby/internal/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector takes spans as an OTLP receiver does. The first answers are those in first.
func collector(t *testing.T, first ...int) (url string, spans <-chan *otlp.Span) {
	t.Helper()
	got := make(chan *otlp.Span, 1000)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(first) > 0 {
			w.WriteHeader(first[0])
			first = first[1:]
			return
		}
		b, _ := io.ReadAll(r.Body)
		var data otlp.TracesData
		if err := proto.Unmarshal(b, &data); err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", r.URL, r.Header, err)
		}
		for _, rs := range data.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				for _, s := range ss.GetSpans() {
					got <- s
				}
			}
		}
	}))
	t.Cleanup(h.Close)
	return h.URL, got
}

func run(t *testing.T, s *trace.Sender) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	}
}

// Both sides of a match, told to two nodes, make one trace: each span has its parent, times are in order, and nothing
// but the fixed attributes goes out.
func TestTwoNodesMakeOneTrace(t *testing.T) {
	url, got := collector(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ms := func(n int) time.Time { return at.Add(time.Duration(n) * time.Millisecond) }
	for i := range 2 {
		s, err := trace.New(trace.Config{Endpoint: url, Share: 1, Node: fmt.Sprint("n", i), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, s)
		side := trace.Side{
			Match: "m1", Mode: "video", Pool: "adults", Initiator: i == 0, Across: true, Offered: ms(-500), Answered: ms(-480),
			Asked: ms(0), Matched: ms(700), Routed: ms(701), Fed: ms(720), Opened: ms(760), Shown: ms(900), First: 190 * time.Millisecond, Next: 899 * time.Millisecond,
		}
		s.Tell(side)
		stop() // sends what is left
	}
	byID, names := map[string]*otlp.Span{}, map[string]int{}
	for len(got) > 0 {
		s := <-got
		byID[hex.EncodeToString(s.GetSpanId())] = s
		names[s.GetName()]++
		if id := trace.TraceID("m1"); string(s.GetTraceId()) != string(id[:]) {
			t.Errorf("%s is of another trace", s.GetName())
		}
	}
	want := map[string]int{"match": 1, "side": 2, "offer/answer": 2, "queue wait": 2, "link setup": 2, "key frame": 2, "first frame": 2}
	for name, n := range want {
		if names[name] != n {
			t.Errorf("%d spans %q, want %d", names[name], name, n)
		}
	}
	parents := map[string]string{"match": "", "side": "match", "offer/answer": "side", "queue wait": "side", "link setup": "side", "key frame": "side", "first frame": "side"}
	for _, s := range byID {
		if parent := byID[hex.EncodeToString(s.GetParentSpanId())]; parent.GetName() != parents[s.GetName()] {
			t.Errorf("the parent of %q is %q", s.GetName(), parent.GetName())
		}
		if s.GetEndTimeUnixNano() < s.GetStartTimeUnixNano() {
			t.Errorf("%q ends before it begins", s.GetName())
		}
	}
}

// What is not known makes no span, and an old connection is none of this match.
func TestUnknownTimes(t *testing.T) {
	url, got := collector(t)
	s, err := trace.New(trace.Config{Endpoint: url, Share: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, s)
	now := time.Now()
	s.Tell(trace.Side{Match: "m", Offered: now.Add(-time.Hour), Answered: now.Add(-time.Hour), Matched: now, Shown: now.Add(time.Second)})
	stop()
	if one := <-got; one.GetName() != "side" || len(got) != 0 {
		t.Errorf("%q and %d more", one.GetName(), len(got))
	}
}

// A collector that is busy is asked again; one that refuses is not, and nobody waits for either.
func TestCollectorIsBusy(t *testing.T) {
	url, got := collector(t, http.StatusServiceUnavailable)
	s, err := trace.New(trace.Config{Endpoint: url, Share: 1, Again: time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, s)()
	now := time.Now()
	s.Tell(trace.Side{Match: "m", Matched: now, Shown: now})
	if one := <-got; one.GetName() != "side" {
		t.Error(one)
	}
}

// About the share that is asked for is sampled, by all nodes the same, and none of none.
func TestShare(t *testing.T) {
	for _, share := range []float64{0, .1, 1} {
		s, _ := trace.New(trace.Config{Endpoint: "http://localhost", Share: share})
		n := 0
		for i := range 10_000 {
			if s.Sampled(fmt.Sprint("match", i)) != "" {
				n++
			}
		}
		if low, high := share*10_000-300, share*10_000+300; float64(n) < low || float64(n) > high || share == 0 && n != 0 {
			t.Errorf("%v: %d of 10,000", share, n)
		}
	}
	var off *trace.Sender
	if off.Sampled("m") != "" {
		t.Error("sampled while off")
	}
	off.Tell(trace.Side{Match: "m"})
}

func TestParseEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"http://collector:4318": "http://collector:4318/v1/traces", "https://x/otlp/v1/traces": "https://x/otlp/v1/traces",
		"collector:4318": "", "http://u:p@x": "", "ftp://x": "", "": "", "http://x/?key=1": "",
	} {
		got, err := trace.ParseEndpoint(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
