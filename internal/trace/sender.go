package trace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	otlp "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	waiting  = 4096            // spans at most that wait
	batch    = 512             // spans at most in one request
	every    = 2 * time.Second // or as soon as a batch is full
	patience = 10 * time.Second
	tries    = 3
)

// Config of a Sender. Registerer may be nil.
type Config struct {
	Endpoint      string  // like http://collector:4318; /v1/traces is added when it names no path
	Share         float64 // of the matches, 0 to 1
	Node, Version string
	Logger        *slog.Logger
	Registerer    prometheus.Registerer
	Again         time.Duration // between two tries (5 s)
}

// ParseEndpoint answers the URL that spans are sent to.
func ParseEndpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("trace: the endpoint must be the URL of an OTLP/HTTP receiver, like http://collector:4318")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces"
	}
	return u.String(), nil
}

// Sender sends spans. A nil Sender sends nothing.
type Sender struct {
	cfg    Config
	url    string
	client *http.Client
	spans  chan *otlp.Span
	count  *prometheus.CounterVec // outcome
}

// New makes a sender; it sends in Run.
func New(c Config) (*Sender, error) {
	to, err := ParseEndpoint(c.Endpoint)
	if err != nil {
		return nil, err
	}
	if c.Again == 0 {
		c.Again = 5 * time.Second
	}
	s := &Sender{
		cfg: c, url: to, client: &http.Client{Timeout: patience}, spans: make(chan *otlp.Span, waiting),
		count: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "passerby_trace_spans_total", Help: "Spans of traces, by what became of them."}, []string{"outcome"}),
	}
	for _, outcome := range []string{"sent", "dropped", "failed"} {
		s.count.WithLabelValues(outcome)
	}
	if c.Registerer != nil {
		if err := c.Registerer.Register(s.count); err != nil {
			return nil, fmt.Errorf("trace: %w", err)
		}
	}
	return s, nil
}

// Tell adds a side to the trace of its match, if that is sampled. It never blocks.
func (s *Sender) Tell(side Side) {
	if s == nil || !sampled(TraceID(side.Match), s.cfg.Share) {
		return
	}
	for _, one := range spans(side) {
		select {
		case s.spans <- one:
		default:
			s.count.WithLabelValues("dropped").Inc()
		}
	}
}

// Run sends until ctx ends, and then what is left, once.
func (s *Sender) Run(ctx context.Context) error {
	defer s.client.CloseIdleConnections()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var due []*otlp.Span
	for {
		select {
		case one := <-s.spans:
			if due = append(due, one); len(due) < batch {
				continue
			}
		case <-tick.C:
		case <-ctx.Done():
			for len(s.spans) > 0 {
				due = append(due, <-s.spans)
			}
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience/5)
			defer cancel()
			s.deliver(last, due, 1)
			return ctx.Err()
		}
		s.deliver(ctx, due, tries)
		due = nil
	}
}

// deliver sends spans, more than once when that may help.
func (s *Sender) deliver(ctx context.Context, due []*otlp.Span, tries int) {
	if len(due) == 0 {
		return
	}
	var err error
	for try := range tries {
		if try > 0 {
			select {
			case <-time.After(s.cfg.Again):
			case <-ctx.Done():
			}
		}
		var again bool
		if again, err = s.post(ctx, due); err == nil {
			s.count.WithLabelValues("sent").Add(float64(len(due)))
			return
		}
		if !again || ctx.Err() != nil {
			break
		}
	}
	s.count.WithLabelValues("failed").Add(float64(len(due)))
	s.cfg.Logger.Warn("traces are lost: the collector did not take them", "spans", len(due), "error", err)
}

// post sends spans once. again: another try may help (OTLP, "OTLP/HTTP Response").
func (s *Sender) post(ctx context.Context, due []*otlp.Span) (again bool, err error) {
	body, err := proto.Marshal(&otlp.TracesData{ResourceSpans: []*otlp.ResourceSpans{{
		Resource: &resource.Resource{Attributes: []*common.KeyValue{
			text("service.name", "passerby"), text("service.version", s.cfg.Version), text("service.instance.id", s.cfg.Node),
		}},
		ScopeSpans: []*otlp.ScopeSpans{{Scope: &common.InstrumentationScope{Name: "passerby"}, Spans: due}},
	}}})
	if err != nil {
		return false, fmt.Errorf("encode spans: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	answer, err := s.client.Do(r)
	if err != nil {
		return true, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 == 2 {
		return false, nil
	}
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	}
	return again, fmt.Errorf("the collector answered %s", answer.Status)
}
