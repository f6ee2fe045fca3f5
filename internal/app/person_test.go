package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling/protocol"
)

const (
	patience = 40 * time.Second
	again    = 500 * time.Millisecond // between two attempts to connect or to send
	window   = 8                      // texts under way; the server allows 30 messages a second
)

// person keeps the duties of a client: it resumes when the connection breaks, sends each text until it is
// acknowledged, shows what comes in order and once, and acknowledges it.
type person struct {
	t    *testing.T
	name string
	base string // URL of the server
	asks string // JSON of his request for a session

	mu       sync.Mutex // guards what follows
	socket   *websocket.Conn
	token    string
	resume   string
	away     bool // does not connect
	refused  bool // a search, because Redis was away
	session  string
	sessions int // fresh ones
	resumed  int
	match    *protocol.Matched
	matches  int
	partner  protocol.PartnerState
	ended    []protocol.EndReason
	sent     uint64
	acked    uint64
	got      []string
	doubles  int // that came and were not shown
}

// enter lets a person in, who stays until the test ends.
func enter(t *testing.T, base, name string) *person { return enterAs(t, base, name, `{"adult":true}`) }

// enterMinor is enter for somebody who says that he is a minor.
func enterMinor(t *testing.T, base, name string) *person {
	return enterAs(t, base, name, `{"minor":true}`)
}

func enterAs(t *testing.T, base, name, asks string) *person {
	t.Helper()
	p := &person{t: t, name: name, base: base, asks: asks}
	ctx, leave := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.live(ctx)
	}()
	t.Cleanup(func() {
		leave()
		p.cut()
		<-done
	})
	p.until("in", func() bool { return p.session != "" })
	return p
}

// until waits for something that is read under the lock.
func (p *person) until(what string, ok func() bool) {
	p.t.Helper()
	tick, deadline := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		p.mu.Lock()
		done := ok()
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("%s is not: %s (%s)", p.name, what, p)
		}
	}
}

func (p *person) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	match := ""
	if p.match != nil {
		match = p.match.Match
	}
	return fmt.Sprintf("session %s, %d fresh, %d resumed, match %q of %d, partner %q, ended %v, sent %d, acknowledged %d, got %d and %d doubles",
		p.session, p.sessions, p.resumed, match, p.matches, p.partner, p.ended, p.sent, p.acked, len(p.got), p.doubles)
}

func (p *person) live(ctx context.Context) {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := p.visit(ctx); err != nil && ctx.Err() == nil {
			p.t.Logf("%s: %v", p.name, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// visit is one connection, from its beginning to its end.
func (p *person) visit(ctx context.Context) error {
	p.mu.Lock()
	away, token, resume := p.away, p.token, p.resume
	p.mu.Unlock()
	if away {
		return nil
	}
	if token == "" {
		var err error
		if token, err = newToken(ctx, p.base, p.asks); err != nil {
			return err
		}
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: 5 * time.Second}
	socket, resp, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(p.base, "http")+"/v1/ws", nil)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	defer func() { _ = socket.Close() }()
	if err := socket.WriteMessage(websocket.TextMessage, protocol.Append(nil, &protocol.Hello{Token: token, Resume: resume})); err != nil {
		return err
	}
	p.mu.Lock()
	p.socket = socket
	p.mu.Unlock()
	over := make(chan struct{})
	var resending sync.WaitGroup
	resending.Go(func() { p.resend(over) })
	defer resending.Wait()
	defer close(over)
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			return nil //nolint:nilerr // the next visit
		}
		m, err := protocol.ParseServer(data)
		if err != nil {
			return err
		}
		p.hear(m)
	}
}

func newToken(ctx context.Context, base, asks string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/session", strings.NewReader(asks))
	if err != nil {
		return "", err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	var a protocol.SessionAnswer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || a.Token == "" {
		return "", fmt.Errorf("session: %s: %w", resp.Status, err)
	}
	return a.Token, nil
}

func (p *person) hear(m protocol.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m := m.(type) {
	case *protocol.Welcome:
		p.session, p.resume, p.token = m.Session, m.Resume, m.Token
		if m.Resumed {
			p.resumed++
		} else {
			p.sessions++
		}
	case *protocol.Matched:
		if p.match == nil || p.match.Match != m.Match {
			p.match, p.partner = m, ""
			p.matches++
		}
		p.push()
	case *protocol.Partner:
		if p.partner = m.State; m.State == protocol.PartnerOnline {
			p.push()
		}
	case *protocol.Ended:
		p.ended = append(p.ended, m.Reason)
	case *protocol.PartnerText:
		switch next := uint64(len(p.got)) + 1; {
		case m.N == next:
			raw, _ := base64.RawURLEncoding.DecodeString(m.Body)
			p.got = append(p.got, string(raw[bodyHead:]))
		case m.N < next:
			p.doubles++
		}
		p.write(&protocol.Ack{Match: m.Match, N: uint64(len(p.got))})
	case *protocol.Ack:
		p.acked = max(p.acked, m.N)
	case *protocol.Error:
		p.t.Logf("%s hears %s: %s", p.name, m.Code, m.Message)
		p.refused = m.Code == protocol.Internal && p.match == nil
	}
}

// write and push are called with mu held.
func (p *person) write(m protocol.Message) {
	if p.socket != nil {
		_ = p.socket.WriteMessage(websocket.TextMessage, protocol.Append(nil, m)) // else the next visit sends it
	}
}

// bodyHead is what stands before the text in a body that the server accepts.
const bodyHead = 1 + 32 + 12 + 16

func (p *person) push() {
	for n := p.acked + 1; p.match != nil && n <= min(p.sent, p.acked+window); n++ {
		p.post(n)
	}
}

func (p *person) post(n uint64) {
	raw := append([]byte{1}, make([]byte, bodyHead-1)...)
	body := base64.RawURLEncoding.EncodeToString(fmt.Appendf(raw, "%s-%d", p.name, n))
	p.write(&protocol.Text{Match: p.match.Match, N: n, Body: body})
}

func (p *person) resend(over <-chan struct{}) {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			p.mu.Lock()
			p.push()
			if p.refused {
				p.refused = false
				p.search()
			}
			p.mu.Unlock()
		}
	}
}

// say writes one more text.
func (p *person) say() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent++
	if p.match != nil && p.sent <= p.acked+window {
		p.post(p.sent)
	}
}

func (p *person) find() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.search()
}

// search is called with mu held.
func (p *person) search() {
	p.write(&protocol.Find{Mode: protocol.ModeText, Key: "p256:" + p.name})
}

// cut breaks the connection.
func (p *person) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.socket != nil {
		_ = p.socket.Close()
	}
}

func (p *person) stayAway(away bool) {
	p.mu.Lock()
	p.away = away
	p.mu.Unlock()
	if away {
		p.cut()
	}
}

// read answers what stands in a person's books.
func read[T any](p *person, f func() T) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return f()
}
