package signaling

import (
	"errors"
	"io"
	"net/netip"
	"sync/atomic"
	"time"

	"passerby/signaling/protocol"
)

// WebSocket close codes (RFC 6455 §7.4.1).
const (
	closeGoingAway  = 1001
	closePolicy     = 1008
	closeTooBig     = 1009
	closeTryAgain   = 1013
	closeBadRequest = 1002
)

// Errors of socket.read after which reading can go on.
var (
	errTooLarge = errors.New("frame too large")
	errBinary   = errors.New("not a text frame")
	errPause    = errors.New("nothing more has come") // rest, or read on
)

// errFlood ends reading: more control frames and fragments came than messages may come.
var errFlood = errors.New("too many pings, pongs and fragments")

// socket is one WebSocket as the connection needs it; websocket.go makes them.
type socket interface {
	// read answers the next text frame, which is valid until release. Only one goroutine reads.
	read() (data []byte, release func(), err error)
	// rest, after errPause, has who woken in place of reading: once, when there is something to read or the time for
	// it is over. False when reading must go on.
	rest(who waker) bool
	// write writes items, within the write timeout. Only one goroutine writes.
	write(items []item) error
	// readBy sets when reading gives up.
	readBy(t time.Time)
	// check ends reading when nothing, not even a pong, came for as long as silence is allowed.
	check(now time.Time)
	// hurry shortens the time that a write, also one under way, may take.
	hurry(t time.Time)
	// drain reads and discards whatever comes until readBy's time.
	drain()
	io.Closer
}

// waker is told to go on. wake must not block.
type waker interface{ wake() }

// conn is one connection: a socket, what waits to be written to it, and its rate
// limit. One goroutine at a time reads; the outbox writes.
type conn struct {
	hub     *Hub
	socket  socket
	outbox  outbox
	slot    uint8 // in the registry
	network netip.Prefix
	greeted bool // said hello; guarded by the registry
	closing atomic.Bool
	flooded atomic.Bool   // why it closes
	done    chan struct{} // closed when the connection is no more

	// Owned by the reading goroutine.
	limit    limiter
	patience *time.Timer // until hello is said
	session  *session    // once hello was said
}

func newConn(s socket, h *Hub) *conn {
	c := &conn{hub: h, socket: s, limit: newLimiter(h.cfg, time.Now()), done: make(chan struct{})}
	c.outbox.limit, c.outbox.to = h.cfg.OutboxBytes, c
	return c
}

func (c *conn) write(items []item) error { return c.socket.write(items) }

// wake reads on.
func (c *conn) wake() { c.hub.crew.do(func() { c.hub.attend(c) }) }

func (c *conn) spawn(work func()) { c.hub.crew.do(work) }

// written sets the time that the client has to read the last words and close.
func (c *conn) written(err error) {
	c.closing.Store(true)
	wait := c.hub.cfg.Linger
	if err != nil {
		wait = 0
	}
	c.socket.readBy(time.Now().Add(wait))
}

// send queues a message. A client that does not read is cut off, and false comes
// back: the connection counts as lost. It never blocks.
func (c *conn) send(m protocol.Message) bool {
	return c.sendRaw(protocol.Append(nil, m))
}

func (c *conn) sendRaw(frame []byte) bool {
	if c.outbox.put(item{kind: itemText, data: frame}) {
		return true
	}
	c.hub.metrics.slow.Inc()
	c.shut(protocol.Errorf(protocol.SlowConsumer, "the client did not read fast enough"), closeTryAgain, true)
	c.socket.hurry(time.Now().Add(c.hub.cfg.Linger))
	return false
}

// fail says a last error and closes; err must be fatal.
func (c *conn) fail(err *protocol.Error) {
	code := closePolicy
	switch err.Code {
	case protocol.TooLarge:
		code = closeTooBig
	case protocol.ServerFull, protocol.Draining, protocol.Internal:
		code = closeTryAgain
	case protocol.Flooding:
		c.flooded.Store(true)
	}
	c.shut(err, code, false)
}

// depart closes without an error.
func (c *conn) depart(code int) { c.shut(nil, code, false) }

func (c *conn) shut(err *protocol.Error, code int, drop bool) {
	last := []item{{kind: itemClose, code: code}}
	if err != nil {
		err.Fatal = true
		c.hub.metrics.errors.WithLabelValues(string(err.Code)).Inc()
		last = append([]item{{kind: itemText, data: protocol.Append(nil, err)}}, last...)
	}
	c.closing.Store(true)
	c.outbox.close(drop, last...)
}

// finish ends the connection in the order that lets the client read the last words:
// everything is written, then its own words are read and dropped for a short while,
// then the socket closes. The reading goroutine calls it last.
func (c *conn) finish() {
	c.outbox.close(true, item{kind: itemClose, code: closeGoingAway})
	c.outbox.wait()
	c.socket.drain()
	_ = c.socket.Close() // nothing is left to be lost
}
