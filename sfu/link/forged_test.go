package link_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
)

// noted is a socket that keeps the first datagram written to it.
type noted struct {
	net.PacketConn
	first chan []byte
}

func (n noted) WriteTo(b []byte, _ net.Addr) (int, error) {
	select {
	case n.first <- append([]byte(nil), b...):
	default:
	}
	return len(b), nil
}

// hello is the first flight of a client who knows no secret.
func hello(t *testing.T) []byte {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan []byte, 1)
	c, err := dtls.ClientWithOptions(noted{socket, first}, socket.LocalAddr(), dtls.WithPSK(func([]byte) ([]byte, error) { return []byte("guess"), nil }), dtls.WithPSKIdentityHint([]byte("a")),
		dtls.WithCipherSuites(dtls.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256), dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Handshake() }()
	b := <-first
	_ = c.Close()
	_ = socket.Close()
	<-done
	return b
}

// TestForgedHello: who can forge a node's address, but not listen there, keeps two nodes from each other no longer than a flight.
func TestForgedHello(t *testing.T) {
	for name, forge := range map[string]func(a, b *node) (at *node, from netip.AddrPort){
		"to who dials":   func(a, b *node) (*node, netip.AddrPort) { return a, b.Addr() },
		"to who accepts": func(a, b *node) (*node, netip.AddrPort) { return b, a.Addr() },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := start(t, "a"), start(t, "b")
			at, from := forge(a, b)
			at.Forge(hello(t), from)
			began := time.Now()
			introduce(a, b)
			linked(t, a, b)
			if d := time.Since(began); d > 4*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}
