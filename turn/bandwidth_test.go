package turn_test

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// What a limit lets through: half a second's worth at once, then exactly its rate, however the packets come; what found no room does not count.
func TestBucket(t *testing.T) {
	const bits = 800_000 // 100,000 bytes a second
	take := turn.Bucket(bits)
	count := func(at time.Duration, packets, size int) (bytes int) {
		for range packets {
			if take(size, at) {
				bytes += size
			}
		}
		return bytes
	}
	if got := count(time.Hour, 200, 1000); got != 50_000 {
		t.Errorf("at once: %d bytes, want 50000", got)
	}
	got := 0
	for i := range 1000 { // ten seconds
		got += count(time.Hour+time.Duration(i+1)*10*time.Millisecond, 5, 700)
	}
	if got < 999_000 || got > 1_000_000 {
		t.Errorf("in ten seconds: %d bytes, want a million", got)
	}
	if got := count(2*time.Hour, 200, 1000); got != 50_000 {
		t.Errorf("after an hour of silence: %d bytes, want 50000", got)
	}
}

// Shards that take from one bucket at the same time get together what one would.
func TestBucketIsShared(t *testing.T) {
	take := turn.Bucket(1_600_000_000) // 100,000 packets of 1000 bytes at once
	var wg sync.WaitGroup
	var got atomic.Int64
	for range 8 {
		wg.Go(func() {
			for range 20_000 {
				if take(1000, time.Hour) {
					got.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got.Load() != 100_000 {
		t.Errorf("%d packets, want 100000", got.Load())
	}
}

// Each limit holds where it should, to peers and to clients each for itself: of an allocation, of a user, of all; and what it drops is counted for it.
func TestBandwidthLimits(t *testing.T) {
	const bits = 800_000
	for name, tt := range map[string]struct {
		cfg     turn.Config
		clients []string // that send as much as one may
		want    int      // packets of 1000 bytes that go through, of 100 for each
		over    func(turn.Stats) uint64
	}{
		"of an allocation": {turn.Config{MaxBandwidth: bits}, []string{"ada", "ada"}, 100, func(st turn.Stats) uint64 { return st.OverAllocation }},
		"of a user":        {turn.Config{MaxUserBandwidth: bits}, []string{"ada", "ada", "ben"}, 100, func(st turn.Stats) uint64 { return st.OverUser }},
		"of all":           {turn.Config{MaxTotalBandwidth: bits, Shards: 1}, []string{"ada", "ben"}, 48 /* a shard takes 3200 bytes at once */, func(st turn.Stats) uint64 { return st.OverServer }},
		"plain":            {turn.Config{MaxBandwidth: bits, Plain: true}, []string{"ada"}, 50, func(st turn.Stats) uint64 { return st.OverAllocation }},
		"both":             {turn.Config{MaxBandwidth: bits * 3 / 2, MaxUserBandwidth: bits}, []string{"ada", "ada"}, 50, func(st turn.Stats) uint64 { return st.OverUser }},
		"none":             {turn.Config{}, []string{"ada"}, 100, func(turn.Stats) uint64 { return 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			peer, at := mustQuietPeer(t)
			clock := newClock()
			tt.cfg.AllowPeerAddrs = []netip.AddrPort{at}
			s := mustListenAt(t, tt.cfg, clock.now)
			relays := make([]netip.AddrPort, len(tt.clients))
			for i, name := range tt.clients {
				c := mustRaw(t, s, good(name))
				relays[i] = relayed(c.must(stun.MethodAllocate, udp))
				c.must(stun.MethodCreatePermission, peerAddress(at))
				for range 5 { // no more under way than a socket holds
					before := s.Stats()
					for range 20 {
						c.says(string(make([]byte, 1000)), at)
					}
					await(t, "the packets go or are dropped", func() bool {
						now := s.Stats()
						return now.ToPeers+tt.over(now) == before.ToPeers+tt.over(before)+20
					})
				}
			}
			sent := 100 * len(tt.clients)
			if st := s.Stats(); int(st.ToPeers) != tt.want || int(tt.over(st)) != sent-tt.want || st.Dropped != 0 {
				t.Errorf("to peers: %d packets, %d over, %d dropped; want %d of %d", st.ToPeers, tt.over(st), st.Dropped, tt.want, sent)
			}
			over := tt.over(s.Stats())
			for i := range tt.clients { // the other way is another matter
				to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), relays[i].Port())
				for range 5 {
					before := s.Stats()
					for range 20 {
						if _, err := peer.WriteToUDPAddrPort(make([]byte, 1000), to); err != nil {
							t.Fatal(err)
						}
					}
					await(t, "the answers go or are dropped", func() bool {
						now := s.Stats()
						return now.ToClients+tt.over(now) == before.ToClients+tt.over(before)+20
					})
				}
			}
			if st := s.Stats(); int(st.ToClients) != tt.want || int(tt.over(st)-over) != sent-tt.want {
				t.Errorf("to clients: %d packets, %d over; want %d of %d", st.ToClients, tt.over(st)-over, tt.want, sent)
			}
		})
	}
}

// Between two clients of this server each has his own limit.
func TestBandwidthInside(t *testing.T) {
	clock := newClock()
	s := mustListenAt(t, turn.Config{Hairpin: true, PublicIP: netip.MustParseAddr("203.0.113.7"), MaxBandwidth: 800_000}, clock.now)
	ada, ben := mustRaw(t, s, good("ada")), mustRaw(t, s, good("ben"))
	hers, his := relayed(ada.must(stun.MethodAllocate, udp)), relayed(ben.must(stun.MethodAllocate, udp))
	ada.must(stun.MethodCreatePermission, peerAddress(his))
	ben.must(stun.MethodCreatePermission, peerAddress(hers))
	for n := range uint64(4) {
		for range 20 {
			ada.says(string(make([]byte, 1000)), his)
		}
		await(t, "the packets go or are dropped", func() bool { now := s.Stats(); return now.ToClients+now.OverAllocation == 20*(n+1) })
	}
	if st := s.Stats(); st.ToClients != 50 || st.OverAllocation != 30 {
		t.Errorf("%d packets, %d over; want 50 and 30", st.ToClients, st.OverAllocation)
	}
}

// An allocation ends when its time is over, however often it is refreshed; its client is told what is left.
func TestMaxLifetime(t *testing.T) {
	clock := newClock()
	s := mustListenAt(t, turn.Config{MaxLifetime: 15 * time.Minute}, clock.now)
	c := mustRaw(t, s, good("ada"))
	if got := lifetimeOf(c.must(stun.MethodAllocate, udp)); got != 600 {
		t.Errorf("an allocation of %d s, want 600", got)
	}
	if got := lifetimeOf(c.must(stun.MethodRefresh, lifetime(3600))); got != 900 {
		t.Errorf("refreshed for %d s, want 900", got)
	}
	clock.pass(10 * time.Minute)
	if got := lifetimeOf(c.must(stun.MethodRefresh, lifetime(600))); got != 300 {
		t.Errorf("refreshed for %d s, want 300", got)
	}
	clock.pass(299*time.Second + 900*time.Millisecond)
	if got := lifetimeOf(c.must(stun.MethodRefresh)); got != 1 {
		t.Errorf("refreshed for %d s, want 1", got)
	}
	clock.pass(200 * time.Millisecond)
	await(t, "it ends", func() bool { return s.Stats().Allocations == 0 })
	c.must(stun.MethodAllocate, udp)
}

// BenchmarkPacket is one ChannelData message through a shard, without sockets: without limits, and with each.
func BenchmarkPacket(b *testing.B) {
	for _, tt := range []struct {
		name string
		cfg  turn.Config
	}{
		{"off", turn.Config{}}, {"allocation", turn.Config{MaxBandwidth: 1e12}}, {"user", turn.Config{MaxUserBandwidth: 1e12}}, {"all", turn.Config{MaxTotalBandwidth: 1e12}},
		{"three", turn.Config{MaxBandwidth: 1e12, MaxUserBandwidth: 1e12, MaxTotalBandwidth: 1e12}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			packet := turn.PacketPath(b, tt.cfg)
			b.ReportAllocs()
			for b.Loop() {
				packet()
			}
		})
	}
}
