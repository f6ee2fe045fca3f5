package turn_test

import (
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"passerby/turn"
)

// Another implementation's client, coturn's, relays through us without loss,
// with channels and with indications, over UDP and TCP.
func TestInteropCoturnClient(t *testing.T) {
	tool, err := exec.LookPath("turnutils_uclient")
	if err != nil {
		t.Fatal("turnutils_uclient is missing: install Debian's coturn (apt-get install coturn), as the project's test script does")
	}
	peer := mustEcho(t, "127.0.0.1:0", "")
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
	port := strconv.Itoa(s.UDPAddr().(*net.UDPAddr).Port)
	for name, flags := range map[string][]string{
		"UDP, channels": {}, "UDP, indications": {"-s"}, "TCP, channels": {"-t"}, "TCP, indications": {"-t", "-s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each spends seconds waiting for stragglers
			args := append(flags, "-c", "-n", "20", "-m", "2", "-z", "5", "-l", "300", "-e", peer.Addr().String(), "-r", strconv.Itoa(int(peer.Port())),
				"-u", "ada", "-W", secret, "-p", port, "127.0.0.1")
			out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := received.FindAllSubmatch(out, -1)
			if len(got) == 0 || string(got[len(got)-1][1]) != "40" || string(got[len(got)-1][2]) != "40" {
				t.Errorf("2 clients × 20 messages were not all relayed there and back:\n%s", out)
			}
		})
	}
}

var received = regexp.MustCompile(`tot_send_msgs=(\d+), tot_recv_msgs=(\d+)`)
