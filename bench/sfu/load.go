//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"github.com/pion/rtp"
	"golang.org/x/sys/unix"

	"passerby/bench/internal/cputime"
	"passerby/internal/batch"
)

// The streams of a user: audio 50 packets a second of 100 bytes, video 150 of 1100, of RTP payload.
var (
	payloadTypes = [2]int{111, 96}
	sizes        = [2]int{100, 1100}
	every        = [2]time.Duration{20 * time.Millisecond, time.Second / 150}
)

const (
	inFlight  = 8
	tag       = 16 // bytes of AES-GCM
	sampled   = 16 // of so many packets one is opened, for its time of sending
	keepalive = 2 * time.Second
	perFrame  = 5 // video packets
)

type stream struct {
	ssrc   uint32
	seq    uint16
	ts     uint32
	frame  uint16
	due    time.Time
	packet [rtpHead + 1200]byte
	sealed []byte
}

// load is the work of one row.
type load struct {
	users     int
	one       bool // the first user is shown to all others
	saturated bool // inFlight packets of each sender, instead of its pace
	duration  time.Duration
}

// run connects the users, sends for the duration and says what it cost.
func (l load) run(r *running) (map[string]float64, error) {
	d := &driver{load: l, in: batch.NewReader(64, 0, 1600), out: batch.NewWriter(64, false)}
	defer func() {
		for _, u := range d.users {
			_ = u.udp.Close()
		}
	}()
	if r.janus != nil {
		var err error
		if d.users, err = l.joinJanus(r); err != nil {
			return nil, err
		}
	}
	for id := len(d.users); id < l.users; id++ {
		u, err := join(r, id)
		if err != nil {
			return nil, err
		}
		d.users = append(d.users, u)
		switch {
		case l.one && id > 0:
			_, err = r.ask(ask{To: id, From: 0})
		case !l.one && id%2 == 1:
			_, err = r.ask(ask{To: id, From: id - 1})
			if err == nil {
				_, err = r.ask(ask{To: id - 1, From: id})
			}
		}
		if err != nil {
			return nil, err
		}
	}
	runtime.LockOSThread()
	_ = unix.SchedSetaffinity(0, &unix.CPUSet{2}) // the second core
	defer runtime.UnlockOSThread()
	d.start()
	d.drive(l.duration / 2) // warm up
	w, err := cputime.Begin(r.pid, l.duration)
	if err != nil {
		return nil, err
	}
	d.sent, d.arrived, d.behind, d.late = 0, 0, 0, d.late[:0]
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
	// A stream whose numbers wrapped before the first sample was taken cannot be opened: RFC 3711 §3.3.1 has no hint of the past.
	if d.bad > len(d.late)/10 {
		return nil, errors.New("packets arrive that do not open")
	}
	v := map[string]float64{
		"µs CPU per packet": float64(used.Nanoseconds()) / 1000 / float64(d.arrived), "packets per second": float64(d.arrived) / took.Seconds(),
		"server busy, %": 100 * used.Seconds() / took.Seconds(),
	}
	if !l.saturated {
		copies := 1
		if l.one {
			copies = l.users - 1
		}
		v["lost, %"] = 100 * max(0, 1-float64(d.arrived)/float64(d.sent*copies))
		v["load too late, %"] = 100 * float64(d.behind) / float64(max(1, d.sent))
	}
	if len(d.late) > 0 && !l.saturated {
		slices.Sort(d.late)
		v["p50 one way, µs"] = float64(d.late[len(d.late)/2].Nanoseconds()) / 1000
		v["p99 one way, µs"] = float64(d.late[len(d.late)*99/100].Nanoseconds()) / 1000
	}
	return v, nil
}

// driver moves the traffic: one thread that asks every socket in turn and never waits, so that nobody has to wake it.
type driver struct {
	load
	users   []*user
	in      *batch.Reader
	out     *batch.Writer
	plain   []byte
	sent    int
	arrived int
	bad     int
	behind  int // packets sent over 5 ms late
	late    []time.Duration
	alive   time.Time
}

var origin = time.Now()

func (d *driver) start() {
	now := time.Now()
	for i, u := range d.users {
		for kind := range u.streams {
			// Spread evenly over the interval.
			u.streams[kind].due = now.Add(every[kind] * time.Duration(i) / time.Duration(len(d.users)))
		}
	}
}

func (d *driver) sends(i int) bool { return !d.one || i == 0 }

func (d *driver) drive(long time.Duration) {
	now := time.Now()
	stop := now.Add(long)
	look := now
	for ; now.Before(stop); now = time.Now() {
		if now.Sub(d.alive) > keepalive {
			d.alive = now
			for _, u := range d.users {
				if u.check != nil {
					_, _ = u.udp.WriteTo(u.check, u.at)
				}
			}
		}
		prime := d.saturated && now.After(look)
		if prime {
			look = now.Add(50 * time.Millisecond)
		}
		for i, u := range d.users {
			switch {
			case !d.sends(i):
			case !d.saturated:
				d.pace(u, now)
			case prime && now.Sub(d.users[i^1].heard) > 50*time.Millisecond: // the beginning, or a loss
				d.send(u, 1, inFlight, now)
			}
			d.receive(i, now)
		}
	}
}

// pace sends what is due.
func (d *driver) pace(u *user, now time.Time) {
	for kind := range u.streams {
		s := &u.streams[kind]
		if now.Sub(s.due) > 50*time.Millisecond {
			s.due = now // this machine was busy with others
		}
		for !s.due.After(now) {
			if now.Sub(s.due) > 5*time.Millisecond {
				d.behind++
			}
			d.send(u, kind, 1, now)
			s.due = s.due.Add(every[kind])
		}
	}
}

// send writes n packets of a stream.
func (d *driver) send(u *user, kind, n int, now time.Time) {
	s := &u.streams[kind]
	to := u.at.AddrPort()
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	for range n {
		d.out.Add(u.next(s, kind, now), to, false)
		d.out.Flush(u.fd)
	}
	d.sent += n
}

// next makes and seals the next packet of a stream.
func (u *user) next(s *stream, kind int, now time.Time) []byte {
	s.seq++
	u.twcc++
	p := s.packet[:rtpHead+sizes[kind]]
	p[0], p[1] = 0x90, byte(payloadTypes[kind])
	copy(p[12:], []byte{0xbe, 0xde, 0, 1, 3<<4 | 1, byte(u.twcc >> 8), byte(u.twcc), 0})
	body := p[rtpHead:]
	if kind == 0 {
		s.ts += 960
		body[0] = 0x78
	} else {
		first := s.seq%perFrame == 1
		if first {
			s.ts += 3000
			s.frame = (s.frame + 1) & 0x7fff
		}
		if s.seq%perFrame == 0 {
			p[1] |= 0x80
		}
		copy(body, []byte{0x80, 0x80, byte(s.frame>>8) | 0x80, byte(s.frame), 1, 0, 0}) // X, I, 15 bits of picture id
		if first {
			body[0] |= 0x10
			if s.frame%64 == 1 {
				copy(body[4:], []byte{0, 0, 0, 0x9d, 0x01, 0x2a, 1, 2, 3, 4})
			}
		}
	}
	binary.BigEndian.PutUint16(p[2:], s.seq)
	binary.BigEndian.PutUint32(p[4:], s.ts)
	binary.BigEndian.PutUint32(p[8:], s.ssrc)
	binary.BigEndian.PutUint64(body[len(body)-8:], uint64(now.Sub(origin))) //nolint:gosec // ahead of origin
	if u.aead != nil {
		var n [12]byte
		nonce(&n, s.ssrc, s.seq)
		s.sealed = append(s.sealed[:0], p[:rtpHead]...)
		s.sealed = u.aead.Seal(s.sealed, n[:], body, p[:rtpHead])
		return s.sealed
	}
	if cap(s.sealed) == 0 {
		s.sealed = make([]byte, 0, 1600)
	}
	s.sealed, _ = u.seal.EncryptRTP(s.sealed[:0], p, nil)
	return s.sealed
}

// receive counts what arrived at a user; when saturating, its partner sends as many again.
func (d *driver) receive(i int, now time.Time) {
	u := d.users[i]
	n, err := d.in.Read(u.fd, 0, 64)
	if err != nil {
		return
	}
	got := 0
	for j := range n {
		b, _ := d.in.Datagram(j)
		if len(b) < rtpHead || b[0]>>6 != 2 || b[1]&0x7f >= 64 && b[1]&0x7f < 96 { // STUN, DTLS, RTCP
			continue
		}
		got++
		u.arrived++
		if u.arrived%sampled == 0 {
			d.sample(u, b)
		}
	}
	if got == 0 {
		return
	}
	d.arrived += got
	u.heard = now
	if d.saturated {
		d.send(d.users[i^1], 1, got, now)
	}
}

// sample opens a packet.
func (d *driver) sample(u *user, b []byte) {
	var err error
	if u.aead != nil {
		var n [12]byte
		nonce(&n, binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:]))
		d.plain, err = u.aead.Open(d.plain[:0], n[:], b[rtpHead:], b[:rtpHead])
	} else {
		var h rtp.Header
		if cap(d.plain) < 1600 {
			d.plain = make([]byte, 0, 1600)
		}
		d.plain, err = u.open.DecryptRTP(d.plain[:0], b, &h)
	}
	if err != nil {
		d.bad++
		return
	}
	sent := time.Duration(binary.BigEndian.Uint64(d.plain[len(d.plain)-8:])) //nolint:gosec // what next wrote
	d.late = append(d.late, time.Since(origin)-sent)
}
