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
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling/protocol"
)

// websockets upgrades HTTP requests. It is safe for concurrent use.
type websockets struct {
	cfg      Config
	upgrader websocket.Upgrader
}

func newWebsockets(cfg Config) *websockets {
	return &websockets{cfg: cfg, upgrader: websocket.Upgrader{
		HandshakeTimeout: cfg.WriteTimeout,
		ReadBufferSize:   1 << 10,
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
	s := &gorilla{conn: c, cfg: ws.cfg}
	c.SetPongHandler(func(string) error {
		s.heard()
		return nil
	})
	return s, true
}

// hijacked gives the library a wire in place of the connection.
type hijacked struct {
	http.ResponseWriter
	asides bucket
}

func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, brw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("hijack: %w", err)
	}
	return &wire{Conn: c, asides: h.asides}, brw, nil
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
	conn *websocket.Conn
	cfg  Config

	mu       sync.Mutex // guards what follows, and what is set from it
	deadline time.Time  // of reading, once it is final
	writeBy  time.Time  // of all writing, once hurried
}

// frames holds buffers for reading, so that a quiet connection holds none.
var frames = sync.Pool{New: func() any {
	buf := make([]byte, 0, 4<<10)
	return &buf
}}

func (g *gorilla) read() ([]byte, func(), error) {
	kind, r, err := g.conn.NextReader()
	if err != nil {
		return nil, nil, err
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

func (g *gorilla) write(it item) error {
	deadline := g.writeDeadline()
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

// heard moves the time at which reading gives up, unless that is final.
func (g *gorilla) heard() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.deadline.IsZero() {
		_ = g.conn.SetReadDeadline(time.Now().Add(g.cfg.Silence)) // fails only when closed
	}
}

func (g *gorilla) readBy(t time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deadline = t
	_ = g.conn.SetReadDeadline(t)
}

func (g *gorilla) hurry(t time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writeBy = t
	_ = g.conn.NetConn().SetWriteDeadline(t)
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
	if c, ok := g.conn.NetConn().(*wire).Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, g.conn.NetConn().(*wire).Conn)
}

func (g *gorilla) Close() error { return g.conn.Close() }
