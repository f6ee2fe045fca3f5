package turn_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"passerby/internal/testenv"
	"passerby/turn"
)

// freePort is a port that nobody has, and no outgoing connection is given.
func freePort(t testing.TB) uint16 {
	t.Helper()
	return netip.MustParseAddrPort(testenv.FreeAddr(t)).Port()
}

// Many clients, one relay port: each hears his own peer, and a peer that is taken is another's only when it is free again.
func TestSinglePort(t *testing.T) {
	for _, plain := range []bool{false, true} {
		for _, network := range []string{"udp", "tcp"} {
			t.Run(fmt.Sprint(network, " plain ", plain), func(t *testing.T) {
				port := freePort(t)
				var peers []netip.AddrPort
				for range 6 {
					peers = append(peers, mustPeer(t, "127.0.0.1:0"))
				}
				s := mustListen(t, turn.Config{AllowPeerAddrs: peers, SinglePort: port, Plain: plain, Shards: 2})
				var relays []net.PacketConn
				for i, peer := range peers {
					relay, err := mustDial(t, network, s, good("ada")).Allocate()
					if err != nil {
						t.Fatal(err)
					}
					defer relay.Close()
					relays = append(relays, relay)
					if at := relay.LocalAddr().(*net.UDPAddr); at.Port != int(port) {
						t.Errorf("a relay at %v, want port %d", at, port)
					}
					for j := range 8 { // indications, then a channel
						if err := exchange(relay, peer, fmt.Sprint(i, " ", j)); err != nil {
							t.Fatalf("client %d, packet %d: %v", i, j, err)
						}
					}
				}
				late, err := mustDial(t, network, s, good("ada")).Allocate()
				if err != nil {
					t.Fatal(err)
				}
				defer late.Close()
				before := s.Stats()
				if _, err := late.WriteTo([]byte("mine?"), net.UDPAddrFromAddrPort(peers[0])); err != nil {
					t.Fatal(err)
				}
				await(t, "what goes to another's peer is dropped", func() bool { return s.Stats().Dropped > before.Dropped })
				if err := exchange(relays[0], peers[0], "mine"); err != nil {
					t.Errorf("who had the peer: %v", err)
				}
				relays[0].Close()
				await(t, "one ends", func() bool { return s.Stats().Allocations == len(peers) })
				if err := exchange(late, peers[0], "mine now"); err != nil {
					t.Errorf("the peer is free: %v", err)
				}
			})
		}
	}
}

// A wish for a port of one's own is refused.
func TestSinglePortHasNoPairs(t *testing.T) {
	c := mustRaw(t, mustListen(t, turn.Config{SinglePort: freePort(t)}), good("ada"))
	if got := code(c.ask(stun.MethodAllocate, udp, evenPort(0x80))); got != 508 {
		t.Errorf("a pair of ports: %d, want 508", got)
	}
	c.must(stun.MethodAllocate, udp)
}

// Two pairs of strangers who have nothing but relays on one port of one server meet by ICE, each the right one. The address that they are told is nobody's here.
func TestSinglePortMeetsByICE(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			s := mustListen(t, turn.Config{SinglePort: freePort(t), Hairpin: true, PublicIP: netip.MustParseAddr("203.0.113.7"), Shards: 2})
			var calls [2][2]*ice.Conn
			for i := range calls {
				calls[i] = meet(t, s, network, fmt.Sprint("pair ", i))
			}
			buf := make([]byte, 100)
			for i, call := range calls {
				for end := range call {
					text := fmt.Sprint("pair ", i, " end ", end)
					var n int
					for range 5 {
						if _, err := call[end].Write([]byte(text)); err != nil {
							t.Fatal(err)
						}
						_ = call[1-end].SetReadDeadline(time.Now().Add(time.Second))
						if n, _ = call[1-end].Read(buf); n > 0 {
							break
						}
					}
					if string(buf[:n]) != text {
						t.Errorf("%q arrived, want %q", buf[:n], text)
					}
				}
			}
			if s.Stats().Hairpin < 4 {
				t.Error("it went another way")
			}
		})
	}
}

// meet lets two ICE agents that may only relay find each other.
func meet(t *testing.T, s *turn.Server, network, name string) (ends [2]*ice.Conn) {
	t.Helper()
	who := good(name)
	at := s.UDPAddr().(*net.UDPAddr)
	proto := stun.ProtoTypeUDP
	if network == "tcp" {
		proto = stun.ProtoTypeTCP
	}
	var agents [2]*ice.Agent
	var found [2]chan ice.Candidate
	for i := range agents {
		a, err := ice.NewAgentWithOptions(
			ice.WithUrls([]*stun.URI{{Scheme: stun.SchemeTypeTURN, Host: at.IP.String(), Port: at.Port, Proto: proto, Username: who.username, Password: who.password}}),
			ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}), ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeRelay}), ice.WithIncludeLoopback(),
		)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		agents[i], found[i] = a, make(chan ice.Candidate, 10)
		if err := a.OnCandidate(func(c ice.Candidate) {
			if c != nil {
				found[i] <- c
			}
		}); err != nil {
			t.Fatal(err)
		}
		if err := a.GatherCandidates(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i, a := range agents {
		select {
		case c := <-found[i]:
			if err := agents[1-i].AddRemoteCandidate(c); err != nil {
				t.Fatal(err)
			}
		case <-ctx.Done():
			t.Fatal("no candidate")
		}
		_ = a
	}
	type result struct {
		end  int
		conn *ice.Conn
		err  error
	}
	done := make(chan result, 2)
	for i, connect := range []func(context.Context, string, string) (*ice.Conn, error){agents[0].Dial, agents[1].Accept} {
		ufrag, pwd, err := agents[1-i].GetLocalUserCredentials()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := connect(ctx, ufrag, pwd)
			done <- result{i, c, err}
		}()
	}
	for range ends {
		r := <-done
		if r.err != nil {
			t.Fatal(r.err)
		}
		ends[r.end] = r.conn
	}
	return ends
}
