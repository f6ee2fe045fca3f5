package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// ServeHTTP is the endpoint /v1/ws. It returns when the connection is up: the goroutine of net/http holds buffers and a
// deep stack that an idle connection need not pay for.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	network := h.network(r)
	if why := h.knock(network); why != nil {
		protocol.WriteError(w, 0, why.After(h.cfg.RetryAfter))
		return
	}
	socket, ok := h.sockets.upgrade(w, r)
	if !ok {
		h.registry.turnAway(network)
		return
	}
	c := newConn(socket, h)
	c.network = network
	if !h.registry.enter(c) {
		h.registry.turnAway(network)
		c.depart(closeGoingAway)
		c.finish()
		return
	}
	h.welcome(c)
}

// network is what a request's connection counts for; the zero Prefix for none.
func (h *Hub) network(r *http.Request) netip.Prefix {
	if h.deps.Network == nil {
		return netip.Prefix{}
	}
	return h.deps.Network(r)
}

// knock finds room for a connection, or says why there is none.
func (h *Hub) knock(network netip.Prefix) *protocol.Error {
	outcome := closed
	if !h.draining.Load() && !h.emptying.Load() {
		outcome = h.registry.knock(network)
	}
	switch outcome {
	case closed:
		return protocol.Errorf(protocol.Draining, "the server is restarting: try again in a moment")
	case full:
		return protocol.Errorf(protocol.ServerFull, "the server is full")
	case crowded:
		return protocol.Errorf(protocol.RateLimited, "too many connections are open from this address: close some, or wait a moment")
	}
	return nil
}

// welcome begins to look after a connection.
func (h *Hub) welcome(c *conn) {
	c.patience = time.AfterFunc(h.cfg.Hello, func() {
		c.fail(protocol.Errorf(protocol.HelloRequired, "hello did not come in time"))
	})
	c.wake()
}

// attend looks after a connection while there is something to read, and at its end. A panic ends this connection and
// no other.
func (h *Hub) attend(c *conn) {
	rests := false
	defer func() {
		if !rests {
			h.leave(c)
		}
	}()
	defer func() {
		if cause := recover(); cause != nil {
			h.metrics.panics.Inc()
			h.log.Error("connection panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		}
	}()
	rests = h.serve(c)
}

// leave is the end of a connection.
func (h *Hub) leave(c *conn) {
	defer close(c.done)
	defer h.registry.exit(c)
	defer c.finish()
	if c.patience != nil {
		c.patience.Stop()
	}
	if c.session != nil {
		c.session.bring(context.Background(), gone{c})
	}
}

// serve reads what has come. True means that the connection rests, and is another goroutine's when it wakes; false
// that it is at its end.
func (h *Hub) serve(c *conn) (rests bool) {
	for {
		data, release, err := c.socket.read()
		switch {
		case errors.Is(err, errPause):
			if c.socket.rest(c) {
				return true
			}
			continue
		case err == nil:
			goesOn := h.receive(c, data, nil)
			release()
			if !goesOn {
				return false
			}
		case !h.receive(c, nil, err):
			return false
		}
	}
}

// receive takes one frame, or the error in place of it, and answers whether to read on.
func (h *Hub) receive(c *conn, data []byte, err error) bool {
	switch {
	case c.closing.Load(): // from our side: until the client has closed too, or the time for that is over
		return err == nil || errors.Is(err, errBinary)
	case c.session == nil:
		return h.greet(c, data, err)
	}
	m, ok := h.accept(c, data, err)
	return ok && (m == nil || c.session.bring(h.base, frame{conn: c, message: m}))
}

// greet takes the first frame, which should be hello.
func (h *Hub) greet(c *conn, data []byte, err error) bool {
	hello, problem := h.hello(data, err)
	if hello == nil && problem == nil {
		return false // the connection is gone
	}
	c.patience.Stop()
	c.patience = nil
	if problem == nil {
		if c.session, problem = h.admit(c, hello); problem == nil {
			return true
		}
		problem = problem.Re(hello.ID)
	}
	c.fail(problem)
	return false
}

func (h *Hub) hello(data []byte, err error) (*protocol.Hello, *protocol.Error) {
	switch {
	case errors.Is(err, errTooLarge):
		return nil, tooLarge()
	case errors.Is(err, errFlood):
		return nil, flood()
	case errors.Is(err, errBinary):
		return nil, protocol.Errorf(protocol.HelloRequired, "the first message was not hello")
	case err != nil:
		return nil, nil
	}
	m, err := protocol.Parse(data)
	if hello, ok := m.(*protocol.Hello); ok {
		h.metrics.messages.WithLabelValues("hello").Inc()
		return hello, nil
	}
	if err == nil {
		return nil, protocol.Errorf(protocol.HelloRequired, "the first message was not hello").Re(m.Request())
	}
	e := asError(err)
	return nil, protocol.Errorf(protocol.HelloRequired, "the first message was not hello: %s", e.Message).Re(e.ID)
}

func tooLarge() *protocol.Error {
	return protocol.Errorf(protocol.TooLarge, "the frame has more than %d bytes", protocol.FrameBytes)
}

func flood() *protocol.Error {
	return protocol.Errorf(protocol.Flooding, "%v", errFlood).After(time.Second)
}

// accept takes one frame under the limits. nil and true mean that it was refused; false that the connection is at its
// end.
func (h *Hub) accept(c *conn, data []byte, err error) (protocol.Message, bool) {
	switch {
	case errors.Is(err, errTooLarge):
		c.fail(tooLarge())
		return nil, false
	case errors.Is(err, errFlood):
		c.fail(flood())
		return nil, false
	case err != nil && !errors.Is(err, errBinary):
		return nil, false
	}
	if v, wait := c.limit.judge(time.Now()); v == flooded {
		c.fail(refusal(v, wait))
		return nil, false
	} else if v == limited {
		h.complain(c, refusal(v, wait).Re(requestIn(data)))
		return nil, true
	}
	if err != nil {
		h.complain(c, protocol.Errorf(protocol.BadRequest, "the frame is not a text frame"))
		return nil, true
	}
	m, err := protocol.Parse(data)
	if err != nil {
		h.complain(c, asError(err))
		return nil, true
	}
	h.metrics.messages.WithLabelValues(m.Type()).Inc()
	return m, true
}

// requestIn is the id of a message that is not handled, so that its sender learns which it was.
func requestIn(data []byte) string {
	m, err := protocol.Parse(data)
	if err != nil {
		return asError(err).ID
	}
	return m.Request()
}

// complain tells the client of an error that is not fatal.
func (h *Hub) complain(c *conn, err *protocol.Error) {
	h.metrics.errors.WithLabelValues(string(err.Code)).Inc()
	c.send(err)
}

// admit finds or makes the session for a connection that said hello.
func (h *Hub) admit(c *conn, hello *protocol.Hello) (*session, *protocol.Error) {
	claims, err := h.deps.Tokens.Verify(hello.Token)
	expired := errors.Is(err, ErrTokenExpired)
	if (err != nil && !expired) || claims.Session == "" || claims.User == "" {
		return nil, protocol.Errorf(protocol.TokenInvalid, "the token is not one of this server")
	}
	if h.banned(claims.User, c.network) {
		return nil, bannedError()
	}
	for {
		s := h.registry.find(claims.Session)
		if s != nil && s.self.User != claims.User {
			return nil, protocol.Errorf(protocol.TokenInvalid, "the token is not one of this session")
		}
		if s != nil {
			accepted, alive := s.join(h.base, join{conn: c, id: hello.ID, secret: hello.Resume})
			switch {
			case accepted:
				return s, nil
			case alive && expired:
				return nil, tokenExpired()
			case alive: // no live secret: the session starts afresh
				h.replace(s)
			}
			if h.base.Err() != nil {
				return nil, drainingError(h.cfg)
			}
			continue
		}
		if expired && (h.deps.Store == nil || hello.Resume == "") {
			return nil, tokenExpired()
		}
		if h.deps.Room != nil && hello.Resume == "" {
			if wait, ok := h.deps.Room(); !ok {
				return nil, protocol.Errorf(protocol.ServerFull, "the server is full right now: try again later").After(wait)
			}
		}
		s = newSession(h, machine.Self{Session: claims.Session, User: claims.User, Node: h.cfg.Node, Pool: claims.Pool, Said: claims.Said})
		switch h.registry.add(s) {
		case taken:
			continue
		case full:
			return nil, protocol.Errorf(protocol.ServerFull, "the server is full").After(h.cfg.RetryAfter)
		case closed:
			return nil, drainingError(h.cfg)
		}
		s.join(h.base, join{conn: c, id: hello.ID, secret: hello.Resume, fresh: true, expired: expired, beside: hello.Beside})
		return s, nil
	}
}

// replace ends a session whose place is taken, and waits for that.
func (h *Hub) replace(s *session) {
	if s.deliver(h.base, quit{protocol.Errorf(protocol.Replaced, "another tab took the session over")}) {
		awaited(h.base, s.done)
	}
}

func tokenExpired() *protocol.Error {
	return protocol.Errorf(protocol.TokenExpired, "the session has ended: start again for a new one")
}

func drainingError(cfg Config) *protocol.Error {
	return protocol.Errorf(protocol.Draining, "the server is restarting: try again in a moment").After(cfg.RetryAfter)
}
