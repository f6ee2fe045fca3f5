//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"

	"passerby/bench/internal/cputime"
	"passerby/internal/batch"
)

// flood keeps unauthenticated Allocates of n clients in flight.
func flood(r *running, n int, d time.Duration) (map[string]float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.SchedSetaffinity(0, &unix.CPUSet{2})
	l := &driver{load: load{size: 28, clients: n}, in: batch.NewReader(64, 0, 1600), out: batch.NewWriter(64, false), byFD: map[int32]*end{}}
	for range n {
		c, err := open([4]byte{127, 0, 0, 1})
		if err != nil {
			return nil, err
		}
		defer c.close()
		m, err := c.ask(r.at, allocateRequest(nil))
		if err != nil {
			return nil, err
		}
		e := &end{socket: c, to: r.at, packet: append(allocateRequest(nil), make([]byte, 0)...), expect: len(m.Raw)}
		e.other = e
		l.ends = append(l.ends, e)
	}
	if err := l.start(); err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(l.epoll) }()
	l.drive(d / 4)
	w, err := cputime.Begin(r.pid, d)
	if err != nil {
		return nil, err
	}
	l.arrived = 0
	var used time.Duration
	for enough := false; !enough; {
		l.drive(d)
		if used, enough, err = w.Used(); err != nil {
			return nil, err
		}
	}
	if l.arrived == 0 {
		err = errors.Join(err, errors.New("no answers"))
	}
	return map[string]float64{"µs CPU per 401": float64(used.Nanoseconds()) / 1000 / float64(l.arrived), "answer, bytes": float64(l.ends[0].expect)}, err
}

// stage is where an allocation stands.
type stage struct {
	socket
	nonce stun.Nonce
	step  int // 0 first Allocate, 1 Allocate, 2 CreatePermission, 3 ChannelBind, 4 done
	asked time.Time
	last  []byte
}

const together = 64

// allocate makes n allocations with a permission and a channel each, 64 at a time, and looks at the server's memory.
func allocate(r *running, n int) (map[string]float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.SchedSetaffinity(0, &unix.CPUSet{2})
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < limit.Max {
		limit.Cur = limit.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	}
	memory, err := r.resident()
	if err != nil {
		return nil, err
	}
	cpu, err := cputime.Of(r.pid)
	if err != nil {
		return nil, err
	}
	all := make([]*stage, 0, n)
	defer func() {
		for _, s := range all {
			s.close()
		}
	}()
	for range n {
		s, err := open([4]byte{127, 0, 0, 1})
		if err != nil {
			return nil, err
		}
		all = append(all, &stage{socket: s})
	}
	began := time.Now()
	if err := advance(r.at, all, 2); err != nil {
		return nil, err
	}
	took := time.Since(began)
	used, err := cputime.Of(r.pid)
	if err != nil {
		return nil, err
	}
	if err := advance(r.at, all, 4); err != nil {
		return nil, err
	}
	time.Sleep(time.Second) // the server's collector may run
	after, err := r.resident()
	return map[string]float64{
		"allocations per second": float64(n) / took.Seconds(), "µs CPU per allocation": float64((used - cpu).Microseconds()) / float64(n),
		"allocations per CPU second": float64(n) / (used - cpu).Seconds(), "CPU seconds per second": (used - cpu).Seconds() / took.Seconds(),
		"KB resident per allocation": (after - memory) / float64(n),
	}, err
}

// advance brings every allocation to a step.
func advance(at netip.AddrPort, all []*stage, to int) error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(epoll) }()
	buf, events := make([]byte, 1500), make([]unix.EpollEvent, together)
	begun, ended, looked := 0, 0, time.Now()
	for ended < len(all) {
		for ; begun < len(all) && begun-ended < together; begun++ {
			s := all[begun]
			if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(begun)}); err != nil { //nolint:gosec // its index
				return err
			}
			if err := s.ask(at); err != nil {
				return err
			}
		}
		n, err := unix.EpollWait(epoll, events, 100)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			s := all[e.Fd]
			k, _, err := unix.Recvfrom(s.fd, buf, unix.MSG_DONTWAIT)
			if err != nil || s.step == to {
				continue
			}
			if further, err := s.take(buf[:k]); err != nil {
				return err
			} else if !further {
				continue
			}
			if s.step == to {
				ended++
			} else if err := s.ask(at); err != nil {
				return err
			}
		}
		if now := time.Now(); now.Sub(looked) > time.Second { // what got lost is sent again, the same, so that the server knows it
			for _, s := range all[:begun] {
				if s.step < to && now.Sub(s.asked) > time.Second {
					if err := s.send(at); err != nil {
						return err
					}
				}
			}
			looked = now
		}
	}
	return nil
}

// ask sends the request of the present step.
func (s *stage) ask(at netip.AddrPort) error {
	peer := netip.MustParseAddrPort("127.0.0.2:9")
	switch s.step {
	case 0:
		s.last = allocateRequest(nil)
	case 1:
		s.last = allocateRequest(s.nonce)
	case 2:
		s.last = permissionRequest(s.nonce, peer)
	case 3:
		s.last = channelRequest(s.nonce, peer)
	}
	return s.send(at)
}

func (s *stage) send(at netip.AddrPort) error {
	s.asked = time.Now()
	return unix.Sendto(s.fd, s.last, 0, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
}

// take reads an answer. It reports whether it was the one waited for.
func (s *stage) take(b []byte) (bool, error) {
	m := &stun.Message{Raw: b}
	if m.Decode() != nil || string(m.TransactionID[:]) != string(s.last[8:20]) {
		return false, nil
	}
	if s.step == 0 {
		if err := s.nonce.GetFrom(m); err != nil {
			return false, err
		}
		s.nonce = slices.Clone(s.nonce) // b is read into again
	} else if m.Type.Class != stun.ClassSuccessResponse {
		var code stun.ErrorCodeAttribute
		_ = code.GetFrom(m)
		return false, fmt.Errorf("refused at step %d: %v", s.step, code)
	}
	s.step++
	return true, nil
}
