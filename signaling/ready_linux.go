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
	last  uint64
	wakes map[uint64]func() // of those that are armed or have been
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
	r := &readiness{file: os.NewFile(uintptr(fd), "epoll"), wakes: map[uint64]func(){}}
	if r.raw, err = r.file.SyscallConn(); err != nil {
		_ = r.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return r, nil
}

// watched is one connection of a readiness.
type watched struct {
	readiness *readiness
	conn      syscall.RawConn
	key       uint64
}

// watch takes a connection in; wake is called, and must not block, each time that there is something to read after arm.
func (r *readiness) watch(c syscall.RawConn, wake func()) (watched, error) {
	r.mu.Lock()
	r.last++
	w := watched{r, c, r.last}
	r.wakes[w.key] = wake
	r.mu.Unlock()
	return w, w.control(unix.EPOLL_CTL_ADD, unix.EPOLLONESHOT)
}

// arm asks for one wake, at once if there is something to read already, or the other side has closed.
func (w watched) arm() error {
	return w.control(unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLONESHOT)
}

func (w watched) control(op int, events uint32) error {
	// The key is not the descriptor: that may be another connection's by the time an event is looked at.
	event := unix.EpollEvent{Events: events, Fd: int32(uint32(w.key)), Pad: int32(uint32(w.key >> 32))}
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

// forget is to be called when the connection is closed, which takes it out of the epoll.
func (w watched) forget() {
	w.readiness.mu.Lock()
	defer w.readiness.mu.Unlock()
	delete(w.readiness.wakes, w.key)
}

// run wakes connections until close.
func (r *readiness) run() {
	events := make([]unix.EpollEvent, 256)
	for {
		var n int
		err := r.raw.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events, 0) // EINTR cannot come when it does not wait
			return n > 0
		})
		if err != nil {
			return // closed
		}
		for _, e := range events[:n] {
			r.wake(uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32)
		}
	}
}

func (r *readiness) wake(key uint64) {
	r.mu.Lock()
	wake := r.wakes[key]
	r.mu.Unlock()
	if wake != nil {
		wake()
	}
}

func (r *readiness) close() { _ = r.file.Close() }
