package turn_test

import (
	"bytes"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"passerby/turn"
)

// Another implementation's client, coturn's, relays through us without loss in every mode that it has and we claim.
func TestInteropCoturnClient(t *testing.T) {
	tool, err := exec.LookPath("turnutils_uclient")
	if err != nil {
		t.Fatal("turnutils_uclient is missing: install Debian's coturn (apt-get install coturn), as the project's test script does")
	}
	peer, peer6 := mustEcho(t, "127.0.0.1:0", ""), mustEcho(t, "[::1]:0", "")
	pair := mustEchoPair(t)
	cert, key := mustCertificate(t, t.TempDir(), "first")
	cfg := turn.Config{
		AllowPeerAddrs: []netip.AddrPort{peer, peer6, pair, netip.AddrPortFrom(pair.Addr(), pair.Port()+1)}, Hairpin: true, Quota: 100, Users: map[string]string{"static": "a password"},
		PublicIP: netip.MustParseAddr("127.0.0.1"), PublicIP6: netip.IPv6Loopback(), TLSListen: "127.0.0.1:0", TLSCert: cert, TLSKey: key, Mobility: true, Shards: 4,
	}
	s := mustListen(t, cfg)
	cfg.Plain = true
	portable := mustListen(t, cfg)
	cfg.Plain, cfg.SinglePort = false, freePort(t)&^1 // the client may ask for an even one
	single := mustListen(t, cfg)
	away := mustListen(t, turn.Config{Alternates: []netip.AddrPort{s.UDPAddr().(*net.UDPAddr).AddrPort()}})
	drain(t, away)
	port := func(a net.Addr) string { _, p, _ := net.SplitHostPort(a.String()); return p }

	const pairs = "-y" // from client to client, each on a relay of ours
	for name, flags := range map[string][]string{
		"UDP, channels": {"-c"}, "UDP, indications": {"-c", "-s"}, "UDP, padded channels": {"-c", "-D"}, "UDP, more requests": {"-c", "-G"},
		"UDP, client to client": {"-c", pairs}, "UDP, client to client by indications": {"-c", "-s", pairs},
		"UDP, IPv6 relay": {"-c", "-x"}, "UDP, IPv6 relay by indications": {"-c", "-x", "-s"}, "UDP, IPv6 client to client": {"-c", "-x", pairs},
		"TCP, channels": {"-c", "-t"}, "TCP, indications": {"-c", "-t", "-s"}, "TCP, client to client": {"-c", "-t", pairs},
		"TLS, channels": {"-c", "-t", "-S"}, "TLS, indications": {"-c", "-t", "-S", "-s"},
		"DTLS, channels": {"-c", "-S"}, "DTLS, client to client": {"-c", "-S", pairs},
		"portable, channels": {"-c"}, "portable, indications": {"-c", "-s"}, "portable, client to client": {"-c", pairs}, "portable, IPv6 relay": {"-c", "-x"},
		"static user": {"-c"}, "sent to another server": {"-c"}, "UDP, on the move": {"-c", "-M"}, "TCP, on the move": {"-c", "-t", "-M"}, "TLS, on the move": {"-c", "-t", "-S", "-M", "-m", "1"}, "DTLS, on the move": {"-c", "-S", "-M", "-m", "1"},
		"UDP, a port for RTCP besides": {}, "TCP, a port for RTCP besides": {"-t"},
		"single port": {"-c", "-m", "1"}, "single port, by indications": {"-c", "-s", "-m", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each spends seconds waiting for stragglers
			has := func(f string) bool { return slices.Contains(flags, f) }
			want := "40"
			server, to := s, peer
			if strings.HasPrefix(name, "single port") { // a peer is one client's
				server, want = single, "20"
			}
			if has("-S") && has("-M") {
				want = "20"
			}
			if strings.Contains(name, "RTCP") {
				to = pair
			}
			if name == "sent to another server" {
				server = away
			}
			if strings.HasPrefix(name, "portable") {
				server = portable
			}
			if has("-x") {
				to = peer6
			}
			args := append([]string{"-m", "2"}, append(flags, "-n", "20", "-z", "5", "-l", "300", "-p", port(server.UDPAddr()))...)
			if has("-S") {
				args[len(args)-1] = port(server.TLSAddr())
			}
			if !has(pairs) {
				args = append(args, "-e", to.Addr().String(), "-r", strconv.Itoa(int(to.Port())))
			}
			if name == "static user" {
				args = append(args, "-u", "static", "-w", "a password")
			} else {
				args = append(args, "-u", "ada", "-W", secret)
			}
			out, err := exec.CommandContext(t.Context(), tool, append(args, "127.0.0.1")...).CombinedOutput()
			for tries := 0; has("-M") && has("-S") && err != nil && bytes.Contains(out, []byte("send: Success")) && tries < 20; tries++ {
				// on one of four moves this client frees its TLS connection twice, and dies of it, with coturn's server too
				out, err = exec.CommandContext(t.Context(), tool, append(args, "127.0.0.1")...).CombinedOutput()
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := received.FindAllSubmatch(out, -1)
			if len(got) == 0 || string(got[len(got)-1][1]) != want || string(got[len(got)-1][2]) != want {
				t.Errorf("not all %s messages were relayed there and back:\n%s", want, out)
			}
			if server == away && away.Stats().Redirected == 0 {
				t.Error("it was not sent there")
			}
			if has("-M") && server.Stats().Moved == 0 {
				t.Error("the client did not move")
			}
		})
	}
}

// mustEchoPair is an echo on a port and on the one above.
func mustEchoPair(t testing.TB) netip.AddrPort {
	t.Helper()
	for range 50 {
		low := freePort(t)
		c, err := net.ListenPacket("udp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(low)+1)))
		if err != nil {
			continue
		}
		c.Close()
		mustEcho(t, c.LocalAddr().String(), "")
		return mustEcho(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(int(low))), "")
	}
	t.Fatal("no two ports in a row")
	return netip.AddrPort{}
}

var received = regexp.MustCompile(`tot_send_msgs=(\d+), tot_recv_msgs=(\d+)`)
