package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling/protocol"
)

// doing is what somebody is online for.
type doing int

const (
	talks doing = iota
	idles       // connected, no more
	waits       // for somebody who is not there
)

// person is somebody online, without a browser.
type person struct {
	run     *run
	id      int
	does    doing
	media   bool
	picture bool // with the sound

	mu     sync.Mutex // guards writing
	socket *websocket.Conn

	key    string
	found  time.Time // when the search began
	match  string
	n      uint64 // texts of this match
	next   time.Time
	write  time.Time
	user   *user // with media
	asking bool
}

// errFull says that the server takes nobody new for now.
type errFull struct{ after time.Duration }

func (e errFull) Error() string { return fmt.Sprint("full, again in ", e.after) }

func (p *person) address() string {
	return fmt.Sprintf("10.%d.%d.%d", p.id>>16&255, p.id>>8&255, p.id&255)
}

// live is from the first request to the last word. It ends with ctx.
func (p *person) live(ctx context.Context) {
	for ctx.Err() == nil {
		err := p.visit(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := time.Second + rand.N(time.Second)
		var full errFull
		switch {
		case errors.As(err, &full):
			p.run.count(func(c *counts) { c.Refused++ })
			wait = full.after
		case err != nil:
			p.run.fail(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (p *person) visit(ctx context.Context) error {
	base := p.run.o.urls[p.id%len(p.run.o.urls)]
	token, err := p.session(ctx, base)
	if err != nil {
		return err
	}
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: 10 * time.Second, ReadBufferSize: 1024, WriteBufferSize: 1024}
	socket, answer, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", http.Header{"X-Forwarded-For": {p.address()}})
	if err != nil {
		return refused(answer, err)
	}
	_ = answer.Body.Close()
	defer func() { _ = socket.Close() }()
	defer context.AfterFunc(ctx, func() { _ = socket.Close() })()
	p.mu.Lock()
	p.socket, p.match = socket, ""
	p.mu.Unlock()
	p.say(&protocol.Hello{Token: token})
	over := make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(over)
	all.Go(func() { p.tick(over) })
	in := false
	defer func() {
		if in {
			p.run.online.Add(-1)
		}
		p.ended()
		if p.user != nil {
			p.user.close()
			p.user = nil
		}
	}()
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			return err
		}
		m, err := protocol.ParseServer(data)
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *protocol.Welcome:
			if !in {
				in = true
				p.run.online.Add(1)
			}
			if p.media {
				if p.user, err = newUser(p.run, p.picture); err != nil {
					return err
				}
				p.say(&protocol.Offer{SDP: p.user.sdp()})
			}
			if p.does != idles {
				p.search()
			}
		case *protocol.Answer:
			u := p.user
			all.Go(func() {
				if err := u.connect(m.SDP); err != nil {
					p.run.fail(err)
					return
				}
				p.run.connected.Add(1)
			})
		case *protocol.Matched:
			p.matched(m)
		case *protocol.PartnerText:
			p.text(m)
		case *protocol.Ended:
			p.mu.Lock()
			mine := m.Match == p.match
			p.mu.Unlock()
			if mine {
				p.ended()
				p.search()
			}
		case *protocol.Error:
			if m.Code == protocol.ServerFull && m.RetryAfterMS > 0 && m.Message != "" {
				return errFull{time.Duration(m.RetryAfterMS) * time.Millisecond}
			}
			if m.Fatal {
				return m
			}
			p.run.fail(m)
			if m.Code == protocol.RateLimited {
				p.later()
			}
		}
	}
}

func (p *person) session(ctx context.Context, base string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/session", strings.NewReader(`{"adult":true}`))
	if err != nil {
		return "", err
	}
	req.Header.Set("X-Forwarded-For", p.address())
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", refused(answer, fmt.Errorf("session: %s", answer.Status))
	}
	defer func() { _ = answer.Body.Close() }()
	var s protocol.SessionAnswer
	return s.Token, errors.Join(json.NewDecoder(answer.Body).Decode(&s), func() error {
		if s.Token == "" {
			return errors.New("session: no token")
		}
		return nil
	}())
}

// refused makes errFull of an answer that says so, in words and with a Retry-After.
func refused(answer *http.Response, err error) error {
	if answer == nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	var e protocol.ErrorAnswer
	if json.NewDecoder(answer.Body).Decode(&e) == nil && e.Error != nil {
		if e.Error.Code == protocol.ServerFull {
			if answer.Header.Get("Retry-After") == "" || e.Error.Message == "" {
				return errors.New("refused without a message or a Retry-After")
			}
			return errFull{time.Duration(e.Error.RetryAfterMS) * time.Millisecond}
		}
		return e.Error
	}
	return err
}

func (p *person) say(m protocol.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.socket.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_ = p.socket.WriteMessage(websocket.TextMessage, protocol.Append(nil, m)) // reading tells of an error
}

func (p *person) search() {
	raw := make([]byte, 32)
	for i := range 4 {
		binary.BigEndian.PutUint64(raw[8*i:], rand.Uint64())
	}
	mode := protocol.ModeText
	if p.media {
		mode = protocol.ModeVideo
	}
	p.mu.Lock()
	p.key, p.found = "x25519:"+base64.RawURLEncoding.EncodeToString(raw), time.Now()
	find := &protocol.Find{Mode: mode, Key: p.key}
	p.mu.Unlock()
	if p.does == waits {
		find.Gender, find.Seeking = "m", []protocol.Gender{"f"}
	}
	p.say(find)
}

// later searches again after a moment.
func (p *person) later() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next, p.asking = time.Now().Add(2*time.Second), true
}

func (p *person) matched(m *protocol.Matched) {
	now := time.Now()
	p.mu.Lock()
	again := p.match == m.Match
	if !again {
		p.match, p.n, p.asking = m.Match, 0, false
		p.next = now.Add(time.Duration(rand.ExpFloat64() * float64(p.run.o.talk)))
		p.write = now.Add(rand.N(p.run.o.texts))
	}
	found := p.found
	p.mu.Unlock()
	if again {
		return
	}
	if m.Initiator { // each match has one
		p.run.count(func(c *counts) { c.Matches++ })
	}
	p.run.matched.Add(1)
	p.run.wait.add(now.Sub(found))
	p.say(&protocol.Keyed{Match: m.Match})
	if p.user != nil {
		p.user.meet(keyID(m.KeyID))
	}
}

// ended is the end of a match, if there is one.
func (p *person) ended() {
	p.mu.Lock()
	was := p.match != ""
	p.match = ""
	p.mu.Unlock()
	if was {
		p.run.matched.Add(-1)
		if p.user != nil {
			p.user.meet(0)
		}
	}
}

// tick does what falls due.
func (p *person) tick(over <-chan struct{}) {
	often := 100 * time.Millisecond
	if p.does != talks {
		often = 5 * time.Second
	}
	t := time.NewTicker(often)
	defer t.Stop()
	heartbeat := time.Now()
	for {
		select {
		case <-over:
			return
		case now := <-t.C:
			p.mu.Lock()
			match, next, write, asking := p.match, p.next, p.write, p.asking
			if match != "" && now.After(write) {
				p.n++
				p.write = now.Add(p.run.o.texts)
			}
			n := p.n
			p.asking = asking && !now.After(next)
			p.mu.Unlock()
			switch {
			case asking && now.After(next):
				p.search()
			case match != "" && now.After(next):
				p.ended()
				p.search() // a find in a match is a next
			case match != "" && now.After(write):
				p.say(&protocol.Text{Match: match, N: n, Body: body(now)})
				p.run.count(func(c *counts) { c.Texts++ })
			case now.Sub(heartbeat) > 15*time.Second:
				heartbeat = now
				p.say(&protocol.Ping{})
			}
		}
	}
}

const head = 1 + 32 + 12

// body looks like a sealed text, and carries its time.
func body(now time.Time) string {
	b := make([]byte, head+8+16+40)
	b[0] = 1
	binary.BigEndian.PutUint64(b[head:], uint64(now.UnixNano())) //nolint:gosec // after 1970
	return base64.RawURLEncoding.EncodeToString(b)
}

func (p *person) text(m *protocol.PartnerText) {
	b, err := base64.RawURLEncoding.DecodeString(m.Body)
	if err != nil || len(b) < head+8 {
		return
	}
	p.run.text.add(time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(b[head:]))))) //nolint:gosec // what body wrote
	p.say(&protocol.Ack{Match: m.Match, N: m.N})
}
