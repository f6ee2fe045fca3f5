//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"passerby/bench/internal/cputime"
	"passerby/internal/batch"
)

// load is traffic through a server.
type load struct {
	size, clients int
	indications   bool // Send and Data instead of channels
	pairs         bool // from client to client, relay to relay
	pace          int  // packets a second; 0: as many as it takes
	duration      time.Duration
}

const inFlight = 8

// end is a socket that sends to one address packets with one head, and expects packets of one length.
type end struct {
	socket
	to     netip.AddrPort
	packet []byte // head and payload; at a pace, the payload ends with the time of sending
	expect int
	other  *end // who receives what this one sends
	heard  time.Time
}

// run sets the clients up, loads the server for the duration, and returns the cost.
func (l load) run(r *running) (map[string]float64, error) {
	runtime.LockOSThread()
	_ = unix.SchedSetaffinity(0, &unix.CPUSet{2}) // the second core
	defer runtime.UnlockOSThread()
	ends, err := l.prepare(r)
	defer func() {
		for _, e := range ends {
			e.close()
		}
	}()
	if err != nil {
		return nil, err
	}
	d := &driver{load: l, ends: ends, in: batch.NewReader(64, 0, 1600), out: batch.NewWriter(64, false), byFD: map[int32]*end{}}
	if err := d.start(); err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(d.epoll) }()
	d.drive(l.duration / 4) // warm up
	w, err := cputime.Begin(r.pid, l.duration)
	if err != nil {
		return nil, err
	}
	d.arrived, d.late = 0, d.late[:0]
	var used time.Duration
	for enough := false; !enough; {
		d.drive(l.duration)
		if used, enough, err = w.Used(); err != nil {
			return nil, err
		}
	}
	took := time.Since(w.Began)
	if d.arrived == 0 {
		return nil, errors.New("nothing arrives")
	}
	v := map[string]float64{"µs CPU per packet": float64(used.Nanoseconds()) / 1000 / float64(d.arrived), "packets per second": float64(d.arrived) / took.Seconds()}
	if l.pace > 0 {
		slices.Sort(d.late)
		v["p50 one way, µs"] = float64(d.late[len(d.late)/2].Nanoseconds()) / 1000
		v["p99 one way, µs"] = float64(d.late[len(d.late)*99/100].Nanoseconds()) / 1000
	}
	return v, nil
}

// prepare makes the sockets and, at a TURN server, the allocations.
func (l load) prepare(r *running) (ends []*end, err error) {
	var held []allocation
	for i := range l.clients {
		c, err := open([4]byte{127, 0, 0, 1})
		if err != nil {
			return ends, err
		}
		client := &end{socket: c, to: r.at}
		ends = append(ends, client)
		if l.pairs {
			a, err := c.allocate(r.at)
			if err != nil {
				return ends, err
			}
			held = append(held, a)
			if i%2 == 1 {
				other := ends[i-1]
				client.other, other.other = other, client
				if err := errors.Join(c.bind(r.at, a, held[i-1].relayed, true), other.bind(r.at, held[i-1], a.relayed, true)); err != nil {
					return ends, err
				}
			}
			l.frame(client, netip.AddrPort{})
			continue
		}
		p, err := open([4]byte{127, 0, 0, 2})
		if err != nil {
			return ends, err
		}
		peer := &end{socket: p}
		ends = append(ends, peer)
		client.other, peer.other = peer, client
		if r.name == "bare" {
			peer.to, err = registerBare(c, r.at, p.local)
		} else {
			var a allocation
			if a, err = c.allocate(r.at); err == nil {
				peer.to, err = a.relayed, c.bind(r.at, a, p.local, !l.indications)
			}
		}
		if err != nil {
			return ends, err
		}
		l.frame(client, p.local)
		peer.packet, peer.expect = make([]byte, l.size), l.size
		if r.name == "bare" {
			client.expect, peer.expect = l.size, len(client.packet)
		}
	}
	return ends, nil
}

// frame gives a client its head.
func (l load) frame(c *end, peer netip.AddrPort) {
	head := []byte{0x40, 1, 0, 0}
	binary.BigEndian.PutUint16(head[2:], uint16(l.size)) //nolint:gosec // small
	if l.indications {
		head = sendHead(peer, l.size)
	}
	c.packet, c.expect = append(head, make([]byte, l.size)...), len(head)+l.size
}

func sendHead(peer netip.AddrPort, size int) []byte {
	h := make([]byte, 36)
	binary.BigEndian.PutUint16(h, 0x0016)
	binary.BigEndian.PutUint16(h[2:], uint16(16+size)) //nolint:gosec // small
	binary.BigEndian.PutUint32(h[4:], 0x2112A442)
	p := xorPeer(peer)
	binary.BigEndian.PutUint16(h[20:], 0x0012)
	binary.BigEndian.PutUint16(h[22:], 8)
	copy(h[24:], p.Value)
	binary.BigEndian.PutUint16(h[32:], 0x0013)
	binary.BigEndian.PutUint16(h[34:], uint16(size)) //nolint:gosec // small
	return h
}

// driver moves the traffic: one thread over an epoll.
type driver struct {
	load
	ends    []*end
	epoll   int
	byFD    map[int32]*end
	in      *batch.Reader
	out     *batch.Writer
	arrived int
	late    []time.Duration
	next    int // end that sends next at a pace
	due     time.Time
}

func (d *driver) start() (err error) {
	if d.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	for _, e := range d.ends {
		d.byFD[int32(e.fd)] = e                                                                                                           //nolint:gosec // a descriptor
		if err := unix.EpollCtl(d.epoll, unix.EPOLL_CTL_ADD, e.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(e.fd)}); err != nil { //nolint:gosec // a descriptor
			return err
		}
	}
	d.due = time.Now()
	return nil
}

var origin = time.Now()

// send writes n packets of e, stamped when their delay is looked at.
func (d *driver) send(e *end, n int) {
	if d.pace > 0 {
		binary.BigEndian.PutUint64(e.packet[len(e.packet)-8:], uint64(time.Since(origin))) //nolint:gosec // ahead of origin
	}
	for range n {
		d.out.Add(e.packet, e.to, false)
	}
	d.out.Flush(e.fd)
}

func (d *driver) drive(long time.Duration) {
	events := make([]unix.EpollEvent, 256)
	stop := time.Now().Add(long)
	for _, e := range d.ends {
		e.heard = time.Time{}
	}
	look := time.Now()
	for now := time.Now(); now.Before(stop); now = time.Now() {
		wait := 20
		if d.pace > 0 {
			each := time.Second / time.Duration(d.pace)
			if now.Sub(d.due) > 50*time.Millisecond {
				d.due = now // this machine was busy with others
			}
			for ; !d.due.After(now); d.due = d.due.Add(each) {
				d.send(d.ends[d.next%len(d.ends)], 1)
				d.next++
			}
			wait = 0
		} else if now.After(look) {
			for _, e := range d.ends { // prime, and again after a loss
				if now.Sub(e.other.heard) > 50*time.Millisecond {
					d.send(e, inFlight)
				}
			}
			look = now.Add(50 * time.Millisecond)
		}
		n, err := unix.EpollWait(d.epoll, events, wait)
		if err != nil {
			continue
		}
		for i := range n {
			d.receive(d.byFD[events[i].Fd], now)
		}
	}
}

// receive counts what arrived at e; when saturating, its sender sends as many again.
func (d *driver) receive(e *end, now time.Time) {
	n, err := d.in.Read(e.fd, 0, 64)
	if err != nil {
		return
	}
	good := 0
	for i := range n {
		b, _ := d.in.Datagram(i)
		if len(b) != e.expect {
			continue
		}
		good++
		if d.pace > 0 {
			d.late = append(d.late, time.Since(origin)-time.Duration(binary.BigEndian.Uint64(b[len(b)-8:]))) //nolint:gosec // what send wrote
		}
	}
	d.arrived += good
	e.heard = now
	if d.pace == 0 && good > 0 {
		d.send(e.other, good)
	}
}
