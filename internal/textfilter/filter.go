package textfilter

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const mostAsked = 512

// Config says how texts are judged. Without Words and URL all pass.
type Config struct {
	Words        []string
	URL          string        // of the service; empty: none
	Secret       string        // whsec_ and base64 of 24 to 64 bytes
	AllowPrivate bool          // the URL may lead to a private address
	Timeout      time.Duration // of one question (1 s)
	FailOpen     bool          // what the service does not judge is delivered
	Logger       *slog.Logger
	Registerer   prometheus.Registerer // may be nil
}

// Text is what somebody wants to say.
type Text struct {
	Match, User, Session string
	N                    uint64
	Text                 string
}

// Verdict is what becomes of a text.
type Verdict int

// The verdicts.
const (
	Passes Verdict = iota
	Refused
	Unchecked // the service does not answer, and nothing passes unchecked
)

// Filter judges.
type Filter struct {
	cfg     Config
	words   *words
	service *service
	verdict *prometheus.CounterVec
	seconds prometheus.Histogram
	ill     atomic.Bool // the service did not answer last time, which was said
}

// New makes a filter.
func New(c Config) (*Filter, error) {
	if c.Timeout == 0 {
		c.Timeout = time.Second
	}
	f := &Filter{cfg: c, words: newWords(c.Words)}
	f.verdict = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "passerby_text_filter_total", Help: "Texts judged, by outcome: passed, words, service, unanswered."}, []string{"outcome"})
	f.seconds = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "passerby_text_filter_seconds", Help: "How long the service took to judge a text.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 10)})
	if c.URL != "" {
		var err error
		if f.service, err = newService(c); err != nil {
			return nil, err
		}
	}
	if c.Registerer != nil {
		c.Registerer.MustRegister(f.verdict, f.seconds)
	}
	return f, nil
}

// Judge says what becomes of a text. It takes as long as the configured time-out at most.
func (f *Filter) Judge(ctx context.Context, t Text) Verdict {
	if f.words.in(t.Text) {
		f.verdict.WithLabelValues("words").Inc()
		return Refused
	}
	if f.service == nil {
		f.verdict.WithLabelValues("passed").Inc()
		return Passes
	}
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	began := time.Now()
	deliver, err := f.service.ask(ctx, question{"text.check", t.Match, t.User, t.Session, t.N, t.Text})
	f.seconds.Observe(time.Since(began).Seconds())
	f.tell(err)
	switch {
	case err != nil:
		f.verdict.WithLabelValues("unanswered").Inc()
		if f.cfg.FailOpen {
			return Passes
		}
		return Unchecked
	case deliver:
		f.verdict.WithLabelValues("passed").Inc()
		return Passes
	}
	f.verdict.WithLabelValues("service").Inc()
	return Refused
}

// tell says once that the service is ill, and once that it is well again.
func (f *Filter) tell(err error) {
	if was := f.ill.Swap(err != nil); was == (err != nil) || f.cfg.Logger == nil {
		return
	}
	switch {
	case err == nil:
		f.cfg.Logger.Info("text filter: the service answers again")
	case f.cfg.FailOpen:
		f.cfg.Logger.Warn("text filter: the service does not answer: texts are delivered unchecked, as text-filter-failure says", "err", err)
	default:
		f.cfg.Logger.Warn("text filter: the service does not answer: texts are refused, as text-filter-failure says", "err", err)
	}
}
