package turn

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/protocol"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
	"github.com/pion/transport/v5/packetio"
)

const (
	strangersPart = 4       // of MaxTCP, strangers in all
	strangersHome = 8       // of MaxPerAddress, strangers of one address
	greeterQueue  = 128     // clients that wait to be accepted
	maxRecords    = 8 << 10 // the longest datagram, in bytes
	strangerWaits = 32      // datagrams of a stranger that are not read yet
)

// greeter accepts DTLS clients. Who says hello is a stranger until he sends back the cookie that went to his address (RFC 6347, section 4.2.1), for the address
// may be forged, and a handshake of pion/dtls is a thing of several goroutines from its first hello on. So there is room for few strangers. One too many
// takes the place of another, by lot, so that no flood of forged hellos keeps others out for good: whose round trip is short gets through.
type greeter struct {
	conn     homed
	options  []dtls.ServerOption
	most     int // strangers at once …
	ofHome   int // and of one address (IPv6: of a /64)
	accepted chan *guest
	closing  chan struct{}
	turns    sync.WaitGroup // the goroutine that reads, and one for each handshake

	mu        sync.Mutex // guards the rest
	by        map[netip.AddrPort]*guest
	strangers []*guest
	homes     map[netip.Addr]int // strangers by where they come from
	closed    bool
}

// guest is a DTLS connection of a greeter, and the packet connection beneath it.
type guest struct {
	*dtls.Conn
	all    *greeter
	at     netip.AddrPort
	local  netip.Addr // as of sender, of his first hello
	in     *packetio.Buffer
	shaken chan struct{} // closed when the handshake has ended
	err    error         // of the handshake

	stranger atomic.Bool
	gone     atomic.Bool // his place is another's
	random   [handshake.RandomLength]byte
	cookie   []byte // that was sent to him; guarded by all.mu, as is place
	place    int    // among strangers
}

// greet takes the socket over.
func greet(conn *net.UDPConn, c Config, options ...dtls.ServerOption) *greeter {
	_ = conn.SetReadBuffer(1 << 20) // as much of it as the system allows
	g := &greeter{
		conn: newHomed(conn), options: options, most: max(c.MaxTCP/strangersPart, 1), ofHome: max(c.MaxPerAddress/strangersHome, 1), accepted: make(chan *guest, greeterQueue), closing: make(chan struct{}),
		by: make(map[netip.AddrPort]*guest), homes: make(map[netip.Addr]int),
	}
	g.turns.Go(g.read)
	return g
}

// Accept returns a client that is no stranger any more; its handshake goes on. After Close it returns when every connection is closed.
func (g *greeter) Accept() (net.Conn, error) {
	select {
	case c := <-g.accepted:
		return c, nil
	case <-g.closing:
		g.turns.Wait()
		return nil, net.ErrClosed
	}
}

// Addr is where clients come in.
func (g *greeter) Addr() net.Addr { return g.conn.LocalAddr() }

// Close sends everybody away whom Accept has not returned. The socket is closed with the last connection, so that the others can say goodbye.
func (g *greeter) Close() error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil
	}
	g.closed = true
	close(g.closing)
	for len(g.strangers) > 0 {
		g.drop(g.strangers[0])
	}
	g.over()
	g.mu.Unlock()
	for {
		select {
		case c := <-g.accepted:
			_ = c.Close()
		default:
			return nil
		}
	}
}

// over closes the socket when nobody needs it any more. The caller holds mu.
func (g *greeter) over() {
	if g.closed && len(g.by) == 0 {
		_ = g.conn.Close() // the first time counts
	}
}

func (g *greeter) read() {
	b := make([]byte, maxRecords)
	for {
		n, from, local, err := g.conn.read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			g.datagram(b[:n], from, local)
		}
	}
}

// datagram gives its client a datagram. A hello of somebody else from a stranger's address begins anew: that one may have been forged.
func (g *greeter) datagram(b []byte, from netip.AddrPort, local netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.by[from]
	if c == nil || c.stranger.Load() {
		hello, ok := greeting(b).(*handshake.MessageClientHello)
		switch {
		case !ok:
		case len(hello.Cookie) > 0:
			if c == nil || !bytes.Equal(c.cookie, hello.Cookie) {
				return
			}
			g.prove(c)
		case c == nil || c.random != hello.Random.MarshalFixed():
			if c != nil {
				g.drop(c)
			}
			c = g.begin(from, local, hello)
		}
	}
	if c != nil {
		_, _ = c.in.Write(b, nil)
	}
}

// begin makes room for a stranger and starts the handshake. The caller holds mu, as for the next three.
func (g *greeter) begin(from netip.AddrPort, local netip.Addr, hello *handshake.MessageClientHello) *guest {
	if g.closed {
		return nil
	}
	at := home(plain(from.Addr()))
	if crowded := g.homes[at] >= g.ofHome; crowded || len(g.strangers) >= g.most {
		i := rand.IntN(len(g.strangers))
		for crowded && home(plain(g.strangers[i].at.Addr())) != at {
			i = (i + 1) % len(g.strangers)
		}
		g.drop(g.strangers[i])
	}
	c := &guest{all: g, at: from, local: local, in: packetio.NewBuffer(), shaken: make(chan struct{}), random: hello.Random.MarshalFixed(), place: len(g.strangers)}
	c.in.SetLimitCount(strangerWaits)
	c.stranger.Store(true)
	var err error
	if c.Conn, err = dtls.ServerWithOptions(way{c}, net.UDPAddrFromAddrPort(from), g.options...); err != nil {
		return nil
	}
	g.by[from] = c
	g.strangers = append(g.strangers, c)
	g.homes[at]++
	g.turns.Go(c.shake)
	return c
}

// prove makes a stranger a client.
func (g *greeter) prove(c *guest) {
	g.leaveStrangers(c)
	c.in.SetLimitCount(0)
	c.in.SetLimitSize(maxWaiting)
	select {
	case g.accepted <- c:
	default:
		g.drop(c)
	}
}

// drop ends a handshake without a word.
func (g *greeter) drop(c *guest) {
	c.gone.Store(true)
	g.leaveStrangers(c)
	delete(g.by, c.at)
	_ = c.in.Close() // which ends the handshake, and that the connection
}

func (g *greeter) leaveStrangers(c *guest) {
	if !c.stranger.Swap(false) {
		return
	}
	last := g.strangers[len(g.strangers)-1]
	g.strangers[c.place], last.place = last, c.place
	g.strangers = g.strangers[:len(g.strangers)-1]
	at := home(plain(c.at.Addr()))
	if g.homes[at]--; g.homes[at] == 0 {
		delete(g.homes, at)
	}
}

// leave forgets a connection that is closed.
func (g *greeter) leave(c *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leaveStrangers(c)
	if g.by[c.at] == c {
		delete(g.by, c.at)
	}
	g.over()
}

func (c *guest) shake() {
	ctx, cancel := context.WithTimeout(context.Background(), firstFrame)
	defer cancel()
	c.err = c.Conn.HandshakeContext(ctx)
	close(c.shaken)
	if c.err != nil {
		_ = c.Close()
	}
}

// HandshakeContext waits until the handshake that began with the first hello has ended.
func (c *guest) HandshakeContext(ctx context.Context) error {
	select {
	case <-c.shaken:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// way is a guest as the packet connection that DTLS runs over.
type way struct{ c *guest }

func (w way) ReadFrom(b []byte) (int, net.Addr, error) {
	n, _, err := w.c.in.Read(b, nil)
	return n, net.UDPAddrFromAddrPort(w.c.at), err
}

func (w way) WriteTo(b []byte, _ net.Addr) (int, error) {
	if w.c.gone.Load() {
		return len(b), nil
	}
	if w.c.stranger.Load() {
		if verify, ok := greeting(b).(*handshake.MessageHelloVerifyRequest); ok {
			w.c.all.mu.Lock()
			w.c.cookie = bytes.Clone(verify.Cookie)
			w.c.all.mu.Unlock()
		}
	}
	return w.c.all.conn.write(b, w.c.at, w.c.local)
}

func (w way) Close() error {
	w.c.all.leave(w.c)
	return w.c.in.Close()
}

func (w way) LocalAddr() net.Addr                { return w.c.all.Addr() }
func (w way) SetDeadline(t time.Time) error      { return w.c.in.SetReadDeadline(t) }
func (w way) SetReadDeadline(t time.Time) error  { return w.c.in.SetReadDeadline(t) }
func (w way) SetWriteDeadline(_ time.Time) error { return nil }

// greeting is the handshake message at the front of a datagram, if it is there whole and in the clear; else nil.
func greeting(b []byte) handshake.Message {
	records, err := recordlayer.UnpackDatagram(b)
	var head recordlayer.Header
	if err != nil || len(records) == 0 || head.Unmarshal(records[0]) != nil || head.ContentType != protocol.ContentTypeHandshake || head.Epoch != 0 {
		return nil
	}
	var m handshake.Handshake
	if m.Unmarshal(records[0][recordlayer.FixedHeaderSize:]) != nil {
		return nil
	}
	return m.Message
}
