package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The types of events.
const (
	ReportMade = "report.made"
	BanMade    = "ban.made"
	AppealMade = "appeal.made"
)

// Config says where events go. URL and Secret are required.
type Config struct {
	URL          string // https, or http
	Secret       string // whsec_ and base64 of 24 to 64 bytes
	AllowPrivate bool   // also to addresses that are not public
	Logger       *slog.Logger
	Registerer   prometheus.Registerer // may be nil
	// Waits are the times before each further try; nil: those of the package's documentation.
	Waits []time.Duration
}

const (
	queueMost = 1000
	workers   = 4
	timeout   = 15 * time.Second // of one try
	keyLeast  = 24
)

var usualWaits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour}

// Sender sends events.
type Sender struct {
	cfg    Config
	key    []byte
	client *http.Client
	count  *prometheus.CounterVec

	slots chan struct{} // one for each event that is known
	due   chan event
	now   func() time.Time
}

type event struct {
	id, kind string
	body     []byte
	tries    int
}

// ParseSecret reads a secret in the form of Standard Webhooks.
func ParseSecret(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < keyLeast || len(key) > 64 {
		return nil, errors.New("webhook: the secret must be whsec_ and the base64 of 24 to 64 random bytes, as made by: echo whsec_$(openssl rand -base64 32)")
	}
	return key, nil
}

// ParseURL checks where events shall go.
func ParseURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return errors.New("webhook: the URL must be like https://example.org/path, with no name or password in it")
	}
	return nil
}

// New makes a sender.
func New(c Config) (*Sender, error) {
	key, err := ParseSecret(c.Secret)
	if err != nil {
		return nil, err
	}
	if err := ParseURL(c.URL); err != nil {
		return nil, err
	}
	if c.Waits == nil {
		c.Waits = usualWaits
	}
	s := &Sender{
		cfg: c, key: key, client: client(c.AllowPrivate), now: time.Now, slots: make(chan struct{}, queueMost), due: make(chan event, queueMost),
		count: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "passerby_webhooks_total", Help: "Events for the webhook, by what became of them."}, []string{"outcome"}),
	}
	for _, outcome := range []string{"delivered", "dropped", "given_up", "failed_try"} {
		s.count.WithLabelValues(outcome)
	}
	if c.Registerer != nil {
		if err := c.Registerer.Register(s.count); err != nil {
			return nil, fmt.Errorf("webhook: %w", err)
		}
	}
	return s, nil
}

// Send queues an event; data must be good for JSON. A nil Sender sends nothing.
func (s *Sender) Send(kind string, data any) {
	if s == nil {
		return
	}
	now := s.now().UTC()
	body, err := json.Marshal(map[string]any{"type": kind, "timestamp": now.Format(time.RFC3339Nano), "data": data})
	if err != nil {
		s.cfg.Logger.Error("webhook: event", "type", kind, "err", err)
		return
	}
	select {
	case s.slots <- struct{}{}:
		s.due <- event{id: "msg_" + rand.Text(), kind: kind, body: body} // has room for every slot
	default:
		s.count.WithLabelValues("dropped").Inc()
		s.cfg.Logger.Warn("webhook: too many events wait, one is dropped", "type", kind)
	}
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				select {
				case e := <-s.due:
					s.handle(ctx, e, &wg)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	wg.Wait()
	if left := len(s.slots); left > 0 {
		s.count.WithLabelValues("dropped").Add(float64(left))
		s.cfg.Logger.Warn("webhook: events are lost with this process", "events", left)
	}
	return ctx.Err()
}

// handle tries an event once and plans the next try, if there is one.
func (s *Sender) handle(ctx context.Context, e event, wg *sync.WaitGroup) {
	again, err := s.try(ctx, e)
	if ctx.Err() != nil {
		return
	}
	switch {
	case err == nil:
		s.count.WithLabelValues("delivered").Inc()
	case again && e.tries < len(s.cfg.Waits):
		s.count.WithLabelValues("failed_try").Inc()
		wait := s.cfg.Waits[e.tries]
		wait += mathrand.N(wait/4 + 1)
		s.cfg.Logger.Info("webhook: trying again later", "id", e.id, "type", e.kind, "in", wait, "err", err)
		e.tries++
		wg.Go(func() {
			select {
			case <-time.After(wait):
				s.due <- e
			case <-ctx.Done():
			}
		})
		return
	default:
		s.count.WithLabelValues("given_up").Inc()
		s.cfg.Logger.Error("webhook: given up", "id", e.id, "type", e.kind, "tries", e.tries+1, "err", err)
	}
	<-s.slots
}

// try sends an event once. again says whether another try may help.
func (s *Sender) try(ctx context.Context, e event) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(e.body))
	if err != nil {
		return false, err
	}
	at := s.now().Unix()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Passerby-Webhook")
	r.Header.Set("webhook-id", e.id)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at, 10))
	r.Header.Set("webhook-signature", Sign(s.key, e.id, at, e.body))
	resp, err := s.client.Do(r)
	if err != nil {
		return !errors.Is(err, errPrivate), hide(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	return resp.StatusCode != http.StatusGone, fmt.Errorf("the receiver answers with %d", resp.StatusCode)
}

// hide takes the URL, which may hold a secret, out of an error of net/http.
func hide(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Sign gives the signature of a try, as webhook-signature carries it. at is in seconds since 1970.
func Sign(key []byte, id string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
