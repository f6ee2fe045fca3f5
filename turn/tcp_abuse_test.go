package turn_test

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// What is asked wrongly, or not allowed, is refused with the code that RFC 6062 names.
func TestTCPErrorCodes(t *testing.T) {
	open := mustServe(t, "127.0.0.1:0", greet)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	s := mustListen(t, turn.Config{
		TCPRelay: true, Mobility: true, AllowPeerAddrs: []netip.AddrPort{open, nobody},
		AllowPeers: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, DenyPeers: []netip.Prefix{netip.MustParsePrefix("9.9.9.0/24")},
	})
	off := mustListen(t, turn.Config{})
	tcpClient := func(s *turn.Server, name string) *raw { return mustRawOver(t, "tcp", s, good(name)) }
	ada := tcpClient(s, "ada")
	relay := relayed(ada.must(stun.MethodAllocate, tcp))
	id := idOf(ada.must(stun.MethodConnect, peerAddress(open)))
	datagrams := mustRaw(t, s, good("ben"))
	datagrams.must(stun.MethodAllocate, udp)
	fresh := func(name string) *raw { return tcpClient(s, name) }
	for _, tt := range []struct {
		name   string
		who    *raw
		method stun.Method
		with   []stun.Setter
		want   int
	}{
		{"where it is off", tcpClient(off, "ada"), stun.MethodAllocate, []stun.Setter{tcp}, 442},
		{"where it is off, over UDP", mustRaw(t, off, good("ada")), stun.MethodAllocate, []stun.Setter{tcp}, 442},
		{"an allocation over UDP", mustRaw(t, s, good("ben")), stun.MethodAllocate, []stun.Setter{tcp}, 400},
		{"another transport", fresh("ben"), stun.MethodAllocate, []stun.Setter{attribute{stun.AttrRequestedTransport, []byte{33, 0, 0, 0}}}, 442},
		{"an even port", fresh("ben"), stun.MethodAllocate, []stun.Setter{tcp, evenPort(0)}, 400},
		{"a token", fresh("ben"), stun.MethodAllocate, []stun.Setter{tcp, token(make([]byte, 8))}, 400},
		{"DONT-FRAGMENT", fresh("ben"), stun.MethodAllocate, []stun.Setter{tcp, attribute{stun.AttrDontFragment, nil}}, 400},
		{"to be taken elsewhere", fresh("ben"), stun.MethodAllocate, []stun.Setter{tcp, shows(nil)}, 405},
		{"IPv6 where there is none", fresh("ben"), stun.MethodAllocate, []stun.Setter{tcp, family(2)}, 440},
		{"a connection of nothing", fresh("ben"), stun.MethodConnect, []stun.Setter{peerAddress(open)}, 437},
		{"a connection of an allocation for UDP", datagrams, stun.MethodConnect, []stun.Setter{peerAddress(open)}, 437},
		{"a connection to nobody", ada, stun.MethodConnect, nil, 400},
		{"a connection to port 0", ada, stun.MethodConnect, []stun.Setter{peer("8.8.8.8:0")}, 400},
		{"a connection to two", ada, stun.MethodConnect, []stun.Setter{peerAddress(open), peerAddress(nobody)}, 400},
		{"the same again", ada, stun.MethodConnect, []stun.Setter{peerAddress(open)}, 446},
		{"who does not listen", ada, stun.MethodConnect, []stun.Setter{peerAddress(nobody)}, 447},
		{"itself", ada, stun.MethodConnect, []stun.Setter{peerAddress(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), relay.Port()))}, 403},
		{"another port of an allowed address", ada, stun.MethodConnect, []stun.Setter{peer("127.0.0.1:65535")}, 403},
		{"the inside", ada, stun.MethodConnect, []stun.Setter{peer("10.0.0.1:8080")}, 403},
		{"the inside in IPv6", ada, stun.MethodConnect, []stun.Setter{peer("[::ffff:10.0.0.1]:8080")}, 403},
		{"metadata", ada, stun.MethodConnect, []stun.Setter{peer("169.254.169.254:8080")}, 403},
		{"a denied network", ada, stun.MethodConnect, []stun.Setter{peer("9.9.9.9:8080")}, 403},
		{"the server itself", ada, stun.MethodConnect, []stun.Setter{peerAddress(s.TCPAddr().(*net.TCPAddr).AddrPort())}, 403},
		{"a mail server", ada, stun.MethodConnect, []stun.Setter{peer("8.8.8.8:25")}, 403},
		{"another family", ada, stun.MethodConnect, []stun.Setter{peer("[2620:fe::fe]:8080")}, 443},
		{"a channel", ada, stun.MethodChannelBind, []stun.Setter{channel(0x4001), peerAddress(open)}, 403},
		{"binding without a number", fresh("ada"), stun.MethodConnectionBind, nil, 400},
		{"binding a number of three bytes", fresh("ada"), stun.MethodConnectionBind, []stun.Setter{attribute{stun.AttrConnectionID, []byte{1, 2, 3}}}, 400},
		{"binding what is not there", fresh("ada"), stun.MethodConnectionBind, []stun.Setter{connectionID(id + 1)}, 400},
		{"binding what is another's", fresh("eve"), stun.MethodConnectionBind, []stun.Setter{connectionID(id)}, 441},
		{"binding over UDP", mustRaw(t, s, good("ada")), stun.MethodConnectionBind, []stun.Setter{connectionID(id)}, 400},
		{"binding over a control connection", ada, stun.MethodConnectionBind, []stun.Setter{connectionID(id)}, 400},
		{"binding with what is unknown", fresh("ada"), stun.MethodConnectionBind, []stun.Setter{connectionID(id), attribute{0x7001, nil}}, 420},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.who.t = t
			m := tt.who.ask(tt.method, tt.with...)
			if code(m) != tt.want {
				t.Fatalf("%d, want %d", code(m), tt.want)
			}
			if err := stun.NewLongTermIntegrity(tt.who.who.username, "passerby", tt.who.who.password).Check(m); err != nil {
				t.Errorf("the refusal is not signed: %v", err)
			}
		})
	}
	ada.t = t
	data := ada.mustBind("tcp", s, id) // after all that
	b := make([]byte, 5)
	if _, err := io.ReadFull(data, b); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	if got := code(fresh("ada").ask(stun.MethodConnectionBind, connectionID(id))); got != 400 {
		t.Errorf("a second time: %d, want 400", got)
	}
	if st := s.Stats(); st.Refused["well-known port"] != 1 || st.Refused["this machine"] == 0 {
		t.Errorf("refusals: %v", st.Refused)
	}
}

// A nonce is good for the two connections of one client, and for no third.
func TestConnectionBindNonce(t *testing.T) {
	peer := mustServe(t, "127.0.0.1:0", greet)
	s := mustListen(t, turn.Config{TCPRelay: true, AllowPeerAddrs: []netip.AddrPort{peer}})
	c, other := mustRawOver(t, "tcp", s, good("ada")), mustRawOver(t, "tcp", s, good("ada"))
	c.must(stun.MethodAllocate, tcp)
	id := idOf(c.must(stun.MethodConnect, peerAddress(peer)))
	other.challenge()
	third := mustRawOver(t, "tcp", s, good("ada"))
	third.nonce = other.nonce
	if got := code(third.ask(stun.MethodConnectionBind, connectionID(id))); got != 438 {
		t.Errorf("a nonce of another connection: %d, want 438", got)
	}
	c.mustBind("tcp", s, id)
}

// Connections are bounded: for an allocation, for an address, and in all.
func TestTunnelsAreBounded(t *testing.T) {
	l, err := net.Listen("tcp4", "0.0.0.0:0") // the system takes who comes
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, tt := range map[string]struct {
		cfg        turn.Config
		room, want int
	}{
		"an allocation": {turn.Config{}, turn.MaxEnds, 486},
		"an address":    {turn.Config{MaxPerAddress: 3}, 3, 486},
		"all":           {turn.Config{MaxTCP: 3}, 3, 508},
	} {
		t.Run(name, func(t *testing.T) {
			tt.cfg.TCPRelay, tt.cfg.AllowPeers = true, loopback
			s := mustListen(t, tt.cfg)
			c := mustRawOver(t, "tcp", s, good("ada"))
			c.must(stun.MethodAllocate, tcp)
			connect := func(i int) int {
				return code(c.ask(stun.MethodConnect, peerAddress(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}), port))))
			}
			for i := range tt.room {
				if got := connect(i); got != 0 {
					t.Fatalf("connection %d of %d: %d", i+1, tt.room, got)
				}
			}
			if got := connect(tt.room); got != tt.want {
				t.Errorf("one more: %d, want %d", got, tt.want)
			}
			if n := s.Stats().Tunnels; n != tt.room {
				t.Errorf("%d tunnels, want %d", n, tt.room)
			}
		})
	}
}

// A flood of peers fills no more than its allocation's share, and those whom nobody comes for are let go.
func TestTunnelsTimeOut(t *testing.T) {
	clock := newClock()
	s := mustListenAt(t, turn.Config{TCPRelay: true, PublicIP: netip.MustParseAddr("127.0.0.1"), AllowPeers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, clock.now)
	c := mustRawOver(t, "tcp", s, good("ada"))
	relay := relayed(c.must(stun.MethodAllocate, tcp))
	c.must(stun.MethodCreatePermission, peer("127.0.0.1:1"))
	var flood []net.Conn
	for range turn.MaxEnds + 8 {
		p, err := net.Dial("tcp", relay.String())
		if err != nil {
			continue // turned away at once
		}
		defer p.Close()
		_ = p.SetReadDeadline(time.Now().Add(5 * time.Second))
		flood = append(flood, p)
	}
	id, _ := c.attempt()
	for range turn.MaxEnds - 1 {
		c.attempt()
	}
	if n := s.Stats().Tunnels; n != turn.MaxEnds {
		t.Errorf("%d tunnels, want %d", n, turn.MaxEnds)
	}
	clock.pass(29 * time.Second)
	data := c.mustBind("tcp", s, id)
	clock.pass(2 * time.Second)
	await(t, "the others are let go", func() bool { return s.Stats().Tunnels == 1 })
	if st := s.Stats(); st.Abandoned != turn.MaxEnds-1 {
		t.Errorf("%d were abandoned", st.Abandoned)
	}
	if _, err := data.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	lives := 0
	for _, p := range flood {
		if _, err := p.Read(make([]byte, 1)); err == nil {
			lives++
		} else if isTimeout(err) {
			t.Error("a peer is neither served nor let go")
		}
	}
	if lives != 1 {
		t.Errorf("%d peers are served, want 1", lives)
	}
}

// With an allocation all ends that is of it, whichever way it ends.
func TestTunnelsEndWithTheAllocation(t *testing.T) {
	peer := mustServe(t, "127.0.0.1:0", func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
	for name, end := range map[string]func(s *turn.Server, c *raw){
		"given back":         func(_ *turn.Server, c *raw) { c.must(stun.MethodRefresh, lifetime(0)) },
		"control connection": func(_ *turn.Server, c *raw) { c.conn.Close() },
		"server":             func(s *turn.Server, _ *raw) { _ = s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			s := mustListen(t, turn.Config{TCPRelay: true, PublicIP: netip.MustParseAddr("127.0.0.1"), AllowPeerAddrs: []netip.AddrPort{peer}})
			c := mustRawOver(t, "tcp", s, good("ada"))
			relay := relayed(c.must(stun.MethodAllocate, tcp))
			data := c.mustBind("tcp", s, idOf(c.must(stun.MethodConnect, peerAddress(peer))))
			end(s, c)
			if _, err := data.Read(make([]byte, 1)); err == nil || isTimeout(err) {
				t.Errorf("the client's connection: %v", err)
			}
			await(t, "nothing is held", func() bool { return s.Stats().Tunnels == 0 && s.Stats().Allocations == 0 })
			if p, err := net.Dial("tcp", relay.String()); err == nil {
				p.Close()
				t.Error("the port still listens")
			}
		})
	}
}

// Who reads slowly slows his peer down, and costs no memory here beyond that.
func TestTunnelHoldsBack(t *testing.T) {
	wrote := make(chan int64, 1)
	peer := mustServe(t, "127.0.0.1:0", func(c *net.TCPConn) {
		_ = c.SetWriteBuffer(64 << 10)
		_ = c.SetDeadline(time.Now().Add(500 * time.Millisecond))
		n, err := io.Copy(c, endless{})
		if !isTimeout(err) {
			n = -1
		}
		wrote <- n
	})
	s := mustListen(t, turn.Config{TCPRelay: true, AllowPeerAddrs: []netip.AddrPort{peer}})
	c := mustRawOver(t, "tcp", s, good("ada"))
	c.must(stun.MethodAllocate, tcp)
	data := c.mustBind("tcp", s, idOf(c.must(stun.MethodConnect, peerAddress(peer))))
	if n := <-wrote; n < 0 || n > 64<<20 {
		t.Errorf("a peer got rid of %d bytes that nobody read", n)
	}
	if _, err := io.Copy(io.Discard, data); err != nil { // all of it arrives
		t.Error(err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
