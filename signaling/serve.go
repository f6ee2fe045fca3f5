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
	c := newConn(socket, h.cfg, h.metrics)
	c.network = network
	if !h.registry.enter(c) {
		h.registry.turnAway(network)
		c.depart(closeGoingAway)
		c.finish()
		return
	}
	go h.attend(c)
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
	if !h.draining.Load() {
		outcome = h.registry.knock(network)
	}
	switch outcome {
	case closed:
		return protocol.Errorf(protocol.Draining, "the server is shutting down")
	case full:
		return protocol.Errorf(protocol.ServerFull, "the server is full")
	case crowded:
		return protocol.Errorf(protocol.RateLimited, "too many connections are open from this address: close some, or wait a moment")
	}
	return nil
}

// attend looks after a connection to its end. A panic ends this connection and no other.
func (h *Hub) attend(c *conn) {
	defer close(c.done)
	defer h.registry.exit(c)
	defer c.finish()
	defer func() {
		if cause := recover(); cause != nil {
			h.metrics.panics.Inc()
			h.log.Error("connection panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		}
	}()
	h.serve(c)
}

// serve reads a connection to its end.
func (h *Hub) serve(c *conn) {
	limit := newLimiter(h.cfg, time.Now())
	hello, err := h.greeting(c)
	if err != nil {
		c.fail(err)
		return
	}
	if hello == nil {
		return
	}
	s, err := h.admit(c, hello)
	if err != nil {
		c.fail(err.Re(hello.ID))
		return
	}
	defer s.deliver(context.Background(), gone{c})
	for !c.closing.Load() {
		m, ok := h.receive(c, &limit)
		if !ok {
			return
		}
		if m != nil && !s.deliver(h.base, frame{conn: c, message: m}) {
			return
		}
	}
	h.ignore(c)
}

// ignore reads on after the connection was closed from our side, until the client has
// closed too or the time for that is over.
func (h *Hub) ignore(c *conn) {
	for {
		_, release, err := c.socket.read()
		if err != nil && !errors.Is(err, errBinary) {
			return
		}
		if err == nil {
			release()
		}
	}
}

// greeting waits for hello. nil and nil mean that the connection is gone.
func (h *Hub) greeting(c *conn) (*protocol.Hello, *protocol.Error) {
	patience := time.AfterFunc(h.cfg.Hello, func() {
		c.fail(protocol.Errorf(protocol.HelloRequired, "hello did not come in time"))
	})
	defer patience.Stop()
	data, release, err := c.socket.read()
	switch {
	case errors.Is(err, errTooLarge):
		return nil, tooLarge()
	case errors.Is(err, errBinary):
		return nil, protocol.Errorf(protocol.HelloRequired, "the first message was not hello")
	case err != nil:
		return nil, nil
	}
	defer release()
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

// receive reads one message under the limits. nil and true mean that it was refused;
// false that the connection is at its end.
func (h *Hub) receive(c *conn, limit *limiter) (protocol.Message, bool) {
	data, release, err := c.socket.read()
	switch {
	case errors.Is(err, errTooLarge):
		c.fail(tooLarge())
		return nil, false
	case err != nil && !errors.Is(err, errBinary):
		return nil, false
	case err == nil:
		defer release()
	}
	if v, wait := limit.judge(time.Now()); v == flooded {
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
		s = newSession(h, machine.Self{Session: claims.Session, User: claims.User, Node: h.cfg.Node})
		switch h.registry.add(s) {
		case taken:
			continue
		case full:
			return nil, protocol.Errorf(protocol.ServerFull, "the server is full").After(h.cfg.RetryAfter)
		case closed:
			return nil, drainingError(h.cfg)
		}
		go s.run()
		s.join(h.base, join{conn: c, id: hello.ID, secret: hello.Resume, fresh: true, expired: expired})
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
	return protocol.Errorf(protocol.TokenExpired, "the token has expired; get a new session")
}

func drainingError(cfg Config) *protocol.Error {
	return protocol.Errorf(protocol.Draining, "the server is shutting down").After(cfg.RetryAfter)
}
