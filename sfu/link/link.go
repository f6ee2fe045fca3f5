package link

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"

	"passerby/internal/batch"
)

// Link is the way to one other node, while both live.
type Link struct {
	server *Server
	node   string
	pipe   *pipe
	dtls   *dtls.Conn
	take   Receiver // set when the link is up

	open  direction // owned by the goroutine that reads the socket
	up    atomic.Bool
	heard atomic.Int64 // Unix nanoseconds
	rtt   atomic.Int64 // nanoseconds; 0 is unknown
	done  chan struct{}
	once  sync.Once // of the end
	told  sync.Once // of telling the receiver
	wake  chan struct{}

	mu    sync.Mutex // guards what follows
	seal  direction
	queue queue

	counts counts
}

// queue is sealed datagrams, one behind the other.
type queue struct {
	data []byte
	ends []int
}

func (q *queue) reset() { q.data, q.ends = q.data[:0], q.ends[:0] }

func newLink(s *Server, p *pipe, conn *dtls.Conn, node string, keys []byte) (*Link, error) {
	l := &Link{server: s, node: node, pipe: p, dtls: conn, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	l.heard.Store(time.Now().UnixNano())
	client, server := &l.open, &l.seal // of this node as the server
	if p.dialed {
		client, server = server, client
	}
	salts := keys[2*keySize:]
	if err := client.init(keys[:keySize], salts[:saltSize]); err != nil {
		return nil, err
	}
	return l, server.init(keys[keySize:2*keySize], salts[saltSize:])
}

// Node is the name of the other node.
func (l *Link) Node() string { return l.node }

// RTT is the round trip time last measured, 0 before the first.
func (l *Link) RTT() time.Duration { return time.Duration(l.rtt.Load()) }

// Send queues an encoded frame. It never blocks; false says that the frame is lost:
// it is too long, the link is over, or the queue is full.
func (l *Link) Send(frame []byte) bool {
	if l.over() {
		return false
	}
	if len(frame) > MaxFrame {
		l.counts.tooLong.Add(1)
		return false
	}
	l.mu.Lock()
	if len(l.queue.data)+len(frame)+overhead > maxQueue {
		l.mu.Unlock()
		l.counts.full.Add(1)
		return false
	}
	l.queue.data = slices.Grow(l.queue.data, len(frame)+overhead)
	l.queue.data = l.seal.seal(l.queue.data, frame)
	l.queue.ends = append(l.queue.ends, len(l.queue.data))
	l.mu.Unlock()
	l.counts.sent.Add(1)
	l.counts.sentBytes.Add(uint64(len(frame) + overhead))
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// write sends what is queued, in batches of what gathered meanwhile, until the link is over.
func (l *Link) write() {
	w := batch.NewWriter(64, true)
	var going queue
	for {
		select {
		case <-l.done:
			return
		case <-l.wake:
		}
		l.mu.Lock()
		going, l.queue = l.queue, going
		l.mu.Unlock()
		start := 0
		for _, end := range going.ends {
			_ = l.server.batch.Add(w, going.data[start:end], l.pipe.remote)
			start = end
		}
		_ = l.server.batch.WriteBatch(w)
		l.counts.socket.Store(w.Dropped)
		going.reset()
	}
}

// beat sends pings and looks whether the other end lives, until the link is over.
func (l *Link) beat() {
	tick := time.NewTicker(l.server.cfg.Beat)
	defer tick.Stop()
	for {
		l.say(ping, time.Now().UnixNano())
		select {
		case <-l.done:
			return
		case now := <-tick.C:
			if now.UnixNano()-l.heard.Load() > int64(l.server.cfg.Silence) {
				l.end("silent")
				return
			}
		}
	}
}

// drain reads the DTLS connection, on which nothing comes but its end.
func (l *Link) drain() {
	var b [64]byte
	for {
		if _, err := l.dtls.Read(b[:]); err != nil {
			l.end("closed")
			return
		}
	}
}

func (l *Link) say(k Kind, at int64) {
	var b [13]byte
	l.Send(Frame{Kind: k, Payload: binary.BigEndian.AppendUint64(b[5:5], uint64(at))}.Append(b[:0]))
}

// receive takes a datagram from the link's address.
func (l *Link) receive(b []byte, now time.Time) {
	frame, ok := l.open.open(b)
	if !ok {
		l.counts.refused.Add(1)
		return
	}
	l.counts.received.Add(1)
	l.counts.receivedBytes.Add(uint64(len(b)))
	l.heard.Store(now.UnixNano())
	if !l.up.Load() && (l.pipe.dialed || !l.server.raise(l)) { // a client's first word proves that it has the keys too
		return
	}
	f, err := ParseFrame(frame)
	switch {
	case err != nil:
		l.counts.malformed.Add(1)
	case f.Kind == ping:
		if len(f.Payload) == 8 {
			l.say(pong, int64(binary.BigEndian.Uint64(f.Payload)))
		}
	case f.Kind == pong:
		if len(f.Payload) == 8 {
			if d := now.UnixNano() - int64(binary.BigEndian.Uint64(f.Payload)); d > 0 {
				l.rtt.Store(d)
			}
		}
	default:
		l.take.Frame(f)
	}
}

// end closes the link, once; it returns when the receiver has heard.
func (l *Link) end(why string) {
	l.once.Do(func() {
		close(l.done)
		l.server.lower(l)
		_ = l.dtls.Close()
		l.server.log.Info("link over", "to", l.node, "why", why)
		l.tell()
	})
}

// over says whether the link has ended.
func (l *Link) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// tell lets the receiver know of the end, if it knows of the link; raise does it when it did not yet.
func (l *Link) tell() {
	if l.up.Load() {
		l.told.Do(l.take.Down)
	}
}

func (l *Link) remote() netip.AddrPort { return l.pipe.remote }
