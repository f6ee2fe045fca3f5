package turn

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// halves is a pipe of which each end may say that it will send no more.
type halves struct {
	net.Conn
	r *io.PipeReader
	w *io.PipeWriter
}

func (h halves) Read(b []byte) (int, error)  { return h.r.Read(b) }
func (h halves) Write(b []byte) (int, error) { return h.w.Write(b) }
func (h halves) CloseWrite() error           { return h.w.Close() }
func (h halves) SetDeadline(time.Time) error { return nil }
func (h halves) Close() error {
	_ = h.w.Close()
	return h.r.Close()
}

func newHalves() (a, b halves) {
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	return halves{r: r1, w: w2}, halves{r: r2, w: w1}
}

// Who has said his last is kept as long as the other goes on, and not for ever for a peer who has gone silent.
func TestHalfClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTunnels(&Server{cfg: Config{TCPRelay: true}.withDefaults()})
		from := netip.MustParseAddrPort("192.0.2.1:5000")
		a := &allocation{tcp: &tcpAllocation{ends: make(map[netip.AddrPort]*end)}}
		a.tcp.relays[0] = &tcpRelay{}
		ours, client := newHalves()
		theirs, peer := newHalves()
		n.mu.Lock()
		tunnel := newTunnel()
		e, code := n.admit(a, from, tunnel)
		tunnel.ends = [2]*end{e, {tunnel: tunnel, conn: theirs, done: make(chan struct{})}}
		n.mu.Unlock()
		if code != 0 {
			t.Fatal(code)
		}
		ended := make(chan struct{})
		go func() { n.run(e, ours); close(ended) }()
		_ = client.CloseWrite()
		if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("the peer hears of it by %v", err)
		}
		for range 10 { // a download that goes on
			time.Sleep(halfClosed - time.Second)
			if _, err := peer.Write([]byte("more")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(client, make([]byte, 4)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * halfClosed)
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Error("a silent peer is kept")
		}
		if _, err := peer.Write([]byte("x")); err == nil {
			t.Error("the peer's connection is open")
		}
		n.turns.Wait()
		if n.count() != 0 || len(a.tcp.ends) != 0 {
			t.Errorf("%d tunnels are left", n.count())
		}
	})
}

// What goes through a relayed connection takes from each limit that there is, and waits its turn: half a second's worth, 16 KiB at least, goes at once.
func TestTunnelsArePaced(t *testing.T) {
	const slow = 80_000 // bits a second
	for name, c := range map[string]Config{
		"allocation": {MaxBandwidth: slow}, "user": {MaxUserBandwidth: slow}, "server": {MaxTotalBandwidth: slow},
		"the strictest": {MaxBandwidth: 10 * slow, MaxUserBandwidth: slow, MaxTotalBandwidth: 5 * slow},
	} {
		for _, inside := range []bool{false, true} { // to a peer outside, or to another client
			synctest.Test(t, func(t *testing.T) {
				c.TCPRelay = true
				began := time.Now()
				n := newTunnels(&Server{cfg: c.withDefaults(), clock: time.Now, began: began, limits: newBandwidth(c)})
				newEnd := func(tunnel *tunnel, peer string) *end {
					a := &allocation{tcp: &tcpAllocation{ends: make(map[netip.AddrPort]*end)}, meter: &meter{user: new(account)}}
					a.tcp.relays[0] = &tcpRelay{}
					e, code := n.admit(a, netip.MustParseAddrPort(peer), tunnel)
					if code != 0 {
						t.Fatal(code)
					}
					return e
				}
				ours, client := newHalves()
				theirs, peer := newHalves()
				n.mu.Lock()
				tunnel := newTunnel()
				tunnel.ends = [2]*end{newEnd(tunnel, "192.0.2.1:5000"), {tunnel: tunnel, conn: theirs, done: make(chan struct{})}}
				if inside {
					tunnel.ends[1] = newEnd(tunnel, "192.0.2.2:5000")
				}
				n.mu.Unlock()
				n.turns.Go(func() { n.run(tunnel.ends[0], ours) })
				if inside {
					n.turns.Go(func() { n.run(tunnel.ends[1], theirs) })
				}
				n.turns.Go(func() { _, _ = peer.Write(make([]byte, burstBytes+100_000)); _ = peer.CloseWrite() })
				if got, err := io.Copy(io.Discard, client); err != nil || got != burstBytes+100_000 {
					t.Errorf("%d bytes arrive, %v", got, err)
				}
				if took := time.Since(began); took < 10*time.Second || took > 10*time.Second+time.Millisecond || n.held.Load() == 0 {
					t.Errorf("%s, inside %v: took %v, want 10 s; waited %d times", name, inside, took, n.held.Load())
				}
				n.end(tunnel)
				n.turns.Wait()
			})
		}
	}
}

// A connection that waits for bandwidth ends at once when its allocation does.
func TestPacedTunnelEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTunnels(&Server{clock: time.Now, began: time.Now()})
		var spent bucket
		r := newRate(leastRate)
		spent.take(r, burstBytes, 0)
		tunnel := newTunnel()
		n.turns.Go(func() { n.end(tunnel) })
		if n.pay(tunnel, toll{{r, &spent}}, burstBytes) || n.server.since() != 0 {
			t.Errorf("it paid, after %v", n.server.since())
		}
		n.turns.Wait()
	})
}
