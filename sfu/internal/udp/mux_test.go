package udp_test

import (
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"passerby/sfu/internal/udp"
)

// An attacker with a session of his own sends a check, and DTLS, from the victim's address. The victim's check still reaches
// the victim's session, and what follows does too.
func TestSquattedAddress(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	attacker, victim := newAgent(t, m, "attacker"), newAgent(t, m, "victim")
	b := newBrowser(t, "127.0.0.1", at)
	b.check("attacker")
	b.send(dtls(200))
	attacker.mustGet(dtls(200))
	attacker.session.Established()
	b.check("victim")
	b.send(dtls(300))
	victim.mustGet(dtls(300))
	victim.send(dtls(90))
	if got := b.mustRead(); got != dtls(90) {
		t.Errorf("the browser got %d bytes", len(got))
	}
}

// An address that its session has proven, and uses, is not another's by a check that may be forged; left alone it is.
func TestForgedAddressOfProvenPath(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	attacker, victim := newAgent(t, m, "attacker"), newAgent(t, m, "victim")
	b := newBrowser(t, "127.0.0.1", at)
	b.check("victim")
	b.send(dtls(200))
	victim.mustGet(dtls(200))
	victim.send(dtls(90))
	b.mustRead()
	victim.session.Established()
	b.check("attacker")
	b.send(rtp("still mine"))
	victim.mustGet(rtp("still mine"))
	m.late.Add(int64(31 * time.Second))
	b.check("attacker")
	b.send(rtp("not any more"))
	attacker.mustGet(rtp("not any more"))
}

// Another's check that does not know the password moves nothing.
func TestWrongPassword(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	newAgent(t, m, "attacker")
	victim := newAgent(t, m, "victim")
	b := newBrowser(t, "127.0.0.1", at)
	b.check("victim")
	b.send(string(request("attacker", "guessed").Raw))
	b.send(string(request("nobody", password).Raw))
	b.send(rtp("still mine"))
	victim.mustGet(rtp("still mine"))
}

func TestMovingAddress(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	a := newAgent(t, m, "a")
	for i := range 3 * udp.MaxPaths {
		b := newBrowser(t, "127.0.0.1", at)
		b.send(rtp("too early")) // no check came from here
		b.check("a")
		b.send(rtp(fmt.Sprint(i)))
		a.mustGet(rtp(fmt.Sprint(i)))
		a.send(rtp("+"))
		if got := b.mustRead(); got != rtp("+") {
			t.Fatalf("address %d got %q", i, got)
		}
	}
	if n := m.Stats().Paths; n != udp.MaxPaths {
		t.Errorf("%d paths, want the newest %d", n, udp.MaxPaths)
	}
}

// Two sessions behind one address: to whom the last answered check belonged gets the packets, and both may send.
func TestTwoSessionsOneAddress(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	agents := []*agent{newAgent(t, m, "a"), newAgent(t, m, "b")}
	b := newBrowser(t, "127.0.0.1", at)
	for i := range 6 {
		a := agents[i%2]
		b.check(a.ufrag)
		b.send(rtp(a.ufrag))
		a.mustGet(rtp(a.ufrag))
		a.send(rtp("from " + a.ufrag))
		if got := b.mustRead(); got != rtp("from "+a.ufrag) {
			t.Fatalf("round %d: %q", i, got)
		}
	}
}

// What was closed gets nothing, and its address is free; a session goes on under a new ufrag.
func TestRemoval(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	a := newAgent(t, m, "a")
	b := newBrowser(t, "127.0.0.1", at)
	b.check("a")
	a.session.RemoveConnByUfrag("a")
	b.send(string(request("a", password).Raw))
	eventually(t, "the check of a ufrag that is gone", func() bool { return m.Stats().Unknown == 1 })
	b.send(rtp("to nobody"))
	eventually(t, "a packet to a conn that is closed", func() bool { return m.Stats().Unknown == 2 })
	if _, err := a.conns[0].WriteTo([]byte("x"), b.conn.LocalAddr()); err == nil {
		t.Error("wrote to a closed conn")
	}
	a2, err := a.session.GetConn("a2", at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.session.GetConn("a2", at); err == nil {
		t.Error("two conns of one ufrag")
	}
	if st := m.Stats(); st.Conns != 1 || st.Paths != 1 {
		t.Errorf("after a restart: %+v", st)
	}
	a.session.End()
	if st := m.Stats(); st.Conns != 0 || st.Paths != 0 {
		t.Errorf("after the end: %+v", st)
	}
	if _, _, err := a2.ReadFrom(make([]byte, 100)); err == nil {
		t.Error("read from a closed conn")
	}
	if _, err := a.session.GetConn("a3", at); err == nil {
		t.Error("a conn of an ended session")
	}
}

// A path that never completes DTLS is forgotten, one that did stays.
func TestUnprovenPathExpires(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	proven, other := newAgent(t, m, "proven"), newAgent(t, m, "other")
	b, c := newBrowser(t, "127.0.0.1", at), newBrowser(t, "127.0.0.1", at)
	b.check("proven")
	b.send(dtls(100))
	proven.mustGet(dtls(100))
	proven.send(dtls(100))
	proven.session.Established()
	c.check("other")
	m.late.Add(int64(31 * time.Second))
	c.send(rtp("late"))
	eventually(t, "the packet of a forgotten path", func() bool { return m.Stats().Unknown == 1 })
	b.send(rtp("here"))
	proven.mustGet(rtp("here"))
	newBrowser(t, "127.0.0.1", at).check("proven")
	if n := m.Stats().Paths; n != 2 {
		t.Errorf("%d paths, want the proven one and the new one", n)
	}
	c.check("other") // it may come again
	c.send(rtp("again"))
	other.mustGet(rtp("again"))
}

// When all paths are taken, a new address waits; nobody else is hurt.
func TestPathsAreBounded(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	m.LimitPaths(1)
	a := newAgent(t, m, "a")
	b, c := newBrowser(t, "127.0.0.1", at), newBrowser(t, "127.0.0.1", at)
	b.check("a")
	c.send(string(request("a", password).Raw))
	eventually(t, "the answer to be held back", func() bool { return m.Stats().Unproven == 1 })
	b.send(rtp("on"))
	a.mustGet(rtp("on"))
	m.late.Add(int64(31 * time.Second))
	c.check("a")
}

// Every kind of RFC 7983 and some that are not: what is malformed is dropped, and the call goes on.
func TestMalformed(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	a := newAgent(t, m, "a")
	b := newBrowser(t, "127.0.0.1", at)
	b.check("a")
	valid := string(request("a", password).Raw)
	bad := []string{
		"\x00", "\x00\x01\x00\x00", valid[:19], valid[:20], valid[:len(valid)-4], valid + "\x00\x00\x00\x00", // STUN, cut or with a tail
		valid[:2] + "\xff\xff" + valid[4:],             // a length beyond its end
		valid[:20] + "\x00\x06\xff\xff" + valid[24:],   // an attribute beyond the end
		"\x01\x01" + valid[2:], "\x01\x11" + valid[2:], // answers to nothing
		"\x00\x02" + valid[2:],                 // another method
		"\x02" + valid[1:], "\x03" + valid[1:], // reserved
		"\x10zrtp", "\x13zrtp", "\x04", "\x40\x00\x00\x00", "\x4fxx", // ZRTP, nobody's, TURN channels
		"\x50quic", "\x7f", "\xc0quic", "\xff", // QUIC and the rest
		string(make([]byte, 1601)), dtls(1700), // too long
	}
	for i, p := range bad {
		b.send(p)
		b.send(rtp(fmt.Sprint(i)))
		a.mustGet(rtp(fmt.Sprint(i)))
	}
	for _, p := range []string{"\x14", "\x16\xfe", "\x3f", "\x80", "\x80\xc8", "\xbf"} { // DTLS and RTP are pion's to judge
		b.send(p)
		a.mustGet(p)
	}
	b.check("a")
}

func TestFamilies(t *testing.T) {
	m, at := mustMux(t, "[::]:0", 1, plenty)
	v4, v6 := newAgent(t, m, "v4", "127.0.0.1"), newAgent(t, m, "v6", "::1")
	for ip, a := range map[string]*agent{"127.0.0.1": v4, "::1": v6} {
		b := newBrowser(t, ip, at)
		b.check(a.ufrag)
		b.send(rtp(ip))
		a.mustGet(rtp(ip))
		// pion may give an IPv4 address in IPv6 clothes.
		to := b.addr()
		if _, err := a.conns[0].WriteTo([]byte(rtp("back")), &net.UDPAddr{IP: net.IP(to.Addr().AsSlice()).To16(), Port: int(to.Port())}); err != nil {
			t.Fatal(err)
		}
		if got := b.mustRead(); got != rtp("back") {
			t.Errorf("%s got %q", ip, got)
		}
	}
	newBrowser(t, "127.0.0.1", at).send(string(request("v6", password).Raw))
	eventually(t, "a check of the wrong family", func() bool { return m.Stats().Unknown == 1 })
}

// Several sockets of one port: every address is served, whichever the kernel gives its packets to.
func TestSeveralSockets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("one socket serves a port here")
	}
	m, at := mustMux(t, "127.0.0.1:0", 4, plenty)
	a := newAgent(t, m, "a")
	for i := range 40 {
		b := newBrowser(t, "127.0.0.1", at)
		b.check("a")
		b.send(rtp(fmt.Sprint(i)))
		a.mustGet(rtp(fmt.Sprint(i)))
	}
	if _, err := udp.Listen(at, 2); err == nil {
		t.Error("a port in use was taken again")
	}
}

// A thousand come and go, and leave nothing.
func TestThousand(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	b := newBrowser(t, "127.0.0.1", at)
	for i := range 1000 {
		s := m.Session(nil)
		ufrag := fmt.Sprint("u", i)
		c, err := s.GetConn(ufrag, at)
		if err != nil {
			t.Fatal(err)
		}
		a := &agent{t: t, ufrag: ufrag, session: s, got: make(chan string, 8)}
		done := make(chan struct{})
		go func() { a.read(c); close(done) }()
		b.check(ufrag)
		b.send(rtp(ufrag))
		if i%2 == 0 {
			a.mustGet(rtp(ufrag))
		}
		s.End()
		<-done
	}
	if st := m.Stats(); st.Conns != 0 || st.Paths != 0 {
		t.Errorf("left behind: %+v", st)
	}
}

// No allocation for a packet in or out.
func TestNoAllocation(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	s := m.Session(nil)
	defer s.End()
	pc, err := s.GetConn("a", at)
	if err != nil {
		t.Fatal(err)
	}
	c := pc.(*udp.Conn)
	b := newBrowser(t, "127.0.0.1", at)
	a := &agent{t: t, ufrag: "a", session: s, got: make(chan string, 1)}
	go a.read(c)
	b.check("a")
	b.send(rtp("x"))
	a.mustGet(rtp("x"))
	s.Established()
	out := []byte(rtp("some packet"))
	n := testing.AllocsPerRun(200, func() {
		if _, err := c.WriteToAddrPort(out, b.addr()); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0.5 { // the pool is emptied now and then
		t.Errorf("%v allocations for a packet out", n)
	}
}

func FuzzLocalUfrag(f *testing.F) {
	f.Add(request("ufrag", password).Raw)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 20 {
			return
		}
		if ufrag, ok := udp.LocalUfrag(b); ok && (len(ufrag) == 0 || len(ufrag) > 513) {
			t.Errorf("ufrag of %d bytes", len(ufrag))
		}
	})
}
