package turn_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// shows is the MOBILITY-TICKET of a request (RFC 8016).
func shows(ticket []byte) attribute { return attribute{0x8030, ticket} }

// mustTicket is that of an answer.
func mustTicket(t testing.TB, m *stun.Message) []byte {
	t.Helper()
	v, err := m.Get(0x8030)
	if err != nil || len(v) != 32 || bytes.IndexByte(v, 0) >= 0 { // coturn's client keeps it in 33 bytes, as a string
		t.Fatalf("ticket %q (%v)", v, err)
	}
	return v
}

// mustRoamer is mustRawOver for a client that reads ChannelData, too, as it comes.
func mustRoamer(t testing.TB, network string, s *turn.Server, who credentials) *raw {
	t.Helper()
	r := mustRawOver(t, network, s, who)
	if f, ok := r.conn.(framed); ok {
		r.conn = f.Conn
	}
	return r
}

// hears reports whether a text comes to a client.
func (r *raw) hears(text string) bool {
	buf := make([]byte, 2000)
	_ = r.conn.SetReadDeadline(time.Now().Add(3 * time.Second))
	for {
		n, err := r.conn.Read(buf)
		if err != nil {
			return false
		}
		if bytes.Contains(buf[:n], []byte(text)) {
			return true
		}
	}
}

// says sends a text to a peer, by an indication.
func (r *raw) says(text string, to netip.AddrPort) {
	r.t.Helper()
	if _, err := r.conn.Write(sendIndication(peerAddress(to), attribute{stun.AttrData, []byte(text)})); err != nil {
		r.t.Fatal(err)
	}
}

// mustHear waits for a text at a peer, and tells who sent it.
func mustHear(t testing.TB, peer *net.UDPConn, text string) netip.AddrPort {
	t.Helper()
	buf := make([]byte, 2000)
	_ = peer.SetReadDeadline(time.Now().Add(3 * time.Second))
	for {
		n, from, err := peer.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatalf("%q does not come to the peer: %v", text, err)
		}
		if string(buf[:n]) == text {
			return from
		}
	}
}

// mustQuietPeer is a peer that a test speaks for.
func mustQuietPeer(t testing.TB) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// A client comes again and again from another address, mostly another shard's, by turns over UDP and TCP: its relay, permission and channel stay. Until it
// has sent something from there, what it sends from the old address goes out, and what its peer says comes to the old address; afterwards only the new one counts.
func TestMobility(t *testing.T) {
	for name, cfg := range map[string]turn.Config{"batched": {Shards: 4}, "plain": {Plain: true}, "single port": {Shards: 4, SinglePort: freePort(t)}} {
		t.Run(name, func(t *testing.T) {
			peer, at := mustQuietPeer(t)
			cfg.Mobility, cfg.AllowPeerAddrs = true, []netip.AddrPort{at}
			s := mustListen(t, cfg)
			here := mustRaw(t, s, good("ada"))
			m := here.must(stun.MethodAllocate, udp, shows(nil))
			ticket := mustTicket(t, m)
			here.must(stun.MethodChannelBind, channel(0x4001), peerAddress(at))
			here.says("first", at)
			relay := mustHear(t, peer, "first")
			tell := func(who *raw, text string) {
				t.Helper()
				if _, err := peer.WriteToUDPAddrPort([]byte(text), relay); err != nil {
					t.Fatal(err)
				}
				if !who.hears(text) {
					t.Fatalf("%q does not come to the client", text)
				}
			}
			const moves = 12
			for i := range moves {
				there := mustRoamer(t, []string{"udp", "tcp", "tcp", "udp"}[i%4], s, good("ada"))
				next := mustTicket(t, there.must(stun.MethodRefresh, shows(ticket)))
				if bytes.Equal(next, ticket) {
					t.Fatal("the same ticket again")
				}
				tell(here, fmt.Sprint("to the old address ", i))
				here.says(fmt.Sprint("from the old address ", i), at)
				mustHear(t, peer, fmt.Sprint("from the old address ", i))
				there.says(fmt.Sprint("from the new address ", i), at)
				if from := mustHear(t, peer, fmt.Sprint("from the new address ", i)); from != relay {
					t.Fatalf("the relay was %v, and is %v", relay, from)
				}
				tell(there, fmt.Sprint("to the new address ", i))
				if got := code(here.ask(stun.MethodRefresh)); got != 437 {
					t.Errorf("the old address: %d, want 437", got)
				}
				there.must(stun.MethodChannelBind, channel(0x4001), peerAddress(at))
				here, ticket = there, next
			}
			if st := s.Stats(); st.Moved != moves || st.Allocations != 1 {
				t.Errorf("%d moves of %d allocations", st.Moved, st.Allocations)
			}
			here.must(stun.MethodRefresh, lifetime(0))
			if n := s.Stats().Allocations; n != 0 {
				t.Errorf("%d allocations after the end", n)
			}
		})
	}
}

// What a ticket does not open, and what is asked wrongly.
func TestMobilityIsRefused(t *testing.T) {
	s := mustListen(t, turn.Config{Mobility: true, Shards: 4, MaxPerAddress: 4})
	off := mustListen(t, turn.Config{})
	here := mustRaw(t, s, good("ada"))
	used := mustTicket(t, here.must(stun.MethodAllocate, udp, shows(nil)))
	there := mustRaw(t, s, good("ada"))
	ticket := mustTicket(t, there.must(stun.MethodRefresh, shows(used)))
	there.ask(stun.MethodRefresh) // hands over
	other := mustRaw(t, s, good("ada"))
	other.must(stun.MethodAllocate, udp)
	forged := bytes.Clone(ticket)
	forged[20] ^= 1
	for _, tt := range []struct {
		name   string
		who    *raw
		method stun.Method
		with   []stun.Setter
		want   int
	}{
		{"somebody else's ticket", mustRaw(t, s, good("eve")), stun.MethodRefresh, []stun.Setter{shows(ticket)}, 441},
		{"a ticket again", mustRaw(t, s, good("ada")), stun.MethodRefresh, []stun.Setter{shows(used)}, 437},
		{"a forged ticket", mustRaw(t, s, good("ada")), stun.MethodRefresh, []stun.Setter{shows(forged)}, 437},
		{"half a ticket", mustRaw(t, s, good("ada")), stun.MethodRefresh, []stun.Setter{shows(ticket[:16])}, 437},
		{"more than a ticket", mustRaw(t, s, good("ada")), stun.MethodRefresh, []stun.Setter{shows(append(bytes.Clone(ticket), 'A'))}, 437},
		{"no text", mustRaw(t, s, good("ada")), stun.MethodRefresh, []stun.Setter{shows(make([]byte, 32))}, 437},
		{"an address that has an allocation", other, stun.MethodRefresh, []stun.Setter{shows(ticket)}, 437},
		{"an address with its share", mustFull(t, s, "127.0.0.2", 4), stun.MethodRefresh, []stun.Setter{shows(ticket)}, 405},
		{"an empty ticket", there, stun.MethodRefresh, []stun.Setter{shows(nil)}, 400},
		{"an allocation with a ticket", mustRaw(t, s, good("ada")), stun.MethodAllocate, []stun.Setter{udp, shows(ticket)}, 400},
		{"where nobody may move", mustRaw(t, off, good("ada")), stun.MethodAllocate, []stun.Setter{udp, shows(nil)}, 405},
		{"a ticket where nobody may move", mustRaw(t, off, good("ada")), stun.MethodRefresh, []stun.Setter{shows(ticket)}, 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.who.t = t
			if got := code(tt.who.ask(tt.method, tt.with...)); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
	stranger := mustRaw(t, s, credentials{good("ada").username, "a guess"})
	if got := code(stranger.ask(stun.MethodRefresh, shows(ticket))); got != 401 {
		t.Errorf("a wrong password: %d, want 401", got)
	}
	if v, err := other.must(stun.MethodRefresh).Get(0x8030); err == nil {
		t.Errorf("who never asked for a ticket got %q", v)
	}
	if st := s.Stats(); st.Moved != 1 {
		t.Errorf("%d moves", st.Moved)
	}
	there.must(stun.MethodRefresh) // it was nobody's but hers
}

// mustFull is a client at an address that holds as many allocations as it may.
func mustFull(t testing.TB, s *turn.Server, ip string, n int) *raw {
	t.Helper()
	for range n {
		mustRawFrom(t, s, good("ben"), ip+":0").must(stun.MethodAllocate, udp)
	}
	return mustRawFrom(t, s, good("ada"), ip+":0")
}

// Answers get lost: a Refresh that is sent again is answered the same, and the ticket before is good for a while, from a third address too. An address from
// which nothing came in time is not waited for.
func TestMobilityLosesAnswers(t *testing.T) {
	peer, at := mustQuietPeer(t)
	clock := newClock()
	s := mustListenAt(t, turn.Config{Mobility: true, Shards: 4, AllowPeerAddrs: []netip.AddrPort{at}}, clock.now)
	first := mustRaw(t, s, good("ada"))
	ticket := mustTicket(t, first.must(stun.MethodAllocate, udp, shows(nil)))
	first.must(stun.MethodCreatePermission, peerAddress(at))
	second, third := mustRaw(t, s, good("ada")), mustRaw(t, s, good("ada"))
	b := second.request(stun.MethodRefresh, shows(ticket))
	if one, two := second.send(b), second.send(b); code(one) != 0 || !bytes.Equal(one.Raw, two.Raw) {
		t.Errorf("first %v, then %v", one, two)
	}
	newest := mustTicket(t, third.must(stun.MethodRefresh, shows(ticket)))
	if got := code(second.ask(stun.MethodRefresh)); got != 437 {
		t.Errorf("where it no longer comes from: %d, want 437", got)
	}
	clock.pass(31 * time.Second)
	third.says("too late", at)
	if got := code(third.ask(stun.MethodRefresh, shows(ticket))); got != 437 {
		t.Errorf("the ticket before, after its time: %d, want 437", got)
	}
	first.says("still here", at)
	mustHear(t, peer, "still here")
	if n := s.Stats().Moved; n != 0 {
		t.Errorf("%d moves", n)
	}
	kept := mustTicket(t, first.must(stun.MethodRefresh, shows(newest)))
	clock.pass(601 * time.Second)
	await(t, "the allocation ends", func() bool { return s.Stats().Allocations == 0 })
	if got := code(third.ask(stun.MethodRefresh, shows(kept))); got != 437 {
		t.Errorf("a ticket for nothing: %d, want 437", got)
	}
}

// A connection that ends leaves the allocation to its client, who comes again, until its time is over; who cannot move loses it at once.
func TestMobilityAfterTheConnection(t *testing.T) {
	clock := newClock()
	s := mustListenAt(t, turn.Config{Mobility: true, Shards: 4}, clock.now)
	gone := mustRoamer(t, "tcp", s, good("ada"))
	m := gone.must(stun.MethodAllocate, udp, shows(nil))
	mustRawOver(t, "tcp", s, good("ben")).must(stun.MethodAllocate, udp)
	left := mustRoamer(t, "tcp", s, good("eve"))
	left.must(stun.MethodAllocate, udp)
	gone.conn.Close()
	left.conn.Close()
	await(t, "who cannot move ends", func() bool { return s.Stats().Allocations == 2 })
	back := mustRaw(t, s, good("ada"))
	back.must(stun.MethodRefresh, shows(mustTicket(t, m)))
	back.must(stun.MethodRefresh)
	again := mustRoamer(t, "tcp", s, good("eve"))
	again.must(stun.MethodAllocate, udp, shows(nil))
	again.conn.Close()
	clock.pass(601 * time.Second)
	await(t, "time is over", func() bool { return s.Stats().Allocations == 0 })
}

// While a client moves, another client of this server talks to it without a pause.
func TestMobilityUnderTraffic(t *testing.T) {
	s := mustListen(t, turn.Config{Mobility: true, Shards: 4, Hairpin: true, PublicIP: netip.MustParseAddr("203.0.113.7")})
	here, ben := mustRaw(t, s, good("ada")), mustRaw(t, s, good("ben"))
	m, his := here.must(stun.MethodAllocate, udp, shows(nil)), relayed(ben.must(stun.MethodAllocate, udp))
	ticket, hers := mustTicket(t, m), relayed(m)
	here.must(stun.MethodCreatePermission, peerAddress(his))
	ben.must(stun.MethodCreatePermission, peerAddress(hers))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = ben.conn.Write(sendIndication(peerAddress(hers), attribute{stun.AttrData, []byte("hello")}))
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	for range 20 {
		there := mustRaw(t, s, good("ada"))
		ticket = mustTicket(t, there.must(stun.MethodRefresh, shows(ticket)))
		there.must(stun.MethodRefresh)
		if !there.hears("hello") {
			t.Fatal("nothing comes to the new address")
		}
	}
}
