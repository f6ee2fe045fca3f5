package signaling

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// Hub is the signalling of one node: its sessions, their connections, and the way
// between them and queue, media and bus. Make it with New, start it with Run.
type Hub struct {
	cfg        Config
	deps       Deps
	log        *slog.Logger
	metrics    *metrics
	ready      *readiness // nil where there is none
	sockets    *websockets
	registry   *registry
	crew       *crew
	base       context.Context // of calls to the outside; over when Run returns
	cancel     context.CancelFunc
	draining   atomic.Bool
	emptying   atomic.Bool               // Drain asks all to go to other nodes
	drainBegan atomic.Pointer[time.Time] // nil: it has not
	stays      stays
	asides     sync.WaitGroup  // what sessions do not wait for
	phases     [3]atomic.Int64 // sessions by machine.Phase
}

// New makes a hub. It starts nothing. Queue, Media, Bus and Tokens must be set;
// cfg should have passed Validate.
func New(cfg Config, deps Deps) *Hub {
	if deps.Queue == nil || deps.Media == nil || deps.Bus == nil || deps.Tokens == nil {
		panic("signaling: New without Queue, Media, Bus or Tokens")
	}
	cfg = cfg.withDefaults()
	h := &Hub{cfg: cfg, deps: deps, log: deps.Logger, registry: newRegistry(cfg), crew: newCrew()}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if h.ready, err = newReadiness(); err != nil {
		h.log.Debug("a goroutine waits for each connection", "because", err)
	}
	h.sockets = newWebsockets(cfg, h.ready)
	h.base, h.cancel = context.WithCancel(context.Background())
	h.stays = stays{most: cfg.Parting, remove: deps.Media.Remove, left: map[string]*time.Timer{}}
	h.metrics = newMetrics(h, deps.Registerer)
	return h
}

// Run keeps leases and connections alive until ctx is over, then ends every session
// and connection and returns when all are gone. Call it once.
func (h *Hub) Run(ctx context.Context) error {
	if h.ready != nil {
		var waking sync.WaitGroup
		waking.Go(h.ready.run)
		defer waking.Wait()
		defer h.ready.close()
	}
	h.beat(ctx)
	last, cancel := context.WithTimeout(context.Background(), h.cfg.CallTimeout)
	defer cancel()
	err := h.close(last)
	h.stays.endAll()
	h.cancel()
	h.registry.wait()
	h.asides.Wait()
	h.crew.close()
	return err
}

// Stats counts what this node holds.
type Stats struct {
	Sessions    int // with a connection or waiting to be resumed
	Connections int // open WebSockets, including those that have not said hello
	Waiting     int // sessions that look for a partner
	Matched     int // sessions in a match
}

// Stats answers the present counts.
func (h *Hub) Stats() Stats {
	sessions, conns := h.registry.count()
	return Stats{
		Sessions: sessions, Connections: conns,
		Waiting: int(h.phases[machine.Waiting].Load()), Matched: int(h.phases[machine.Matched].Load()),
	}
}

// moved counts a session's change of phase.
func (h *Hub) moved(from, to machine.Phase) {
	if from != to {
		h.phases[from].Add(-1)
		h.phases[to].Add(1)
	}
}

// PairMade takes the queue's hint that a session is in a pair. It never blocks.
func (h *Hub) PairMade(session string, p Pair) { h.post(session, machine.PairMade{Pair: p}) }

// PairEnded takes the queue's hint that a pair of a session is over. It never blocks.
func (h *Hub) PairEnded(session, pair string, reason protocol.EndReason) {
	h.post(session, machine.PairEnded{Pair: pair, Reason: reason})
}

// Receive takes a message from the bus for a session of this node. It never blocks
// and keeps no reference to data.
func (h *Hub) Receive(session string, data []byte) {
	if h.handover(session, data) {
		return
	}
	m, err := machine.ParsePeer(data)
	if err != nil {
		h.log.Warn("message from the bus", "session", session, "error", err)
		return
	}
	h.post(session, machine.FromPeer{Message: m})
}

func (h *Hub) post(session string, ev machine.Event) {
	if s := h.registry.find(session); s != nil {
		s.post(ev)
	}
}

// MediaEvent is what happened to a session's peer connection.
type MediaEvent string

// The events.
const (
	MediaConnected    MediaEvent = "connected"
	MediaDisconnected MediaEvent = "disconnected"
	ChannelOpen       MediaEvent = "channel_open"
	ChannelClosed     MediaEvent = "channel_closed"
)

// MediaEvent takes an event of the SFU. It never blocks. A session keeps no record of
// it: whether the data channel is open is asked with each Send. The media of a session
// that has moved away ends with its connection.
func (h *Hub) MediaEvent(session string, kind MediaEvent) {
	h.metrics.media.WithLabelValues(string(kind)).Inc()
	if kind == MediaDisconnected {
		h.stays.end(session)
	}
	h.log.Debug("media", "session", session, "event", string(kind))
}

// Data takes a message that came in on a session's data channel: a text, an ack or a
// signal, under the same caps and rate as on a WebSocket. It never blocks and keeps
// no reference to data.
func (h *Hub) Data(session string, data []byte) {
	s := h.registry.find(session)
	if s == nil {
		return
	}
	v, wait := s.judgeChannel(time.Now())
	if v != pass {
		s.post(complaint{refusal(v, wait)})
		return
	}
	m, err := protocol.Parse(data)
	if err != nil {
		s.post(complaint{asError(err)})
		return
	}
	switch m.(type) {
	case *protocol.Text, *protocol.Ack, *protocol.Signal:
		h.metrics.messages.WithLabelValues(m.Type()).Inc()
		s.post(frame{message: m})
	default:
		s.post(complaint{protocol.Errorf(protocol.BadRequest, "type: %s does not travel over the data channel", m.Type()).Re(m.Request())})
	}
}

// refusal is the error for a message over the rate.
func refusal(v verdict, wait time.Duration) *protocol.Error {
	if v == flooded {
		return protocol.Errorf(protocol.Flooding, "too much was sent at once: wait a moment, then start again").After(wait)
	}
	return protocol.Errorf(protocol.RateLimited, "too many messages: this one was dropped, wait a moment").After(wait)
}

// asError makes sure that an error is one for clients.
func asError(err error) *protocol.Error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return e
	}
	return protocol.Errorf(protocol.Internal, "the server failed to do this; try again")
}

// isExpected says that an error is part of the ordinary run of things.
func isExpected(err error) bool {
	return errors.Is(err, ErrGone) || errors.Is(err, ErrWish) || errors.Is(err, ErrSDP)
}
