package signaling

import (
	"net"
	"testing"
	"time"
)

// pipe is a TCP connection and its other end.
func pipe(t *testing.T) (here, there *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), s.Close() })
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// sleeper says when it is woken.
type sleeper struct {
	name  string
	woken chan<- string
}

func (s sleeper) wake() { s.woken <- s.name }

func startReadiness(t *testing.T) *readiness {
	t.Helper()
	r, err := newReadiness()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.run()
	}()
	t.Cleanup(func() {
		r.close()
		<-done
	})
	return r
}

func TestReadiness(t *testing.T) {
	r := startReadiness(t)
	woken := make(chan string, 100)
	watch := func(name string) (watched, *net.TCPConn, *net.TCPConn) {
		here, there := pipe(t)
		raw, err := here.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		w, err := r.watch(raw, sleeper{name, woken})
		if err != nil {
			t.Fatal(err)
		}
		return w, here, there
	}
	arm := func(w watched) {
		t.Helper()
		if err := w.arm(); err != nil {
			t.Fatal(err)
		}
	}
	want := func(name string) {
		t.Helper()
		select {
		case got := <-woken:
			if got != name {
				t.Fatalf("%s was woken, want %s", got, name)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s was not woken", name)
		}
	}
	a, hereA, thereA := watch("a")
	b, _, thereB := watch("b")
	_, _ = thereA.Write([]byte("x")) // before arm: waits for it
	_, _ = thereB.Write([]byte("x"))
	arm(b)
	want("b")
	arm(a)
	want("a")
	_, _ = thereB.Write([]byte("y")) // one wake for one arm
	arm(a)                           // the byte is there still
	want("a")
	_ = thereB.Close()
	arm(b)
	want("b")

	// Who sits where another sat hears nothing of him.
	arm(a)
	want("a")
	a.forget()
	_ = hereA.Close()
	c, _, thereC := watch("c")
	if c.seat != a.seat {
		t.Fatalf("seat %d, want %d again", c.seat, a.seat)
	}
	r.wake(a.seat, a.turn)
	if len(woken) > 0 {
		t.Fatalf("%s was woken for who sat there before", <-woken)
	}
	arm(c)
	_, _ = thereC.Write([]byte("x"))
	want("c")
	if len(woken) > 0 {
		t.Errorf("%s was woken once more", <-woken)
	}
}
