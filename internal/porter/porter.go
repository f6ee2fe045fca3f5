package porter

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"passerby/internal/caller"
)

// Protocols of TURN and STUN over TLS (RFC 7443).
const (
	protocolTURN = "stun.turn"
	protocolSTUN = "stun.nat-discovery"
)

// HTTP and TURN are what a listener offers by ALPN.
var (
	HTTP = []string{"h2", "http/1.1"}
	TURN = []string{protocolTURN, protocolSTUN}
)

// Config is what a Porter is made from.
type Config struct {
	TLS  *tls.Config
	TURN func(net.Conn) bool // takes a connection, or reports false and leaves it; nil: there is no TURN

	Patience   time.Duration // for the handshake and the first bytes together; default 10 s
	Most       int           // clients that have not said enough yet; default 4096
	PerAddress int           // of them from one IPv4 address or IPv6 /64; default 256
}

// Porter is the listener of the HTTP clients; those of TURN are handed on.
type Porter struct {
	cfg  Config
	raw  net.Listener
	http chan net.Conn
	gone chan struct{} // closed by Close

	mu      sync.Mutex // guards what follows
	waiting map[net.Conn]netip.Prefix
	homes   map[netip.Prefix]int
	closed  bool
	turns   sync.WaitGroup
}

var _ net.Listener = (*Porter)(nil)

// New makes a Porter of a TCP listener, which it closes. Nobody is let in before Run.
func New(l net.Listener, cfg Config) *Porter {
	if cfg.Patience == 0 {
		cfg.Patience = 10 * time.Second
	}
	if cfg.Most == 0 {
		cfg.Most = 4096
	}
	if cfg.PerAddress == 0 {
		cfg.PerAddress = 256
	}
	return &Porter{
		cfg: cfg, raw: l, http: make(chan net.Conn), gone: make(chan struct{}), waiting: map[net.Conn]netip.Prefix{}, homes: map[netip.Prefix]int{},
	}
}

// Addr is where clients come in.
func (p *Porter) Addr() net.Addr { return p.raw.Addr() }

// Accept waits for an HTTP client. It is a *tls.Conn when it chose its protocol by ALPN, so that net/http speaks that.
func (p *Porter) Accept() (net.Conn, error) {
	select {
	case c := <-p.http:
		return c, nil
	case <-p.gone:
		return nil, net.ErrClosed
	}
}

// Close ends Run, and closes those who have not said enough yet; who was let in goes on. It may be called more than once.
func (p *Porter) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	close(p.gone)
	for c := range p.waiting {
		_ = c.Close()
	}
	return p.raw.Close()
}

// Run lets clients in until Close; transient failures are waited out.
func (p *Porter) Run() error {
	for {
		c, err := p.raw.Accept()
		if errors.Is(err, net.ErrClosed) {
			p.turns.Wait()
			return nil
		}
		if err != nil { // out of descriptors, or a client gone before it was accepted
			select {
			case <-time.After(50 * time.Millisecond):
			case <-p.gone:
			}
			continue
		}
		if !p.admit(c) {
			_ = c.Close()
		}
	}
}

func (p *Porter) admit(c net.Conn) bool {
	addr, _ := netip.ParseAddrPort(c.RemoteAddr().String())
	from := caller.NetworkOf(addr.Addr())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.waiting) >= p.cfg.Most || p.homes[from] >= p.cfg.PerAddress {
		return false
	}
	p.waiting[c] = from
	p.homes[from]++
	p.turns.Go(func() { p.meet(c) })
	return true
}

func (p *Porter) leave(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := p.waiting[c]
	delete(p.waiting, c)
	if p.homes[from]--; p.homes[from] == 0 {
		delete(p.homes, from)
	}
}

// meet finds out what a client wants and hands it on, or closes it.
func (p *Porter) meet(raw net.Conn) {
	defer p.leave(raw)
	_ = raw.SetDeadline(time.Now().Add(p.cfg.Patience))
	c := tls.Server(raw, p.cfg.TLS)
	conn, turn, err := p.ask(c)
	if err == nil {
		err = raw.SetDeadline(time.Time{})
	}
	if err != nil || !p.handOn(conn, turn) {
		_ = raw.Close() // without a last word, which could wait for who does not read
	}
}

// ask shakes hands and listens to the first bytes, which the returned connection still has.
func (p *Porter) ask(c *tls.Conn) (conn net.Conn, turn bool, err error) {
	if err := c.Handshake(); err != nil {
		return nil, false, err
	}
	switch c.ConnectionState().NegotiatedProtocol {
	case protocolTURN, protocolSTUN:
		return c, true, nil
	case "h2", "http/1.1":
		return c, false, nil
	case "":
	default: // a proof for a CA, which is the handshake itself
		return nil, false, net.ErrClosed
	}
	first := make([]byte, stunEnough)
	if _, err := io.ReadFull(c, first); err != nil {
		return nil, false, err
	}
	return &heard{c, first}, p.cfg.TURN != nil && isSTUN(first), nil
}

func (p *Porter) handOn(c net.Conn, turn bool) bool {
	if turn {
		return p.cfg.TURN(c)
	}
	select {
	case p.http <- c:
		return true
	case <-p.gone:
		return false
	}
}

// stunEnough is how many bytes tell a STUN message from an HTTP request; both are longer.
const stunEnough = 8

const magicCookie = 0x2112a442

// isSTUN looks at the first bytes of a message (RFC 8489, section 5). A TURN client's first message is never ChannelData.
func isSTUN(b []byte) bool {
	return b[0] < 0x40 && b[3]%4 == 0 && binary.BigEndian.Uint32(b[4:]) == magicCookie
}

// heard is a connection some of whose bytes were read already.
type heard struct {
	*tls.Conn
	first []byte
}

// Read is used by one goroutine, as the servers behind it do.
func (h *heard) Read(b []byte) (int, error) {
	if len(h.first) > 0 {
		n := copy(b, h.first)
		h.first = h.first[n:]
		return n, nil
	}
	return h.Conn.Read(b)
}
