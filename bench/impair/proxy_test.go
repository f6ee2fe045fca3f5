package impair_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"passerby/bench/impair"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is a UDP server that sends each datagram back.
func echo(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDP(buf[:n], from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().String()
}

func listen(t *testing.T, c impair.Config) *impair.UDP {
	t.Helper()
	c.Listen, c.Target = "127.0.0.1:0", echo(t)
	u, err := impair.ListenUDP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
	return u
}

func dial(t *testing.T, u *impair.UDP) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", u.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// exchange sends n numbered packets one after the other and gives the numbers that came back until silence.
func exchange(t *testing.T, conn net.Conn, n int, silence time.Duration) (came []uint32) {
	t.Helper()
	for i := range n {
		if _, err := conn.Write(binary.BigEndian.AppendUint32(nil, uint32(i))); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 16)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(silence))
		k, err := conn.Read(buf)
		if err != nil {
			return came
		}
		came = append(came, binary.BigEndian.Uint32(buf[:k]))
	}
}

func TestDelayIsAddedInBothDirections(t *testing.T) {
	u := listen(t, impair.Config{Up: impair.Profile{Delay: 40 * time.Millisecond}, Down: impair.Profile{Delay: 30 * time.Millisecond}})
	conn := dial(t, u)
	begin := time.Now()
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	_ = conn.SetReadDeadline(begin.Add(5 * time.Second))
	n, err := conn.Read(buf)
	if err != nil || string(buf[:n]) != "hello" {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
	if took := time.Since(begin); took < 70*time.Millisecond {
		t.Errorf("the round trip took %v, want at least 70ms", took)
	}
}

func TestOrderIsKeptAndNothingIsLostOnAGoodLine(t *testing.T) {
	u := listen(t, impair.Config{Up: impair.Profile{Delay: 2 * time.Millisecond, Jitter: 5 * time.Millisecond}})
	came := exchange(t, dial(t, u), 200, 300*time.Millisecond)
	if len(came) != 200 {
		t.Fatalf("%d of 200 came back", len(came))
	}
	for i, n := range came {
		if n != uint32(i) {
			t.Fatalf("packet %d came at place %d", n, i)
		}
	}
}

func TestLossDuplicatesAndReorderingHappen(t *testing.T) {
	u := listen(t, impair.Config{Seed: 4,
		Up:   impair.Profile{Loss: 0.2},
		Down: impair.Profile{Duplicate: 0.2, Reorder: 0.2, ReorderBy: 10 * time.Millisecond}})
	came := exchange(t, dial(t, u), 300, 300*time.Millisecond)
	seen, doubled, early := map[uint32]bool{}, 0, 0
	newest := uint32(0)
	for _, n := range came {
		if seen[n] {
			doubled++
		} else if n < newest {
			early++
		}
		seen[n], newest = true, max(newest, n)
	}
	if lost := 300 - len(seen); lost < 30 || lost > 90 {
		t.Errorf("%d of 300 lost, want about 60", lost)
	}
	if doubled < 20 || early < 10 {
		t.Errorf("%d doubled, %d out of order: too few", doubled, early)
	}
	if s := u.Stats(); s.Flows != 1 || s.Lost == 0 || s.Received == 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestTwoClientsDoNotMix(t *testing.T) {
	u := listen(t, impair.Config{})
	for _, text := range []string{"one", "two"} {
		conn := dial(t, u)
		_, _ = conn.Write([]byte(text))
		buf := make([]byte, 16)
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := conn.Read(buf); err != nil || string(buf[:n]) != text {
			t.Errorf("got %q, %v, want %q", buf[:n], err, text)
		}
	}
}

func TestAFullLineDropsAndCounts(t *testing.T) {
	u := listen(t, impair.Config{Queue: 10, Up: impair.Profile{Delay: 50 * time.Millisecond}})
	came := exchange(t, dial(t, u), 100, 300*time.Millisecond)
	if s := u.Stats(); s.Overflowed == 0 || len(came) >= 100 {
		t.Errorf("%d came back, %d overflowed", len(came), s.Overflowed)
	}
}

func TestTCPIsDelayedAndWhole(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := server.Accept()
		if err != nil {
			return
		}
		_, _ = io.CopyN(c, c, 1<<20)
		_ = c.Close()
	}()
	t.Cleanup(func() { _ = server.Close(); <-done })
	p := impair.Profile{Delay: 20 * time.Millisecond, Jitter: 3 * time.Millisecond}
	proxy, err := impair.ListenTCP(impair.Config{Listen: "127.0.0.1:0", Target: server.Addr().String(), Up: p, Down: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	begin := time.Now()
	conn, err := net.Dial("tcp", proxy.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sent := make([]byte, 1<<20)
	for i := range sent {
		sent[i] = byte(i * 7 >> 3)
	}
	wrote := make(chan error, 1)
	go func() { _, err := conn.Write(sent); wrote <- err }()
	_ = conn.SetReadDeadline(begin.Add(20 * time.Second))
	got, err := io.ReadAll(conn)
	if werr := <-wrote; werr != nil || err != nil {
		t.Fatal(werr, err)
	}
	if !bytes.Equal(sent, got) {
		t.Errorf("%d bytes came back, not the ones that were sent", len(got))
	}
	if took := time.Since(begin); took < 80*time.Millisecond {
		t.Errorf("took %v, want at least 80ms: the handshake and one round trip", took)
	}
}
