package sfu

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"passerby/sfu/internal/stream"
	"passerby/sfu/link"
)

// neighbour is another node: what this one wants from it and it from this one.
type neighbour struct {
	server *Server
	name   string
	link   atomic.Pointer[link.Link] // nil while there is none

	// Guarded by Server.mu.
	remotes map[string]*remote // by id
	last    uint32             // stream that was given out last
	swept   time.Time

	mu      sync.RWMutex       // guards what follows; packets read
	streams map[uint32]*remote // that this node asked for
	outlets map[uint32]*outlet // that the other asked for
}

// maxOutlets is how many streams one node may ask for.
const maxOutlets = 1 << 16

// join opens the link to the other nodes.
func (s *Server) join(cfg link.Config) (err error) {
	cfg.Handler, cfg.Logger, cfg.Registerer = linkEvents{s}, s.log, s.cfg.Registerer
	s.link, err = link.Listen(cfg)
	return err
}

// Nodes says which nodes there are, by name, and under which "host:port" their
// links are reached. Without a link it does nothing.
func (s *Server) Nodes(addrs map[string]string) {
	if s.link != nil {
		s.link.Nodes(addrs)
	}
}

// LinkAddr is the address of the link's socket, invalid when there is none.
func (s *Server) LinkAddr() netip.AddrPort {
	if s.link == nil {
		return netip.AddrPort{}
	}
	return s.link.Addr()
}

// Links are the links to other nodes that are up.
func (s *Server) Links() []link.Stats {
	if s.link == nil {
		return nil
	}
	return s.link.Stats()
}

// neighbour gives what is known of a node. The caller holds mu.
func (s *Server) neighbour(name string) *neighbour {
	n := s.nodes[name]
	if n == nil {
		n = &neighbour{server: s, name: name, remotes: map[string]*remote{}, streams: map[uint32]*remote{}, outlets: map[uint32]*outlet{}}
		s.nodes[name] = n
	}
	return n
}

// forget drops a node that nothing is wanted from. The caller holds Server.mu.
func (n *neighbour) forget() {
	if n.link.Load() == nil && len(n.remotes) == 0 && n.server.nodes[n.name] == n {
		delete(n.server.nodes, n.name)
	}
}

// send sends a frame if there is a link.
func (n *neighbour) send(f link.Frame) {
	if l := n.link.Load(); l != nil {
		l.Send(f.Append(nil))
	}
}

// linkEvents is the server's ear for links.
type linkEvents struct{ s *Server }

// Up asks for all that is wanted from the node.
func (e linkEvents) Up(l *link.Link) link.Receiver {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	n := e.s.neighbour(l.Node())
	n.link.Store(l)
	now := time.Now()
	for _, r := range n.remotes {
		r.anew(now)
	}
	return session{n, l}
}

// session is the time of one link to a neighbour.
type session struct {
	n    *neighbour
	link *link.Link
}

// Down forgets what the node asked for; what is wanted from it waits.
func (a session) Down() {
	s := a.n.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if !a.n.link.CompareAndSwap(a.link, nil) {
		return
	}
	for _, o := range a.n.outlets {
		a.n.shut(o)
	}
	for _, r := range a.n.remotes {
		r.seat.keyed = false
	}
	a.n.forget()
}

// Frame takes what the node sends.
func (a session) Frame(f link.Frame) {
	now := time.Now()
	n := a.n
	switch f.Kind {
	case link.Audio, link.Video, link.VideoVP9, link.VideoAV1, link.VideoH264, link.State, link.Anchor:
		n.mu.RLock()
		r := n.streams[f.Stream]
		n.mu.RUnlock()
		if r == nil { // nobody wants it any more, and the word was lost
			n.send(link.Frame{Kind: link.Close, Stream: f.Stream})
			return
		}
		r.take(f, now)
	case link.Open:
		a.open(f, now)
	default:
		n.mu.RLock()
		o := n.outlets[f.Stream]
		n.mu.RUnlock()
		if o == nil {
			return
		}
		switch f.Kind {
		case link.AskKeyFrame:
			if u := o.seat.uplink(video); u != nil {
				u.ask(now, pliGap)
			}
		case link.AskPackets:
			o.resend(f.Payload, now)
		case link.Limit:
			if len(f.Payload) == 8 {
				o.limit.Store(int64(binary.BigEndian.Uint64(f.Payload) & (1<<62 - 1)))
			}
		case link.Loss:
			if len(f.Payload) == 1 {
				o.lost.told(f.Payload[0], now)
			}
		case link.Close:
			n.server.mu.Lock()
			n.shut(o)
			n.server.mu.Unlock()
		}
	}
}

// open begins to feed the node from an id, or goes on with it.
func (a session) open(f link.Frame, now time.Time) {
	n, s := a.n, a.n.server
	if len(f.Payload) == 0 || len(f.Payload) > link.MaxStreamName {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || n.link.Load() != a.link {
		return
	}
	n.sweep(now)
	o := n.outlets[f.Stream]
	if o != nil && o.seat.id != string(f.Payload) {
		n.shut(o)
		o = nil
	}
	if o != nil {
		o.until.Store(now.Add(outletLease).UnixNano())
		o.state(o.seat.keyed)
		return
	}
	if len(n.outlets) >= maxOutlets {
		return
	}
	o = n.feed(s.source("", string(f.Payload)), a.link, f.Stream, now)
	o.state(o.seat.keyed)
	if u := o.seat.uplink(video); u != nil {
		u.ask(now, pliGap)
	}
}

// sweep shuts the outlets that the node has not asked for again. The caller holds Server.mu.
func (n *neighbour) sweep(now time.Time) {
	if now.Sub(n.swept) < openRenew {
		return
	}
	n.swept = now
	for _, o := range n.outlets {
		if now.UnixNano() > o.until.Load() {
			n.shut(o)
		}
	}
}

// appendAnchor writes which RTP time was how long ago: kind, microseconds, RTP time.
func appendAnchor(dst []byte, kind int, a *stream.Anchor, now time.Time) []byte {
	dst = append(dst, byte(kind))
	dst = binary.BigEndian.AppendUint64(dst, uint64(now.Sub(a.At).Microseconds()))
	return binary.BigEndian.AppendUint32(dst, a.RTP)
}

// parseAnchor reads what appendAnchor wrote; ok is false for anything else.
func parseAnchor(b []byte, now time.Time) (kind int, a *stream.Anchor, ok bool) {
	if len(b) != 13 || b[0] > video {
		return 0, nil, false
	}
	age := time.Duration(int64(binary.BigEndian.Uint64(b[1:]))) * time.Microsecond
	if age < -time.Hour || age > time.Hour {
		return 0, nil, false
	}
	return int(b[0]), &stream.Anchor{At: now.Add(-age), RTP: binary.BigEndian.Uint32(b[9:])}, true
}
