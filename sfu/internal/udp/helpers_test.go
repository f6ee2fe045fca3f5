package udp_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"go.uber.org/goleak"

	"passerby/sfu/internal/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is how long a test waits for what must come.
const soon = 10 * time.Second

var plenty = udp.Rate{Bits: 1e9, Packets: 1e6}

func mustMux(t testing.TB, at string, sockets int, rate udp.Rate) (*mux, *net.UDPAddr) {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	list, err := udp.Listen(addr, sockets)
	if err != nil {
		t.Fatal(err)
	}
	bound := list[0].LocalAddr().(*net.UDPAddr)
	m := &mux{}
	now := func() int64 { return time.Now().UnixNano() + m.late.Load() }
	m.Mux, err = udp.NewAt(udp.Config{Sockets: list, Addrs: []net.Addr{bound}, Rate: rate}, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m, bound
}

// mux is a Mux whose clock can be put forward.
type mux struct {
	*udp.Mux
	late atomic.Int64 // nanoseconds
}

// agent stands for pion: it answers the checks that are its own, and keeps the rest.
type agent struct {
	t       testing.TB
	ufrag   string
	session *udp.Session
	conns   []net.PacketConn
	got     chan string

	mu   sync.Mutex
	from net.Addr // of the last packet that was kept
}

const password = "a password of twenty-two"

func newAgent(t testing.TB, m *mux, ufrag string, families ...string) *agent {
	t.Helper()
	return newAgentOf(t, m.Session(nil), ufrag, families...)
}

func newAgentOf(t testing.TB, s *udp.Session, ufrag string, families ...string) *agent {
	t.Helper()
	a := &agent{t: t, ufrag: ufrag, session: s, got: make(chan string, 4096)}
	if len(families) == 0 {
		families = []string{"127.0.0.1"}
	}
	var work sync.WaitGroup
	for _, ip := range families {
		c, err := a.session.GetConn(ufrag, &net.UDPAddr{IP: net.ParseIP(ip)})
		if err != nil {
			t.Fatal(err)
		}
		a.conns = append(a.conns, c)
		work.Go(func() { a.read(c) })
	}
	t.Cleanup(func() {
		a.session.End()
		work.Wait()
	})
	return a
}

func (a *agent) read(c net.PacketConn) {
	b := make([]byte, 2000)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		m := &stun.Message{Raw: append([]byte(nil), b[:n]...)}
		if !stun.IsMessage(m.Raw) {
			a.mu.Lock()
			a.from = from
			a.mu.Unlock()
			a.got <- string(b[:n])
			continue
		}
		if m.Decode() != nil || stun.MessageIntegrity(password).Check(m) != nil {
			continue
		}
		answer := stun.MustBuild(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: from.(*net.UDPAddr).IP, Port: from.(*net.UDPAddr).Port},
			stun.NewShortTermIntegrity(password), stun.Fingerprint)
		if _, err := c.WriteTo(answer.Raw, from); err != nil {
			return
		}
	}
}

// mustGet waits for a packet.
func (a *agent) mustGet(want string) {
	a.t.Helper()
	select {
	case got := <-a.got:
		if got != want {
			a.t.Fatalf("%s got %q, want %q", a.ufrag, got, want)
		}
	case <-time.After(soon):
		a.t.Fatalf("%s did not get %q", a.ufrag, want)
	}
}

// send writes to where the last packet came from.
func (a *agent) send(b string) {
	a.t.Helper()
	a.mu.Lock()
	to := a.from
	a.mu.Unlock()
	if _, err := a.conns[0].WriteTo([]byte(b), to); err != nil {
		a.t.Fatal(err)
	}
}

// browser is a socket.
type browser struct {
	t      testing.TB
	conn   *net.UDPConn
	server *net.UDPAddr
}

func newBrowser(t testing.TB, at string, server *net.UDPAddr) *browser {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(at)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ip := server.IP
	if ip.IsUnspecified() {
		ip = net.ParseIP(at)
	}
	return &browser{t, conn, &net.UDPAddr{IP: ip, Port: server.Port}}
}

func (b *browser) addr() netip.AddrPort { return b.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (b *browser) send(packet string) {
	b.t.Helper()
	if _, err := b.conn.WriteToUDP([]byte(packet), b.server); err != nil {
		b.t.Fatal(err)
	}
}

func request(ufrag, pass string) *stun.Message {
	return stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername(ufrag+":browser"),
		stun.NewShortTermIntegrity(pass), stun.Fingerprint)
}

// check sends a check and waits for its answer, past what else comes.
func (b *browser) check(ufrag string) {
	b.t.Helper()
	m := request(ufrag, password)
	b.send(string(m.Raw))
	for {
		got := &stun.Message{Raw: []byte(b.mustRead())}
		if stun.IsMessage(got.Raw) && got.Decode() == nil && got.Type == stun.BindingSuccess && got.TransactionID == m.TransactionID {
			return
		}
	}
}

func (b *browser) mustRead() string {
	b.t.Helper()
	got, ok := b.read(soon)
	if !ok {
		b.t.Fatal("the browser waits in vain")
	}
	return got
}

func (b *browser) read(wait time.Duration) (string, bool) {
	b.t.Helper()
	buf := make([]byte, 2000)
	_ = b.conn.SetReadDeadline(time.Now().Add(wait))
	n, err := b.conn.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", false
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return string(buf[:n]), true
}

// dtls is a record of a handshake that cannot be told from a true one here, with n bytes.
func dtls(n int) string {
	b := make([]byte, n)
	b[0], b[1], b[2] = 22, 0xfe, 0xfd
	return string(b)
}

func rtp(s string) string { return "\x80" + s }

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(soon)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
