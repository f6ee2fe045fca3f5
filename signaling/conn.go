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
)

// socket is one WebSocket as the connection needs it; websocket.go makes them.
type socket interface {
	// read answers the next text frame, which is valid until release. Only one goroutine reads.
	read() (data []byte, release func(), err error)
	// write writes one item, within the write timeout. Only one goroutine writes.
	write(it item) error
	// readBy sets when reading gives up; a frame or pong moves it on by the silence that is allowed.
	readBy(t time.Time)
	// hurry shortens the time that a write, also one under way, may take.
	hurry(t time.Time)
	// drain reads and discards whatever comes until readBy's time.
	drain()
	io.Closer
}

// conn is one connection: a socket, what waits to be written to it, and its rate
// limit. One goroutine reads; the outbox writes.
type conn struct {
	socket  socket
	outbox  outbox
	linger  time.Duration
	metrics *metrics
	slot    int
	network netip.Prefix
	greeted bool // said hello; guarded by the registry
	closing atomic.Bool
	done    chan struct{} // closed when the connection is no more
}

func newConn(s socket, cfg Config, m *metrics) *conn {
	c := &conn{socket: s, linger: cfg.Linger, metrics: m, done: make(chan struct{})}
	c.outbox.limit = cfg.OutboxBytes
	c.outbox.write = s.write
	c.outbox.after = func(err error) {
		c.closing.Store(true)
		if err != nil {
			s.readBy(time.Now())
			return
		}
		s.readBy(time.Now().Add(c.linger)) // the client reads the last words and closes
	}
	return c
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
	c.metrics.slow.Inc()
	c.shut(protocol.Errorf(protocol.SlowConsumer, "the client did not read fast enough"), closeTryAgain, true)
	c.socket.hurry(time.Now().Add(c.linger))
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
	}
	c.shut(err, code, false)
}

// depart closes without an error.
func (c *conn) depart(code int) { c.shut(nil, code, false) }

func (c *conn) shut(err *protocol.Error, code int, drop bool) {
	last := []item{{kind: itemClose, code: code}}
	if err != nil {
		err.Fatal = true
		c.metrics.errors.WithLabelValues(string(err.Code)).Inc()
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
