package textfilter

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"passerby/internal/webhook"
)

const answerBytes = 4 << 10

// question is what the service is asked.
type question struct {
	Type    string `json:"type"` // "text.check"
	Match   string `json:"match"`
	User    string `json:"user"`
	Session string `json:"session"`
	N       uint64 `json:"n"`
	Text    string `json:"text"`
}

// service is the operator's own judge.
type service struct {
	url    string
	key    []byte
	client *http.Client
	slots  chan struct{}
}

func newService(c Config) (*service, error) {
	key, err := webhook.ParseSecret(c.Secret)
	if err == nil {
		err = webhook.ParseURL(c.URL)
	}
	if err != nil {
		return nil, fmt.Errorf("text filter: %w", err)
	}
	client := webhook.Client(c.AllowPrivate)
	if t, ok := client.Transport.(*http.Transport); ok {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 64, 64
	}
	return &service{url: c.URL, key: key, client: client, slots: make(chan struct{}, mostAsked)}, nil
}

var errBusy = errors.New("too many questions at once")

// ask answers whether a text may be delivered; any error is that nobody knows.
func (s *service) ask(ctx context.Context, q question) (deliver bool, err error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return false, errBusy
	}
	body, err := json.Marshal(q)
	if err != nil {
		return false, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	id, at := "chk_"+rand.Text(), time.Now().Unix()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Passerby-Text-Filter")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at, 10))
	r.Header.Set("webhook-signature", webhook.Sign(s.key, id, at, body))
	resp, err := s.client.Do(r)
	if err != nil {
		if u := new(url.Error); errors.As(err, &u) {
			err = u.Err // without the address, which may hold a secret
		}
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	if err != nil {
		return false, err
	}
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("it answers with %d", resp.StatusCode)
	}
	var answer struct {
		Deliver *bool `json:"deliver"`
	}
	if json.Unmarshal(b, &answer) != nil || answer.Deliver == nil {
		return false, errors.New(`its answer is not like {"deliver": true}`)
	}
	return *answer.Deliver, nil
}
