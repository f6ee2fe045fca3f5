package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"passerby/client/e2ee"
	"passerby/signaling/protocol"
)

const (
	maxEvents   = 1024
	quiet       = 15 * time.Second        // silence after which the server is asked
	deaf        = 20 * time.Second        // and after which the connection is given up
	writing     = 5 * time.Second         // for one message
	searchRetry = 1500 * time.Millisecond // of a search that was refused, unless the server says when
	maxBackoff  = 8 * time.Second
)

// loop owns the state of a Client. All methods run on its goroutine.
type loop struct {
	*Client
	machine machine
	inbox   chan any
	queue   []Event
	first   chan<- error // of Dial; nil once answered

	session    *protocol.SessionAnswer // nil: a new one is needed
	secret     string                  // that takes the session over
	limits     protocol.Limits
	socket     *websocket.Conn
	connection int // counts them: words of an earlier one do not count
	tries      int
	notBefore  time.Time
	heard      time.Time
	asked      bool

	wish     Wish
	own      *e2ee.KeyPair
	talk     *talk
	media    *peer
	offers   int
	mediaAt  time.Time // when to make another media connection; zero: it is well
	searchAt time.Time // when to search again; zero: not at all
	failed   bool
}

// What comes in from other goroutines.
type (
	dialed struct {
		connection int
		session    *protocol.SessionAnswer
		socket     *websocket.Conn
		err        error
	}
	word struct {
		connection int
		message    protocol.Message
		err        error
	}
)

func newLoop(c *Client) *loop {
	return &loop{
		Client: c, machine: machine{autoNext: c.cfg.AutoNext}, inbox: make(chan any, 64),
		limits: protocol.Limits{TextBytes: 1 << 13},
	}
}

func (l *loop) run() {
	defer close(l.over)
	defer close(l.events)
	defer l.end()
	l.open()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var out chan<- Event
		var event Event
		if len(l.queue) > 0 {
			out, event = l.events, l.queue[0]
		} else if l.failed {
			return
		}
		if !l.failed {
			timer.Reset(time.Until(l.nextTime()))
		}
		select {
		case <-l.ctx.Done():
			return
		case out <- event:
			l.queue = l.queue[1:]
		case f := <-l.ask:
			f(l)
		case m := <-l.inbox:
			l.take(m)
		case <-timer.C:
			l.tick(time.Now())
		}
	}
}

func (l *loop) end() {
	l.cancel()
	if l.socket != nil {
		_ = l.socket.Close()
	}
	l.closeMedia()
}

// post hands something to the loop; false when it has ended.
func (l *loop) post(m any) bool {
	select {
	case l.inbox <- m:
		return true
	case <-l.ctx.Done():
		return false
	}
}

func (l *loop) tell(e Event) {
	if l.failed {
		return
	}
	if len(l.queue) >= maxEvents {
		l.queue = nil
		l.fail(ErrEventsNotRead)
		return
	}
	l.queue = append(l.queue, e)
}

// fail is the end: what follows is only the reading of events.
func (l *loop) fail(err error) {
	if l.failed {
		return
	}
	l.answerDial(err)
	l.tell(Failed{err})
	l.failed = true
	l.connection++
	if l.socket != nil {
		_ = l.socket.Close()
		l.socket = nil
	}
	l.closeMedia()
}

func (l *loop) answerDial(err error) {
	if l.first != nil {
		l.first <- err
		l.first = nil
	}
}

// open makes a connection, and a session before it if there is none.
func (l *loop) open() {
	l.connection++
	connection, session := l.connection, l.session
	go func() {
		d := dialed{connection: connection, session: session}
		if d.session == nil {
			if d.session, d.err = l.cfg.requestSession(l.ctx); d.err != nil {
				l.post(d)
				return
			}
		}
		d.socket, d.err = l.cfg.connect(l.ctx)
		if !l.post(d) && d.socket != nil {
			_ = d.socket.Close()
		}
	}()
}

func (l *loop) take(m any) {
	if l.failed {
		if d, ok := m.(dialed); ok && d.socket != nil {
			_ = d.socket.Close()
		}
		return
	}
	switch m := m.(type) {
	case dialed:
		l.dialed(m)
	case word:
		if m.connection != l.connection {
			return
		}
		if m.err != nil {
			l.lost(m.err)
			return
		}
		l.heard, l.asked = time.Now(), false
		l.hear(m.message)
	case again:
		if m.connection == l.connection {
			l.open()
		}
	case fromMedia:
		l.hearMedia(m)
	}
}

func (l *loop) dialed(d dialed) {
	if d.connection != l.connection {
		if d.socket != nil {
			_ = d.socket.Close()
		}
		return
	}
	if d.err != nil {
		var refused *RefusedError
		if errors.As(d.err, &refused) {
			l.notBefore = time.Now().Add(refused.RetryAfter())
		}
		if l.first != nil || refused != nil && final(refused.Reason.Code) {
			l.fail(d.err)
			return
		}
		if refused != nil && renew(refused.Reason.Code) {
			l.forget()
		}
		l.lost(d.err)
		return
	}
	l.session, l.socket, l.heard, l.asked = d.session, d.socket, time.Now(), false
	go l.read(d.connection, d.socket)
	l.carryOut(l.machine.up())
}

func (l *loop) read(connection int, socket *websocket.Conn) {
	for {
		_, data, err := socket.ReadMessage()
		w := word{connection: connection, err: err}
		if err == nil {
			if w.message, err = protocol.ParseServer(data); err != nil {
				continue // of a later version
			}
		}
		if !l.post(w) || w.err != nil {
			return
		}
	}
}

// lost: the connection is gone; another is made after a while.
func (l *loop) lost(err error) {
	if l.socket != nil {
		_ = l.socket.Close()
		l.socket = nil
		l.tell(Disconnected{err})
	}
	l.carryOut(l.machine.down())
	l.tries++
	wait := time.Duration(rand.Int64N(int64(150 * time.Millisecond)))
	if l.tries > 1 {
		most := min(maxBackoff, 250*time.Millisecond<<min(l.tries-1, 6))
		wait = most/2 + time.Duration(rand.Int64N(int64(most/2)))
	}
	wait = max(wait, time.Until(l.notBefore))
	l.connection++
	connection := l.connection
	time.AfterFunc(wait, func() {
		_ = l.post(again{connection})
	})
}

// forget: neither token nor secret is good any more.
func (l *loop) forget() {
	l.session, l.secret = nil, ""
	l.carryOut(l.machine.expired())
}

// carryOut does what the machine has decided.
func (l *loop) carryOut(effects []effect) {
	for _, e := range effects {
		switch e.do {
		case hello:
			_ = l.write(&protocol.Hello{Token: l.session.Token})
		case resume:
			_ = l.write(&protocol.Hello{Token: l.session.Token, Resume: l.secret})
			_ = l.write(&protocol.Ping{Head: protocol.Re("sync")})
		case offer:
			l.offer()
		case find:
			l.search(true)
		case next:
			l.search(false)
		case leave:
			_ = l.write(&protocol.Leave{})
		case over:
			if l.talk != nil {
				e.end.Undelivered = l.talk.flow.undelivered()
				l.talk = nil
			}
			l.stage.clear()
			l.tell(*e.end)
		case later:
			l.searchAt = time.Now().Add(e.after)
		}
	}
}

func (l *loop) find(w Wish) error {
	if w.Mode == "" {
		w.Mode = Text
	}
	l.wish = w
	effects := l.machine.wished()
	if l.cfg.Media && (l.media == nil || l.media.mode != w.Mode) && l.socket != nil {
		l.offer()
	}
	l.carryOut(effects)
	return nil
}

// search asks for somebody under a fresh key.
func (l *loop) search(whole bool) {
	l.searchAt = time.Time{}
	own, err := e2ee.NewKeyPair(e2ee.X25519)
	if err != nil {
		l.fail(err)
		return
	}
	l.own = own
	after := l.machine.newest
	if !whole {
		_ = l.write(&protocol.Next{Head: protocol.Re(searchID(l.machine.wish)), Key: own.Public(), After: &after})
		return
	}
	w := l.wish
	_ = l.write(&protocol.Find{
		Head: protocol.Re(searchID(l.machine.wish)), Mode: w.Mode, Tags: w.Tags, Language: w.Language, Gender: w.Gender,
		Seeking: w.Seeking, Widen: w.Widen, Key: own.Public(), After: &after,
	})
}

// Requests whose answers are told apart by their ids.
const (
	searchPrefix = "search-"
	offerPrefix  = "offer-"
)

// searchID names the wish that a search is for, so that its answer tells which one the server knows.
func searchID(wish int) string { return searchPrefix + strconv.Itoa(wish) }

func wishOf(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, searchPrefix))
	return n
}

// write sends over the WebSocket; what is lost with a connection is said again by the machine.
func (l *loop) write(m protocol.Message) error {
	if l.socket == nil {
		return fmt.Errorf("%s: there is no connection now", m.Type())
	}
	_ = l.socket.SetWriteDeadline(time.Now().Add(writing))
	return l.socket.WriteMessage(websocket.TextMessage, protocol.Append(nil, m)) // the reader hears of an error, too
}

// goodbye leaves before Close.
func (l *loop) goodbye() {
	if l.write(&protocol.Leave{}) == nil {
		_ = l.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	}
}

// again: it is time to connect.
type again struct{ connection int }

// nextTime is when tick has something to do.
func (l *loop) nextTime() time.Time {
	at := time.Now().Add(quiet)
	earlier := func(t time.Time) {
		if !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	if l.socket != nil {
		if l.asked {
			earlier(l.heard.Add(deaf))
		} else {
			earlier(l.heard.Add(quiet))
		}
		earlier(l.searchAt)
		earlier(l.mediaAt)
		if l.talk != nil {
			earlier(l.talk.flow.next())
			earlier(l.talk.verifyAt)
		}
	}
	if l.talk != nil {
		earlier(l.talk.typingUntil)
	}
	return at
}

func (l *loop) tick(now time.Time) {
	if l.failed {
		return
	}
	if t := l.talk; t != nil && !t.typingUntil.IsZero() && !now.Before(t.typingUntil) {
		l.typing(false)
	}
	switch {
	case l.socket == nil:
		return
	case now.Sub(l.heard) >= deaf:
		l.lost(context.DeadlineExceeded)
		return
	case now.Sub(l.heard) >= quiet && !l.asked:
		l.asked = true
		_ = l.write(&protocol.Ping{})
	}
	if !l.searchAt.IsZero() && !now.Before(l.searchAt) {
		l.searchAt = time.Time{}
		l.carryOut(l.machine.due())
	}
	if !l.mediaAt.IsZero() && !now.Before(l.mediaAt) {
		l.offer()
	}
	l.transmit(now)
	l.verify(now)
}
