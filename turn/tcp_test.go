package turn_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

var tcp = attribute{stun.AttrRequestedTransport, []byte{6, 0, 0, 0}}

// framed reads one message at a time, so that a connection does for raw what a socket does.
type framed struct{ net.Conn }

func (f framed) Read(b []byte) (int, error) {
	if _, err := io.ReadFull(f.Conn, b[:20]); err != nil {
		return 0, err
	}
	n := 20 + int(binary.BigEndian.Uint16(b[2:]))
	_, err := io.ReadFull(f.Conn, b[20:n])
	return n, err
}

// mustRawOver is mustRaw over "udp", "tcp" or "tls".
func mustRawOver(t testing.TB, network string, s *turn.Server, who credentials) *raw {
	t.Helper()
	if network == "udp" {
		return mustRaw(t, s, who)
	}
	c := mustConnect(t, network, s)
	return &raw{t: t, conn: framed{c}, who: who}
}

func mustConnect(t testing.TB, network string, s *turn.Server) net.Conn {
	t.Helper()
	var c net.Conn
	var err error
	if network == "tls" {
		c, err = tls.Dial("tcp", s.TLSAddr().String(), &tls.Config{InsecureSkipVerify: true})
	} else {
		c, err = net.Dial("tcp", s.TCPAddr().String())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func connectionID(id uint32) attribute {
	return attribute{stun.AttrConnectionID, binary.BigEndian.AppendUint32(nil, id)}
}

// idOf is the CONNECTION-ID of a message, 0 for none.
func idOf(m *stun.Message) uint32 {
	v, err := m.Get(stun.AttrConnectionID)
	if err != nil || len(v) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(v)
}

// attempt is the next ConnectionAttempt that comes: its connection, and who the peer is.
func (r *raw) attempt() (uint32, netip.AddrPort) {
	r.t.Helper()
	buf := make([]byte, 2000)
	_ = r.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := r.conn.Read(buf)
	if err != nil {
		r.t.Fatal(err)
	}
	m := &stun.Message{Raw: buf[:n]}
	var a stun.XORMappedAddress
	if err := m.Decode(); err != nil || m.Type != stun.NewType(stun.MethodConnectionAttempt, stun.ClassIndication) || a.GetFromAs(m, stun.AttrXORPeerAddress) != nil {
		r.t.Fatalf("no ConnectionAttempt but %v (%v)", m, err)
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	return idOf(m), netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
}

// mustBind is the connection of the client that carries the data of a connection of its allocation.
func (r *raw) mustBind(network string, s *turn.Server, id uint32) net.Conn {
	r.t.Helper()
	c := mustConnect(r.t, network, s)
	data := &raw{t: r.t, conn: framed{c}, who: r.who, nonce: r.nonce} // that of the control connection, as clients have it
	data.must(stun.MethodConnectionBind, connectionID(id))
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// mustServe is a TCP peer: it does with each connection what f does, and closes it.
func mustServe(t testing.TB, addr string, f func(*net.TCPConn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _ = c.SetDeadline(time.Now().Add(10 * time.Second)); f(c.(*net.TCPConn)) }()
		}
	}()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// greet says hello, and when the other has said its last, how much that was.
func greet(c *net.TCPConn) {
	_, _ = c.Write([]byte("hello "))
	n, _ := io.Copy(io.Discard, c)
	fmt.Fprint(c, n)
}

// A client reaches a peer by TCP: what the peer says before the client has come for it arrives, much goes through unharmed, and each side may end its half.
func TestTCPRelay(t *testing.T) {
	cert, key := mustCertificate(t, t.TempDir(), "first")
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		peer := mustServe(t, addr, greet)
		s := mustListen(t, turn.Config{
			TCPRelay: true, AllowPeerAddrs: []netip.AddrPort{peer}, PublicIP: netip.MustParseAddr("127.0.0.1"), PublicIP6: netip.IPv6Loopback(),
			TLSListen: "127.0.0.1:0", TLSCert: cert, TLSKey: key,
		})
		for _, networks := range [][2]string{{"tcp", "tcp"}, {"tls", "tls"}, {"tcp", "tls"}} {
			t.Run(fmt.Sprint(peer, networks), func(t *testing.T) {
				before := s.Stats()
				c := mustRawOver(t, networks[0], s, good("ada"))
				c.must(stun.MethodAllocate, tcp, additional(2))
				id := idOf(c.must(stun.MethodConnect, peerAddress(peer)))
				data := c.mustBind(networks[1], s, id)
				payload := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
				if _, err := data.Write(payload); err != nil {
					t.Fatal(err)
				}
				if err := data.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				want := "hello 1048576"
				if b, err := io.ReadAll(data); err != nil || string(b) != want {
					t.Errorf("%q (%v), want %q", b, err, want)
				}
				await(t, "the tunnel ends", func() bool { return s.Stats().Tunnels == 0 })
				if st := s.Stats(); st.Tunnelled-before.Tunnelled != 1 || st.TunnelToPeers-before.TunnelToPeers != 1<<20 || st.TunnelToClients-before.TunnelToClients != uint64(len(want)) {
					t.Errorf("counted: %+v", st)
				}
				c.must(stun.MethodRefresh, lifetime(0))
			})
		}
	}
}

// Who comes from outside is announced if he has a permission, and turned away if not.
func TestTCPRelayIsReached(t *testing.T) {
	s := mustListen(t, turn.Config{TCPRelay: true, PublicIP: netip.MustParseAddr("127.0.0.1"), AllowPeers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	c := mustRawOver(t, "tcp", s, good("ada"))
	relay := relayed(c.must(stun.MethodAllocate, tcp)).String()
	c.must(stun.MethodCreatePermission, peer("127.0.0.1:1"))
	from := func(ip string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
		p, err := d.Dial("tcp", relay)
		if err == nil {
			t.Cleanup(func() { p.Close() })
			_ = p.SetDeadline(time.Now().Add(5 * time.Second))
		}
		return p, err
	}
	if p, err := from("127.0.0.2"); err == nil { // else turned away before that
		if _, err := p.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("a stranger is not turned away: %v", err)
		}
	}
	p, err := from("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	id, who := c.attempt()
	if who.String() != p.LocalAddr().String() {
		t.Errorf("announced as %v, came from %v", who, p.LocalAddr())
	}
	if got := code(c.ask(stun.MethodConnect, peerAddress(who))); got != 446 {
		t.Errorf("a connection to who is connected: %d, want 446", got)
	}
	data := c.mustBind("tcp", s, id)
	if _, err := data.Write([]byte("pong")); err != nil {
		t.Fatal(err)
	}
	for end, want := range map[net.Conn]string{data: "ping", p: "pong"} {
		b := make([]byte, 4)
		if _, err := io.ReadFull(end, b); err != nil || string(b) != want {
			t.Errorf("%q (%v), want %q", b, err, want)
		}
	}
	p.Close()
	if b, err := io.ReadAll(data); err != nil || len(b) > 0 {
		t.Errorf("after the peer has gone: %q, %v", b, err)
	}
}

// Two clients of one server are connected without a way through the kernel, by the addresses that they are told.
func TestTCPRelayToRelay(t *testing.T) {
	s := mustListen(t, turn.Config{TCPRelay: true, Hairpin: true, PublicIP: netip.MustParseAddr("203.0.113.7")})
	ada, ben := mustRawOver(t, "tcp", s, good("ada")), mustRawOver(t, "tcp", s, good("ben"))
	a, b := relayed(ada.must(stun.MethodAllocate, tcp)), relayed(ben.must(stun.MethodAllocate, tcp))
	if got := code(ada.ask(stun.MethodConnect, peerAddress(b))); got != 447 {
		t.Errorf("without a permission of the other: %d, want 447", got)
	}
	if got := code(ada.ask(stun.MethodConnect, peerAddress(a))); got != 403 {
		t.Errorf("to itself: %d, want 403", got)
	}
	ben.must(stun.MethodCreatePermission, peerAddress(a))
	id := idOf(ada.must(stun.MethodConnect, peerAddress(b)))
	other, who := ben.attempt()
	if who != a {
		t.Errorf("announced as %v, not %v", who, a)
	}
	first := ada.mustBind("tcp", s, id)
	if _, err := first.Write([]byte("early")); err != nil {
		t.Fatal(err)
	}
	second := ben.mustBind("tcp", s, other)
	if _, err := second.Write([]byte("late!")); err != nil {
		t.Fatal(err)
	}
	for end, want := range map[net.Conn]string{first: "late!", second: "early"} {
		got := make([]byte, 5)
		if _, err := io.ReadFull(end, got); err != nil || string(got) != want {
			t.Errorf("%q (%v), want %q", got, err, want)
		}
	}
	first.Close()
	if _, err := second.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the other has gone: %v", err)
	}
	second.Close()
	await(t, "the tunnel ends", func() bool { return s.Stats().Tunnels == 0 })
}

// Another implementation's client, pion's, connects and is connected to.
func TestTCPRelayWithPion(t *testing.T) {
	peer := mustServe(t, "127.0.0.1:0", func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
	s := mustListen(t, turn.Config{TCPRelay: true, PublicIP: netip.MustParseAddr("127.0.0.1"), AllowPeers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	a, err := mustDial(t, "tcp", s, good("ada")).AllocateTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	out, err := a.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(peer))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in := make(chan net.Conn, 1)
	go func() {
		c, err := a.AcceptTCP()
		if err != nil {
			t.Error(err)
		}
		in <- c
	}()
	p, err := net.Dial("tcp", a.Addr().String()) // the permission for the peer that was dialled is one for its address
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c := <-in
	if c == nil {
		t.FailNow()
	}
	defer c.Close()
	go func() { _, _ = io.Copy(c, c) }()
	for name, end := range map[string]net.Conn{"to a peer": out, "from a peer": p} {
		_ = end.SetDeadline(time.Now().Add(5 * time.Second))
		b := make([]byte, 5)
		if _, err := end.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(end, b); err != nil || string(b) != "hello" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}
