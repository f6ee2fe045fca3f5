package signaling

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling/protocol"
)

// websockets upgrades HTTP requests. It is safe for concurrent use.
type websockets struct {
	cfg      Config
	ready    *readiness // nil: a goroutine waits for each connection
	upgrader websocket.Upgrader
}

func newWebsockets(cfg Config, ready *readiness) *websockets {
	return &websockets{cfg: cfg, ready: ready, upgrader: websocket.Upgrader{
		HandshakeTimeout: cfg.WriteTimeout,
		ReadBufferSize:   128, // a control frame must fit; wire reads more at once
		WriteBufferSize:  4 << 10,
		WriteBufferPool:  &sync.Pool{},
		Subprotocols:     []string{protocol.Subprotocol},
		CheckOrigin:      func(*http.Request) bool { return true }, // upgrade has checked it
	}}
}

// upgrade makes a socket, or answers the request with an error.
func (ws *websockets) upgrade(w http.ResponseWriter, r *http.Request) (socket, bool) {
	switch {
	case !websocket.IsWebSocketUpgrade(r):
		w.Header().Set("Upgrade", "websocket")
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, "this is a WebSocket endpoint"))
		return nil, false
	case !ws.allowed(r):
		protocol.WriteError(w, 0, protocol.Errorf(protocol.OriginForbidden, "this origin may not connect"))
		return nil, false
	case !slices.Contains(websocket.Subprotocols(r), protocol.Subprotocol):
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, "ask for the subprotocol %s", protocol.Subprotocol))
		return nil, false
	}
	h := &hijacked{ResponseWriter: w, asides: newBucket(ws.cfg.MessagesPerSecond, ws.cfg.Burst, time.Now())}
	c, err := ws.upgrader.Upgrade(h, r, nil)
	if err != nil { // answered already
		return nil, false
	}
	g := &gorilla{conn: c, wire: h.wire, cfg: &ws.cfg}
	g.heard()
	c.SetPongHandler(g.ponged)
	g.watch(ws.ready)
	return g, true
}

// hijacked gives the library a wire in place of the connection.
type hijacked struct {
	http.ResponseWriter
	asides bucket
	wire   *wire
}

func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, brw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("hijack: %w", err)
	}
	h.wire = &wire{Conn: c, asides: h.asides}
	return h.wire, brw, nil
}

// allowed checks the Origin header: the server's own host, one of the list, or none,
// since only browsers send it and only browsers act for a user unasked.
func (ws *websockets) allowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(ws.cfg.Origins, "*") {
		return true
	}
	if slices.ContainsFunc(ws.cfg.Origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// gorilla is a socket on a WebSocket of that library.
type gorilla struct {
	conn    *websocket.Conn
	wire    *wire
	cfg     *Config
	watched watched      // of a wire that pauses
	last    atomic.Int64 // when something was heard, a time.Duration since began

	mu       sync.Mutex // guards what follows, and what is set from it
	resting  waker      // nil while it does not rest
	deadline time.Time  // of reading, once it is final
	writeBy  time.Time  // of all writing, once hurried
}

// watch lets the socket rest, if its connection is a plain one that can be waited for.
func (g *gorilla) watch(r *readiness) {
	tcp, ok := g.wire.Conn.(*net.TCPConn)
	if !ok || r == nil {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	g.watched, err = r.watch(raw, g)
	g.wire.pauses = err == nil
}

func (g *gorilla) read() ([]byte, func(), error) {
	kind, r, err := g.conn.NextReader()
	if err != nil {
		return nil, nil, err
	}
	if g.wire.pause() {
		return nil, nil, errPause
	}
	g.heard()
	buf := frames.Get().(*[]byte)
	release := func() { frames.Put(buf) }
	data, err := readAll((*buf)[:0], io.LimitReader(r, protocol.FrameBytes+1))
	*buf = data[:0]
	switch {
	case err != nil:
	case len(data) > protocol.FrameBytes:
		err = errTooLarge
	case kind != websocket.TextMessage:
		err = errBinary
	default:
		return data, release, nil
	}
	release()
	return nil, nil, err
}

// frames holds buffers for messages, so that a quiet connection holds none.
var frames = sync.Pool{New: func() any {
	buf := make([]byte, 0, 4<<10)
	return &buf
}}

func (g *gorilla) rest(who waker) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.wire.pauses || over(g.deadline) {
		return false
	}
	g.resting = who
	if err := g.watched.arm(); err != nil { // it is closed
		g.resting = nil
		return false
	}
	return true
}

// wake ends a rest.
func (g *gorilla) wake() {
	g.mu.Lock()
	who := g.resting
	g.resting = nil
	g.mu.Unlock()
	if who != nil {
		who.wake()
	}
}

func over(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

// readAll appends everything from r to buf.
func readAll(buf []byte, r io.Reader) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

func (g *gorilla) write(items []item) error {
	deadline := g.writeDeadline()
	g.wire.hold()
	for _, it := range items {
		if err := g.writeOne(it, deadline); err != nil {
			_ = g.wire.flush() // that error says more
			return err
		}
	}
	return g.wire.flush()
}

func (g *gorilla) writeOne(it item, deadline time.Time) error {
	switch it.kind {
	case itemPing:
		return g.conn.WriteControl(websocket.PingMessage, nil, deadline)
	case itemClose:
		return g.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(it.code, ""), deadline)
	}
	if err := g.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return g.conn.WriteMessage(websocket.TextMessage, it.data)
}

func (g *gorilla) ponged(string) error {
	g.heard()
	return nil
}

func (g *gorilla) heard() { g.last.Store(int64(time.Since(began))) }

// began is what times are counted from; wall clocks jump.
var began = time.Now()

func (g *gorilla) check(now time.Time) {
	if now.Sub(began)-time.Duration(g.last.Load()) < g.cfg.Silence {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.deadline.IsZero() {
		g.finally(now)
	}
}

func (g *gorilla) readBy(t time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.finally(t)
}

// finally is called with mu held.
func (g *gorilla) finally(t time.Time) {
	g.deadline = t
	_ = g.wire.SetReadDeadline(t) // fails only when closed
	if g.wire.pauses {            // it may rest then
		time.AfterFunc(time.Until(t), g.wake)
	}
}

func (g *gorilla) hurry(t time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writeBy = t
	_ = g.wire.SetWriteDeadline(t)
}

func (g *gorilla) writeDeadline() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	deadline := time.Now().Add(g.cfg.WriteTimeout)
	if !g.writeBy.IsZero() && g.writeBy.Before(deadline) {
		return g.writeBy
	}
	return deadline
}

func (g *gorilla) drain() {
	g.readBy(time.Now().Add(g.cfg.Linger))
	if c, ok := g.wire.Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, g.wire.Conn)
}

func (g *gorilla) Close() error {
	if g.wire.pauses {
		g.watched.forget()
	}
	return g.conn.Close()
}
