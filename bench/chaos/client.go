package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling/protocol"
)

const (
	beat     = 100 * time.Millisecond  // how often a page looks at its timers
	quiet    = 15 * time.Second        // silence after which the server is asked
	deaf     = 20 * time.Second        // and after which the connection is given up
	retry    = 1500 * time.Millisecond // of a search that was refused, unless the server says when
	leftKept = 8
)

// client is a page without a browser. It keeps the rules of web/sdk/src/machine.ts, socket.ts and text.ts: it comes back
// with its resume secret, says again what a connection lost, believes the snapshot but not a match that it has left.
type client struct {
	base func() string // URL of the server that this connection goes to
	pace time.Duration // between two texts, on average
	rand *rand.Rand
	from *net.Dialer // of an address of its own

	person
	socket   *websocket.Conn // this and what follows is guarded by mu
	beside   *websocket.Conn // socket, when it is another than the one that is read: the node before asked to go
	moving   bool            // the snapshot of another node has not come
	token    string
	resume   string
	syncing  bool
	known    bool // the server knows the wish
	talk     *talk
	left     []string // matches that this side has left, newest first
	newest   string
	searches int
	again    time.Time // when to search again; zero for never
	heard    time.Time // the last word of the server
	asked    bool      // whether it was asked for one since

	tries   int
	repeats int // texts that came twice and were not shown
	downAt  time.Time
	away    []time.Duration // how long it was without a connection
}

// live keeps the page open until ctx ends or it is done.
func (c *client) live(ctx context.Context) {
	for ctx.Err() == nil && !c.is("done") {
		err := c.visit(ctx)
		c.down(err)
		select {
		case <-time.After(c.backoff()):
		case <-ctx.Done():
		}
	}
}

func (c *client) is(state string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == state
}

// backoff is that of web/sdk/src/socket.ts.
func (c *client) backoff() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tries <= 1 {
		return time.Duration(c.rand.Int64N(int64(150 * time.Millisecond)))
	}
	most := min(8*time.Second, 250*time.Millisecond<<min(c.tries-1, 6))
	return most/2 + time.Duration(c.rand.Int64N(int64(most/2)))
}

func (c *client) down(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.socket, c.beside, c.syncing, c.moving = nil, nil, false, false
	c.tries++
	if c.downAt.IsZero() {
		c.downAt = time.Now()
	}
	if c.state != "connecting" && c.state != "done" {
		c.state = "reconnecting"
	}
	var refused *protocol.Error
	if errors.As(err, &refused) {
		c.troubles[string(refused.Code)]++
	}
}

// visit is one connection, from its beginning to its end.
func (c *client) visit(ctx context.Context) error {
	base := c.base()
	c.mu.Lock()
	token, resume := c.token, ""
	if c.state == "reconnecting" {
		resume = c.resume
	}
	c.mu.Unlock()
	if token == "" {
		var err error
		if token, err = c.newToken(ctx, base); err != nil {
			return err
		}
	}
	socket, err := c.dial(ctx, base)
	if err != nil {
		return err
	}
	first := socket
	defer c.hangUp(first)
	defer context.AfterFunc(ctx, func() { c.hangUp(first) })()
	ctx, cancel := context.WithCancel(ctx)
	var going sync.WaitGroup
	defer going.Wait()
	defer cancel()
	c.mu.Lock()
	c.socket, c.token, c.heard, c.asked = socket, token, time.Now(), false
	c.write(&protocol.Hello{Token: token, Resume: resume})
	if c.syncing = resume != ""; c.syncing {
		c.write(&protocol.Ping{Head: protocol.Re("sync")})
	} else {
		c.search(true)
	}
	c.mu.Unlock()
	over := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() { c.tick(over) })
	defer ticking.Wait()
	defer close(over)
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			_ = socket.Close()
			next := c.follow()
			if next == nil {
				return err
			}
			socket = next
			continue
		}
		m, err := protocol.ParseServer(data)
		if err != nil {
			return err
		}
		if _, ok := m.(*protocol.Moved); ok {
			going.Go(func() { c.move(ctx) })
		}
		if err := c.hear(m); err != nil {
			return err
		}
	}
}

func (c *client) dial(ctx context.Context, base string) (*websocket.Conn, error) {
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: 10 * time.Second, NetDialContext: c.from.DialContext, ReadBufferSize: 1024, WriteBufferSize: 1024}
	socket, answer, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", nil)
	if err == nil {
		_ = answer.Body.Close()
	}
	return socket, err
}

// hangUp closes a connection, and the one beside it.
func (c *client) hangUp(socket *websocket.Conn) {
	_ = socket.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.socket != nil {
		_ = c.socket.Close()
	}
}

// move opens a connection to another node beside the present one, as often as it takes, and speaks there from then on.
func (c *client) move(ctx context.Context) {
	c.mu.Lock()
	before := c.socket
	c.mu.Unlock()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		socket, err := c.dial(ctx, c.base())
		c.mu.Lock()
		switch {
		case c.socket != before || ctx.Err() != nil:
			c.mu.Unlock()
			if err == nil {
				_ = socket.Close()
			}
			return
		case err == nil:
			c.socket, c.beside, c.heard, c.asked, c.syncing, c.moving = socket, socket, time.Now(), false, true, true
			c.moves++
			c.write(&protocol.Hello{Token: c.token, Resume: c.resume, Beside: true})
			c.write(&protocol.Ping{Head: protocol.Re("sync")})
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// follow answers the connection that took the place of the one that has ended, if there is one.
func (c *client) follow() *websocket.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.beside
	c.beside = nil
	return next
}

func (c *client) newToken(ctx context.Context, base string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/session", strings.NewReader(`{"adult":true}`))
	if err != nil {
		return "", err
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: c.from.DialContext}}).Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	var session protocol.SessionAnswer
	if err := json.NewDecoder(answer.Body).Decode(&session); err != nil || session.Token == "" {
		return "", fmt.Errorf("session: %s: %w", answer.Status, err)
	}
	return session.Token, nil
}

// hear is what a page does about a word of the server. An error ends the connection.
func (c *client) hear(message protocol.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.asked = time.Now(), false
	switch m := message.(type) {
	case *protocol.Welcome:
		c.welcome(m)
	case *protocol.Pong:
		if m.Request() == "sync" && c.syncing {
			c.syncing = false
			if c.state == "reconnecting" || c.moving && c.state != "done" {
				c.unknown()
			}
			c.moving = false
		}
	case *protocol.Waiting:
		c.moving = false
		if c.state != "matched" {
			c.drop(false)
			c.state, c.known = "waiting", true
		}
	case *protocol.Matched:
		c.matched(m)
	case *protocol.Ended:
		c.moving = false
		if c.talk != nil && c.talk.match == m.Match {
			c.drop(false)
			c.state = "waiting"
			c.search(false)
		}
	case *protocol.Left:
		if c.state == "leaving" {
			c.state = "done"
		}
	case *protocol.PartnerText:
		c.text(m)
	case *protocol.Ack:
		if t := c.talk; t != nil && t.match == m.Match && m.N > t.acked && m.N <= t.sent {
			t.acked = m.N
			c.book.acked(c.name, t.match, m.N)
			c.on()
			c.send()
		}
	case *protocol.Partner:
		if t := c.talk; t != nil && t.match == m.Match && m.State == protocol.PartnerOnline {
			c.back(t)
		}
	case *protocol.Error:
		return c.trouble(m)
	}
	return nil
}

func (c *client) welcome(m *protocol.Welcome) {
	c.token, c.resume, c.tries = m.Token, m.Resume, 0
	if !c.downAt.IsZero() {
		c.away = append(c.away, time.Since(c.downAt))
		c.downAt = time.Time{}
	}
	if m.Resumed {
		c.resumed++
		return
	}
	c.fresh++
	if c.known = false; c.syncing {
		c.syncing = false
		c.unknown()
	}
}

// unknown: the server knows of no wait and no match.
func (c *client) unknown() {
	c.known, c.state = false, "connecting"
	c.drop(false)
	c.search(true)
}

func (c *client) matched(m *protocol.Matched) {
	c.moving = false
	if slices.Contains(c.left, m.Match) {
		if c.syncing {
			c.state = "waiting"
			c.search(false)
		}
		return
	}
	leaving := c.state == "leaving"
	c.state, c.newest, c.known, c.again = "matched", m.Match, true, time.Time{}
	partner, _, _ := strings.Cut(strings.TrimPrefix(m.Peer.Key, "p256:"), "/")
	c.book.met(c.name, m.Match, partner)
	if c.talk == nil || c.talk.match != m.Match {
		c.on()
		c.talk = newTalk(m.Match, partner)
		c.talk.plan = 2 + c.rand.Uint64N(9)
		c.talk.write = time.Now()
		if c.rand.IntN(8) == 0 {
			c.talk.unshaken = time.Now().Add(time.Duration(c.rand.Int64N(int64(6 * c.pace))))
		}
	}
	if leaving { // it crossed the word
		c.drop(true)
		c.state = "leaving"
		return
	}
	c.back(c.talk)
}

// back: the way to the partner is open, or another than before: all that is under way is sent again, the last ack too.
func (c *client) back(t *talk) {
	t.flush()
	if t.shown > 0 {
		c.write(&protocol.Ack{Match: t.match, N: t.shown})
	}
	c.send()
}

func (c *client) text(m *protocol.PartnerText) {
	t := c.talk
	if t == nil || t.match != m.Match {
		return
	}
	l, err := open(m.Body)
	if err != nil {
		c.troubles["text"]++
		return
	}
	again := m.N <= t.shown
	show := t.hear(m, l)
	if again {
		c.repeats++
	}
	for _, l := range show {
		c.book.saw(c.name, t.match, l.text)
		c.on()
	}
	if again || len(show) > 0 {
		c.write(&protocol.Ack{Match: t.match, N: t.shown})
	}
}

func (c *client) trouble(e *protocol.Error) error {
	c.troubles[fmt.Sprintf("%s to %q: %s", e.Code, e.Request(), e.Message)]++
	switch {
	case e.Code == protocol.TokenInvalid || e.Code == protocol.TokenExpired:
		c.token, c.resume = "", ""
		c.drop(false)
		c.state = "connecting"
	case e.Request() == "search" && c.talk == nil && !e.Fatal:
		wait := retry
		if e.RetryAfterMS > 0 {
			wait = max(wait/6, time.Duration(e.RetryAfterMS)*time.Millisecond)
		}
		c.again = time.Now().Add(wait)
	}
	if e.Fatal {
		return e
	}
	return nil
}

// drop closes the match in the page, if there is one.
func (c *client) drop(chose bool) {
	if c.talk == nil {
		return
	}
	if c.talk.finished() { // whoever of the two leaves it first
		c.talks++
	}
	c.book.over(c.name, c.talk.match, chose, chose && !c.talk.finished())
	if chose {
		c.left = append([]string{c.talk.match}, c.left[:min(len(c.left), leftKept-1)]...)
	}
	c.talk = nil
	c.on()
}

// next is the button.
func (c *client) next() {
	c.drop(true)
	if c.socket == nil || c.syncing {
		c.state = "reconnecting" // the snapshot decides what to ask for
		return
	}
	c.state = "waiting"
	c.search(false)
}

// search looks for somebody: with few words when the server knows the wish.
func (c *client) search(find bool) {
	c.again = time.Time{}
	if c.calm {
		c.state = "leaving"
		c.write(&protocol.Leave{})
		return
	}
	c.searches++
	key, after := fmt.Sprintf("p256:%s/%d", c.name, c.searches), c.newest
	if find || !c.known || c.rand.IntN(3) == 0 {
		c.write(&protocol.Find{Head: protocol.Re("search"), Mode: protocol.ModeText, Tags: []string{fmt.Sprint("tag ", c.rand.IntN(5))}, Key: key, After: &after})
		return
	}
	c.write(&protocol.Next{Head: protocol.Re("search"), Key: key, After: &after})
}

// tick does what is due as long as a connection lives.
func (c *client) tick(over <-chan struct{}) {
	timer := time.NewTicker(beat)
	defer timer.Stop()
	for {
		select {
		case <-over:
			return
		case now := <-timer.C:
			c.mu.Lock()
			c.due(now)
			c.mu.Unlock()
		}
	}
}

func (c *client) due(now time.Time) {
	switch t := c.talk; {
	case now.Sub(c.heard) > deaf || c.state == "done":
		if c.socket != nil {
			_ = c.socket.Close()
		}
	case now.Sub(c.heard) > quiet && !c.asked:
		c.asked = true
		c.write(&protocol.Ping{})
	case t == nil:
		if !c.again.IsZero() && now.After(c.again) || c.calm && c.state != "leaving" && !c.syncing {
			c.search(true)
		}
	case t.finished() || !t.unshaken.IsZero() && now.After(t.unshaken):
		c.next()
	default:
		if t.sent < t.plan && now.After(t.write) {
			t.sent++
			c.book.wrote(c.name, t.match, t.sent)
			t.write = now.Add(c.pace/2 + time.Duration(c.rand.Int64N(int64(c.pace))))
		}
		c.send()
	}
}

// send sends the texts that are due.
func (c *client) send() {
	t := c.talk
	for _, n := range t.transmit(time.Now()) {
		c.write(&protocol.Text{Match: t.match, N: n, Body: seal(line{text{c.name, t.match, n}, t.plan})})
	}
}

func (c *client) write(m protocol.Message) {
	if c.socket != nil {
		_ = c.socket.WriteMessage(websocket.TextMessage, protocol.Append(nil, m)) // else the next visit says it
	}
}

// bodyHead is what stands before the text in a body that the server accepts.
const bodyHead = 1 + 32 + 12 + 16

func seal(l line) string {
	raw := append([]byte{1}, make([]byte, bodyHead-1)...)
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(raw, "%s %s %d %d", l.from, l.match, l.n, l.plan))
}

func open(body string) (l line, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || len(raw) < bodyHead {
		return l, fmt.Errorf("body: %w", err)
	}
	_, err = fmt.Sscan(string(raw[bodyHead:]), &l.from, &l.match, &l.n, &l.plan)
	return l, err
}
