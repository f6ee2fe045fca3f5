package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"passerby/internal/events"
	"passerby/internal/store"
)

// Config says where events go. URL and Secret are required.
type Config struct {
	URL          string // https, or http
	Secret       string // whsec_ and base64 of 24 to 64 bytes
	AllowPrivate bool   // also to addresses that are not public
}

const (
	workers  = 8
	timeout  = 15 * time.Second // of one try
	keyLeast = 24
)

// Batch is how many events Deliver should get at a time.
const Batch = workers

// Waits are the times before each further try.
var Waits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour}

// Sender sends events.
type Sender struct {
	cfg    Config
	key    []byte
	client *http.Client
	now    func() time.Time
}

var _ events.Sink = (*Sender)(nil)

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
	return &Sender{cfg: c, key: key, client: client(c.AllowPrivate), now: time.Now}, nil
}

// Deliver implements events.Sink.
func (s *Sender) Deliver(ctx context.Context, all []store.Event) []error {
	became := make([]error, len(all))
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for i, e := range all {
		slots <- struct{}{}
		wg.Go(func() {
			became[i] = s.try(ctx, e)
			<-slots
		})
	}
	wg.Wait()
	return became
}

// Close implements events.Sink.
func (s *Sender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// try sends an event once.
func (s *Sender) try(ctx context.Context, e store.Event) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(e.Body))
	if err != nil {
		return err
	}
	at := s.now().Unix()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Passerby-Webhook")
	r.Header.Set("webhook-id", e.ID)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at, 10))
	r.Header.Set("webhook-signature", Sign(s.key, e.ID, at, e.Body))
	resp, err := s.client.Do(r)
	if errors.Is(err, errPrivate) {
		return fmt.Errorf("%w: %w", events.ErrRefused, errPrivate)
	} else if err != nil {
		return hide(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusGone:
		return fmt.Errorf("%w: it answers with 410", events.ErrRefused)
	}
	return fmt.Errorf("the receiver answers with %d", resp.StatusCode)
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
