package sfu_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/stun/v4"

	"passerby/sfu"
)

// stranger is a raw socket with a session of its own.
type stranger struct {
	t                  *testing.T
	udp                *net.UDPConn
	server             *net.UDPAddr
	cert               tls.Certificate
	username, password string
	own                string // its own ICE password
}

func newStranger(t *testing.T, s *sfu.Server, id string) *stranger {
	t.Helper()
	c := newClient(t, s, id, clientOptions{})
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &stranger{t: t, server: net.UDPAddrFromAddrPort(s.UDPAddr())}
	if x.cert, err = selfsign.GenerateSelfSigned(); err != nil {
		t.Fatal(err)
	}
	print, err := fingerprint.Fingerprint(x.cert.Leaf, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sdp := regexp.MustCompile(`a=fingerprint:.*`).ReplaceAllString(offer.SDP, "a=fingerprint:sha-256 "+print+"\r")
	answer, err := s.Offer(context.Background(), id, sdp)
	if err != nil {
		t.Fatal(err)
	}
	x.username, x.password = line(t, answer, "ice-ufrag")+":"+line(t, offer.SDP, "ice-ufrag"), line(t, answer, "ice-pwd")
	x.own = line(t, offer.SDP, "ice-pwd")
	x.udp = mustUDP(t)
	return x
}

// dtls makes a DTLS client on a socket.
func (x *stranger) dtls(udp net.PacketConn, to net.Addr) *dtls.Conn {
	x.t.Helper()
	conn, err := dtls.ClientWithOptions(udp, to, dtls.WithCertificates(x.cert), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM))
	if err != nil {
		x.t.Fatal(err)
	}
	return conn
}

// handshake connects from the stranger's socket, until the test ends.
func (x *stranger) handshake(ctx context.Context) {
	x.t.Helper()
	conn := x.dtls(x.udp, x.server)
	x.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.HandshakeContext(ctx); err != nil {
		x.t.Fatalf("handshake: %v", err)
	}
}

// clientHello is what a DTLS client begins with.
func (x *stranger) clientHello() []byte {
	x.t.Helper()
	client, nobody := mustUDP(x.t), mustUDP(x.t)
	conn := x.dtls(client, nobody.LocalAddr())
	defer conn.Close()
	ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer stop()
	_ = conn.HandshakeContext(ctx)
	buf := make([]byte, 2000)
	n, err := nobody.Read(buf)
	if err != nil {
		x.t.Fatal(err)
	}
	return buf[:n]
}

func mustUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Whoever holds a session can send a check and a ClientHello from somebody else's address. What the handshake and its
// retransmissions then send there is at most three times as much.
func TestForgedAddressIsNotFlooded(t *testing.T) {
	s, _ := mustListen(t)
	x := newStranger(t, s, "attacker")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	size := check(ctx, t, x.udp, x.server, x.username, x.password)
	received, sent := size.request, size.answer

	hello := x.clientHello()
	if _, err := x.udp.WriteTo(hello, x.server); err != nil {
		t.Fatal(err)
	}
	received += len(hello)

	buf := make([]byte, 2000)
	_ = x.udp.SetReadDeadline(time.Now().Add(4 * time.Second)) // retransmissions come after 1 and 3 s
	for {
		n, err := x.udp.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		sent += n
	}
	t.Logf("%d bytes for %d", sent, received)
	if sent > 3*received {
		t.Errorf("%d bytes for %d: %.1f times as much", sent, received, float64(sent)/float64(received))
	}
	if sent < 500 {
		t.Error("the handshake's first answer did not come")
	}
	if s.Stats().Unproven == 0 {
		t.Error("no retransmission was held back")
	}
}

// A session that was squatting an address loses it to the one whose check comes later: the victim's handshake completes.
func TestSquatterDoesNotKeepOut(t *testing.T) {
	s, events := mustListen(t)
	attacker, victim := newStranger(t, s, "attacker"), newStranger(t, s, "victim")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(ctx, t, victim.udp, victim.server, attacker.username, attacker.password)
	if _, err := victim.udp.WriteTo([]byte{22, 0xfe, 0xff, 0, 0}, victim.server); err != nil {
		t.Fatal(err)
	}
	check(ctx, t, victim.udp, victim.server, victim.username, victim.password)
	victim.handshake(ctx)
	events.await(t, "connected victim", 1)
}

// A session that moves after its handshake is asked there, under its own credentials, whether it is itself.
func TestMovedPeerIsAsked(t *testing.T) {
	s, events := mustListen(t)
	x := newStranger(t, s, "a")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(ctx, t, x.udp, x.server, x.username, x.password)
	x.handshake(ctx)
	events.await(t, "connected a", 1)

	away := mustUDP(t)
	check(ctx, t, away, x.server, x.username, x.password)
	buf := make([]byte, 1500)
	n, err := away.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	ask := &stun.Message{Raw: buf[:n]}
	if err := ask.Decode(); err != nil || ask.Type != stun.BindingRequest {
		t.Fatalf("got %v (%v), want a binding request", ask, err)
	}
	if err := stun.NewShortTermIntegrity(x.own).Check(ask); err != nil {
		t.Error(err)
	}
	mine, theirs, _ := strings.Cut(x.username, ":")
	var username stun.Username
	if err := username.GetFrom(ask); err != nil || username.String() != theirs+":"+mine {
		t.Errorf("username %q (%v)", username, err)
	}
}

// One peer floods, with what can be decrypted and with what cannot; a call of two others loses nothing.
func TestFloodHurtsNobodyElse(t *testing.T) {
	s, events := mustListen(t, func(c *sfu.Config) { c.UplinkPackets = 200 })
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	loud := mustJoin(t, s, events, "loud", clientOptions{})
	mustJoin(t, s, events, "far", clientOptions{})
	s.Route("b", "a", 0)
	s.Route("far", "loud", 0)
	garbage := newStranger(t, s, "garbage")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(ctx, t, garbage.udp, garbage.server, garbage.username, garbage.password)
	noise := append([]byte{0x80, 96}, make([]byte, 1000)...)
	for i := range 60 {
		for range 20 {
			loud.sendVideo(i == 0, key1, 'x', 1)
			if _, err := garbage.udp.WriteTo(noise, garbage.server); err != nil {
				t.Fatal(err)
			}
		}
		a.sendVideo(i == 0, key1, byte(i), 1)
		if p := b.next(true); p.tag() != byte(i) {
			t.Fatalf("packet %d: got %d", i, p.tag())
		}
	}
	eventually(t, "the floods to be cut", func() bool { return s.Stats().OverRate > 1000 })
}
