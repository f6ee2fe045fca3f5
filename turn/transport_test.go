package turn_test

import (
	"crypto/tls"
	"net"
	"net/netip"
	"testing"

	"github.com/pion/dtls/v3"
	pion "github.com/pion/turn/v4"

	"passerby/turn"
)

// What clients do is counted by how they come in, and adds up.
func TestStatsByTransport(t *testing.T) {
	cert, key := mustCertificate(t, t.TempDir(), "first")
	s := mustListen(t, turn.Config{
		TLSListen: "127.0.0.1:0", TLSCert: cert, TLSKey: key, PublicIP: netip.MustParseAddr("127.0.0.1"), AllowPeers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	peer := mustPeer(t, "127.0.0.1:0")
	secure, err := tls.Dial("tcp", s.TLSAddr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	at := net.UDPAddrFromAddrPort(s.TLSAddr().(*net.TCPAddr).AddrPort())
	datagram, err := dtls.DialWithOptions("udp4", at, dtls.WithInsecureSkipVerify(true))
	if err != nil {
		t.Fatal(err)
	}
	clients := [...]client{
		turn.UDP: mustDial(t, "udp", s, good("ada")), turn.TCP: mustDial(t, "tcp", s, good("ada")),
		turn.TLS: mustClient(t, pion.NewSTUNConn(secure), s, good("ada")), turn.DTLS: mustClient(t, pion.NewSTUNConn(datagram), s, good("ada")),
	}
	for transport, c := range clients {
		relay, err := c.Allocate()
		if err != nil {
			t.Fatalf("%v: %v", turn.Transport(transport), err)
		}
		defer relay.Close()
		for range transport + 1 {
			if err := exchange(relay, peer, "hello"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, network := range []string{"udp", "tcp"} {
		if _, err := mustDial(t, network, s, credentials{good("ada").username, "guess"}).Allocate(); err == nil {
			t.Errorf("%s: a wrong password is taken", network)
		}
	}
	nonsense, err := net.Dial("tcp", s.TCPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nonsense.Close()
	if _, err := nonsense.Write([]byte{0x40, 0, 0, 4, 1, 2, 3, 4}); err != nil { // in a channel that nobody bound
		t.Fatal(err)
	}
	await(t, "it is dropped", func() bool { return s.Stats().By[turn.TCP].Dropped == 1 })

	st := s.Stats()
	var sum turn.TransportStats
	for transport, by := range st.By {
		name := turn.Transport(transport).String()
		if by.Allocations != 1 || by.ToPeers < uint64(transport+1) || by.ToClients < uint64(transport+1) || by.ToPeerBytes != 5*by.ToPeers || by.ToClientBytes != 10*by.ToClients || by.Challenges == 0 {
			t.Errorf("%s: %+v", name, by)
		}
		if want := map[string]int{"udp": 0, "tcp": 3, "tls": 1, "dtls": 1}[name]; by.Connections != want {
			t.Errorf("%s: %d connections, want %d", name, by.Connections, want)
		}
		if want := map[string]uint64{"udp": 1, "tcp": 1}[name]; by.Failed["wrong password"] != want {
			t.Errorf("%s: failed logins %v, want %d", name, by.Failed, want)
		}
		sum.Allocations += by.Allocations
		sum.ToClients += by.ToClients
		sum.ToPeerBytes += by.ToPeerBytes
		sum.Dropped += by.Dropped
		sum.Challenges += by.Challenges
	}
	if st.Allocations != sum.Allocations || st.ToClients != sum.ToClients || st.ToPeerBytes != sum.ToPeerBytes || st.Dropped != sum.Dropped || st.Challenges != sum.Challenges || st.Failed["wrong password"] != 2 {
		t.Errorf("%+v does not add up to %+v", sum, st)
	}
	clients[turn.TLS].Close()
	secure.Close()
	await(t, "an allocation over TLS less", func() bool {
		by := s.Stats().By[turn.TLS]
		return by.Allocations == 0 && by.Connections == 0 && s.Stats().By[turn.DTLS].Allocations == 1
	})
}
