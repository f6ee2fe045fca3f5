package signaling

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// readiness tells connections when there is something to read, so that none needs a
// goroutine that waits for it. It is an epoll of its own, in which a connection is
// armed for one event at a time; the descriptors stay with their net.Conn. Safe for
// concurrent use.
type readiness struct {
	file *os.File // the epoll, with which run waits like for any other descriptor
	raw  syscall.RawConn

	mu    sync.Mutex // guards what follows
	seats []seat
	free  []uint32 // seats that nobody has
}

// seat is the place of one connection.
type seat struct {
	who  waker  // nil when nobody has it
	turn uint32 // counts who had it
}

func newReadiness() (*readiness, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that os.File lets the runtime wait for it
		_ = unix.Close(fd)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	r := &readiness{file: os.NewFile(uintptr(fd), "epoll")}
	if r.raw, err = r.file.SyscallConn(); err != nil {
		_ = r.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return r, nil
}

// watched is one connection of a readiness.
type watched struct {
	readiness  *readiness
	conn       syscall.RawConn
	seat, turn uint32
}

// watch takes a connection in; who is woken each time that there is something to read after arm.
func (r *readiness) watch(c syscall.RawConn, who waker) (watched, error) {
	r.mu.Lock()
	if len(r.free) == 0 {
		r.free = append(r.free, uint32(len(r.seats)))
		r.seats = append(r.seats, seat{})
	}
	i := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	r.seats[i].who = who
	w := watched{r, c, i, r.seats[i].turn}
	r.mu.Unlock()
	if err := w.control(unix.EPOLL_CTL_ADD, unix.EPOLLONESHOT); err != nil {
		w.forget()
		return watched{}, err
	}
	return w, nil
}

// arm asks for one wake, at once if there is something to read already, or the other side has closed.
func (w watched) arm() error {
	return w.control(unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLONESHOT)
}

func (w watched) control(op int, events uint32) error {
	// The event names the seat and not the descriptor, which may be another connection's by the time it is looked at.
	event := unix.EpollEvent{Events: events, Fd: int32(w.seat), Pad: int32(w.turn)}
	var inner, ctl error
	outer := w.readiness.raw.Control(func(epoll uintptr) {
		inner = w.conn.Control(func(fd uintptr) {
			ctl = unix.EpollCtl(int(epoll), op, int(fd), &event)
		})
	})
	if err := errors.Join(outer, inner, ctl); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

// forget is to be called once, when the connection is closed, which takes it out of the epoll.
func (w watched) forget() {
	w.readiness.mu.Lock()
	defer w.readiness.mu.Unlock()
	s := &w.readiness.seats[w.seat]
	s.who = nil
	s.turn++
	w.readiness.free = append(w.readiness.free, w.seat)
}

// run wakes connections until close.
func (r *readiness) run() {
	events := make([]unix.EpollEvent, 256)
	_ = r.raw.Read(func(fd uintptr) bool { // called each time that the epoll has become ready, until it is closed
		for n := len(events); n == len(events); {
			n, _ = unix.EpollWait(int(fd), events, 0) // EINTR cannot come when it does not wait
			for _, e := range events[:max(n, 0)] {
				r.wake(uint32(e.Fd), uint32(e.Pad))
			}
		}
		return false
	})
}

func (r *readiness) wake(i, turn uint32) {
	r.mu.Lock()
	s := r.seats[i]
	r.mu.Unlock()
	if s.who != nil && s.turn == turn {
		s.who.wake()
	}
}

func (r *readiness) close() { _ = r.file.Close() }
