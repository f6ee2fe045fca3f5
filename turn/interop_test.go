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
	var echoes []netip.AddrPort // of single-port clients, each its own
	for range 3 {
		echoes = append(echoes, mustEcho(t, "127.0.0.1:0", ""))
	}
	cfg := turn.Config{
		AllowPeerAddrs: append([]netip.AddrPort{peer, peer6, pair, netip.AddrPortFrom(pair.Addr(), pair.Port()+1)}, echoes...), Hairpin: true, TCPRelay: true, Quota: 100, Users: map[string]string{"static": "a password"},
		PublicIP: netip.MustParseAddr("127.0.0.1"), PublicIP6: netip.IPv6Loopback(), TLSListen: "127.0.0.1:0", TLSCert: cert, TLSKey: key, Mobility: true, Shards: 4,
	}
	s := mustListen(t, cfg)
	cfg.Plain = true
	portable := mustListen(t, cfg)
	for cfg.Plain = false; cfg.SinglePort == 0 || cfg.SinglePort%2 != 0; { // the client may ask for an even one
		cfg.SinglePort = freePort(t)
	}
	single := mustListen(t, cfg)
	away := mustListen(t, turn.Config{Alternates: []netip.AddrPort{s.UDPAddr().(*net.UDPAddr).AddrPort()}})
	drain(t, away)
	port := func(a net.Addr) string { _, p, _ := net.SplitHostPort(a.String()); return p }

	const pairs = "-y" // from client to client, each on a relay of ours
	type result struct {
		name, want string
		out        []byte
		err        error
		server     *turn.Server
	}
	results, running := make(chan result), 0
	for name, flags := range map[string][]string{
		"UDP, channels": {"-c"}, "UDP, indications": {"-c", "-s"}, "UDP, padded channels": {"-c", "-D"}, "UDP, more requests": {"-c", "-G"},
		"UDP, client to client": {"-c", pairs}, "UDP, client to client by indications": {"-c", "-s", pairs},
		"UDP, IPv6 relay": {"-c", "-x"}, "UDP, IPv6 relay by indications": {"-c", "-x", "-s"}, "UDP, IPv6 client to client": {"-c", "-x", pairs},
		"TCP, channels": {"-c", "-t"}, "TCP, indications": {"-c", "-t", "-s"}, "TCP, client to client": {"-c", "-t", pairs},
		"TLS, channels": {"-c", "-t", "-S"}, "TLS, indications": {"-c", "-t", "-S", "-s"},
		"DTLS, channels": {"-c", "-S"}, "DTLS, client to client": {"-c", "-S", pairs},
		"portable, channels": {"-c"}, "portable, indications": {"-c", "-s"}, "portable, client to client": {"-c", pairs}, "portable, IPv6 relay": {"-c", "-x"},
		"sent to another server": {"-c"}, "UDP, on the move": {"-c", "-M"}, "TCP, on the move": {"-c", "-t", "-M"},
		"TLS, on the move": {"-c", "-t", "-S", "-M", "-m", "1"}, "DTLS, on the move": {"-c", "-S", "-M", "-m", "1"},
		"static user": {"-c"}, "UDP, a port for RTCP besides": {}, "TCP, a port for RTCP besides": {"-t"},
		"UDP, relays of both families": {"-Z"}, "TCP, relays of both families": {"-Z", "-t"}, "portable, relays of both families": {"-Z"},
		"single port, relays of both families": {"-Z", "-m", "1"}, "TCP relays": {"-T", pairs}, "TCP relays, TLS": {"-T", "-S", pairs},
		"single port": {"-c", "-m", "1"}, "single port, by indications": {"-c", "-s", "-m", "1"},
	} {
		want := "40"
		server, to := s, peer
		if strings.HasPrefix(name, "single port") { // a peer is one client's
			server, want, to = single, "20", echoes[0]
			echoes = echoes[1:]
		}
		if strings.Contains(name, "RTCP") {
			to = pair
		}
		has := func(f string) bool { return slices.Contains(flags, f) }
		if strings.HasPrefix(name, "portable") {
			server = portable
		}
		if name == "sent to another server" {
			server = away
		}
		if has("-S") && has("-M") {
			want = "20"
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
		running++
		go func() { // all at once: each spends seconds waiting for stragglers
			out, err := exec.CommandContext(t.Context(), tool, append(args, "127.0.0.1")...).CombinedOutput()
			for tries := 0; has("-M") && has("-S") && err != nil && bytes.Contains(out, []byte("send: Success")) && tries < 20; tries++ {
				// on one of four moves this client frees its TLS connection twice, and dies of it, with coturn's server too
				out, err = exec.CommandContext(t.Context(), tool, append(args, "127.0.0.1")...).CombinedOutput()
			}
			results <- result{name, want, out, err, server}
		}()
	}
	for range running {
		r := <-results
		t.Run(r.name, func(t *testing.T) {
			if r.err != nil {
				t.Fatalf("%v\n%s", r.err, r.out)
			}
			got := received.FindAllSubmatch(r.out, -1)
			if len(got) == 0 || string(got[len(got)-1][1]) != r.want || string(got[len(got)-1][2]) != r.want {
				t.Errorf("not all %s messages were relayed there and back:\n%s", r.want, r.out)
			}
			if r.server == away && away.Stats().Redirected == 0 {
				t.Error("it was not sent there")
			}
			if strings.HasSuffix(r.name, "on the move") && r.server.Stats().Moved == 0 {
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
