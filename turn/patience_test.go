package turn

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// mustStream serves one connection of a server that has no sockets, over a pipe; wrap says what kind of connection it is.
func mustStream(t *testing.T, wrap func(net.Conn) net.Conn, apart bool) (*stream, net.Conn) {
	t.Helper()
	cfg := Config{Secret: "x"}.withDefaults()
	server := &Server{cfg: cfg, clock: time.Now, began: time.Now(), nonceKey: newNonceKey(), ledger: newLedger(cfg)}
	server.relays = newRelays(cfg, &server.refused, server.ledger)
	x := newShard(server)
	x.pump = &single{shard: x}
	server.shards = []*shard{x}
	ours, theirs := net.Pipe()
	l := newListener(nil, server)
	l.apart, l.datagram = apart, apart
	if !l.admit(wrap(ours)) {
		t.Fatal("not admitted")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.open {
		t.Cleanup(func() { _ = s.Conn.Close(); l.wait() })
		return s, theirs
	}
	return nil, nil
}

func as(c net.Conn) net.Conn { return c }

// What a peer may send is more than what a client may: it goes out whole, in a record of its own.
func TestLongMessageToStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, client := mustStream(t, as, true)
		defer client.Close()
		for _, n := range []int{maxDatagram, 4} {
			s.out.put(append([]byte{0x40, 0, byte(n >> 8), byte(n)}, make([]byte, n)...))
			b := make([]byte, 2*maxDatagram)
			if got, err := client.Read(b); got != channelBytes+n || err != nil {
				t.Fatalf("a record of %d bytes, %v; want %d", got, err, channelBytes+n)
			}
		}
	})
}

// A client that reads slowly, but reads, is served as long as it does.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, client := mustStream(t, as, false)
		defer client.Close()
		if _, err := client.Write([]byte{0x40, 0, 0, 0}); err != nil { // it has spoken
			t.Fatal(err)
		}
		message := append([]byte{0x40, 0, 1, 0}, bytes.Repeat([]byte{7}, 256)...)
		sent := 0
		for s.out.put(message) {
			sent += len(message)
		}
		for got, b := 0, make([]byte, 4096); got < sent; time.Sleep(200 * time.Millisecond) { // 20 kB/s
			n, err := client.Read(b)
			if got += n; err != nil {
				t.Fatalf("after %d of %d bytes: %v", got, sent, err)
			}
		}
	})
}

// shaking is a connection whose other end never ends the handshake.
type shaking struct{ net.Conn }

func (shaking) HandshakeContext(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Read shakes hands first, without a deadline, as that of pion's DTLS does.
func (c shaking) Read([]byte) (int, error) { return 0, c.HandshakeContext(context.Background()) }

// Who does not end the handshake has no place for long.
func TestEndlessHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, client := mustStream(t, func(ours net.Conn) net.Conn { return shaking{ours} }, true)
		defer client.Close()
		time.Sleep(firstFrame + time.Second)
		synctest.Wait()
		s.all.mu.Lock()
		open := len(s.all.open)
		s.all.mu.Unlock()
		if open != 0 {
			t.Fatalf("%d connections are open after %v", open, firstFrame+time.Second)
		}
		if _, err := client.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("read: %v", err)
		}
	})
}
