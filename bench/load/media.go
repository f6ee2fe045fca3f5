package main

import (
	"crypto"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"passerby/bench/internal/mediaway"
)

// Sound as browsers send it, a packet each 20 ms, of about 32 kb/s; and a picture of 30 frames a second, of 1.3 Mb/s.
const (
	soundEvery   = 20 * time.Millisecond
	soundBytes   = 80
	frameEvery   = time.Second / 30
	framePackets = 5
	pictureBytes = 1100
	keyEvery     = 60 // frames
	rtpHead      = 12
	ufrag        = "load"
	password     = "the load's own ICE password"
	transportCC  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// Payload types.
const (
	opus = 111
	vp8  = 96
)

// user is the media of one person: a socket, its keys, a stream of each kind each way.
type user struct {
	run     *run
	picture bool // sent, too
	udp     *net.UDPConn
	at      *net.UDPAddr
	seal    *srtp.Context
	open    *srtp.Context
	sound   stream
	video   stream
	twcc    uint16
	sealed  []byte
	over    chan struct{}
	once    sync.Once
	all     sync.WaitGroup

	id   atomic.Uint64 // key id of the match; 0: none
	last uint16        // of the stream that comes in …
	any  bool
	of   uint64 // … under this key id
}

// stream is one that goes out.
type stream struct {
	ssrc   uint32
	kind   byte // payload type
	seq    uint16
	at     uint32 // RTP time
	packet [rtpHead + 8 + pictureBytes]byte
}

var (
	certificate tls.Certificate
	printed     string
	ssrcs       atomic.Uint32
)

func newCertificate() (err error) {
	if certificate, err = selfsign.GenerateSelfSigned(); err != nil {
		return err
	}
	printed, err = fingerprint.Fingerprint(certificate.Leaf, crypto.SHA256)
	return err
}

func newUser(r *run, picture bool) (*user, error) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = udp.SetReadBuffer(1 << 20)
	ssrc := 1000 + ssrcs.Add(2)
	return &user{run: r, picture: picture, udp: udp, sound: stream{ssrc: ssrc, kind: opus}, video: stream{ssrc: ssrc + 1, kind: vp8}, over: make(chan struct{})}, nil
}

func (u *user) close() {
	u.once.Do(func() { close(u.over) })
	_ = u.udp.Close()
	u.all.Wait()
}

func (u *user) sdp() string {
	section := func(kind, mid, codec string, s *stream) string {
		return fmt.Sprintf("m=%s 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"+
			"a=fingerprint:sha-256 %s\r\na=setup:active\r\na=mid:%s\r\na=sendrecv\r\na=msid:camera %s\r\na=rtpmap:%d %s\r\n"+
			"a=rtcp-fb:%d transport-cc\r\na=rtcp-fb:%d nack\r\na=rtcp-fb:%d nack pli\r\na=extmap:3 %s\r\na=ssrc:%d cname:load\r\na=ssrc:%d msid:camera %s\r\n",
			kind, s.kind, ufrag, password, printed, mid, kind, s.kind, codec, s.kind, s.kind, s.kind, transportCC, s.ssrc, s.ssrc, kind)
	}
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic:WMS *\r\n" +
		section("audio", "0", "opus/48000/2", &u.sound) + section("video", "1", "VP8/90000", &u.video)
}

var answerLine = map[string]*regexp.Regexp{
	"ufrag":     regexp.MustCompile(`a=ice-ufrag:(\S+)`),
	"password":  regexp.MustCompile(`a=ice-pwd:(\S+)`),
	"candidate": regexp.MustCompile(`(?i)a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+)`),
}

// connect does ICE and DTLS, and sends until close.
func (u *user) connect(sdp string) error {
	found := map[string][]string{}
	for name, re := range answerLine {
		m := re.FindStringSubmatch(sdp)
		if m == nil {
			return fmt.Errorf("no %s in the answer", name)
		}
		found[name] = m[1:]
	}
	var err error
	if u.at, err = net.ResolveUDPAddr("udp4", net.JoinHostPort(found["candidate"][0], found["candidate"][1])); err != nil {
		return err
	}
	check, err := mediaway.Check(found["ufrag"][0], found["password"][0], ufrag)
	if err != nil {
		return err
	}
	if err := mediaway.Knock(u.udp, u.at, check); err != nil {
		return err
	}
	if err := u.handshake(); err != nil {
		return err
	}
	u.all.Go(u.receive)
	u.all.Go(func() { u.send(check) })
	return nil
}

// handshake does DTLS and takes the SRTP keys from it.
func (u *user) handshake() (err error) {
	ours, theirs := newPipe(u)
	defer theirs()
	u.seal, u.open, err = mediaway.Keys(ours, u.at, certificate)
	return err
}

// meet sends under another key id from now on.
func (u *user) meet(id uint64) { u.id.Store(id) }

// send sends sound and picture while there is a match, and a check each two seconds.
func (u *user) send(check []byte) {
	sound, frame := time.NewTicker(soundEvery), time.NewTicker(frameEvery)
	defer sound.Stop()
	defer frame.Stop()
	if !u.picture {
		frame.Stop()
	}
	checked, frames, of := time.Now(), 0, uint64(0)
	for {
		select {
		case <-u.over:
			return
		case now := <-sound.C:
			if now.Sub(checked) > 2*time.Second {
				checked = now
				_, _ = u.udp.WriteTo(check, u.at)
			}
			u.sound.at += 960
			if id := u.id.Load(); id != 0 && u.write(&u.sound, false, sealedUnder([]byte{0x78}, id), soundBytes) {
				u.run.count(func(c *counts) { c.Sent++ })
			}
		case <-frame.C:
			u.video.at += 3000
			id := u.id.Load()
			if id == 0 {
				continue
			}
			if id != of {
				of, frames = id, 0
			}
			u.frame(id, frames)
			frames++
		}
	}
}

// frame sends a frame of VP8 (RFC 7741; RFC 6386 §9.1 for its clear bytes), a key frame each two seconds.
func (u *user) frame(id uint64, n int) {
	descriptor := []byte{0x80, 0x80, byte(n>>8) | 0x80, byte(n)} // X, I, 15 bits of picture id
	sent := 0
	for i := range framePackets {
		head := descriptor
		if i == 0 {
			clear := []byte{1, 0, 0}
			if n%keyEvery == 0 {
				clear = []byte{0, 0, 0, 0x9d, 0x01, 0x2a, 1, 2, 3, 4}
			}
			head = sealedUnder(append([]byte{0x90, 0x80, descriptor[2], descriptor[3]}, clear...), id)
		}
		if u.write(&u.video, i == framePackets-1, head, pictureBytes) {
			sent++
		}
	}
	u.run.count(func(c *counts) { c.PicturesSent += sent })
}

// sealedUnder is what a frame shows: its clear bytes and an SFrame header with a key id of six bytes and counter 0 (RFC 9605 §4.3).
func sealedUnder(clear []byte, id uint64) []byte {
	return binary.BigEndian.AppendUint64(clear, uint64(0xd0)<<56|id<<8)
}

// write seals and sends a packet of n bytes that begin with head and end with the time.
func (u *user) write(s *stream, last bool, head []byte, n int) bool {
	s.seq++
	u.twcc++
	p := s.packet[:rtpHead+8+n]
	p[0], p[1] = 0x90, s.kind
	if last {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], s.seq)
	binary.BigEndian.PutUint32(p[4:], s.at)
	binary.BigEndian.PutUint32(p[8:], s.ssrc)
	copy(p[rtpHead:], []byte{0xbe, 0xde, 0, 1, 3<<4 | 1, byte(u.twcc >> 8), byte(u.twcc), 0})
	copy(p[rtpHead+8:], head)
	binary.BigEndian.PutUint64(p[len(p)-8:], uint64(time.Now().UnixNano())) //nolint:gosec // after 1970
	var err error
	if u.sealed, err = u.seal.EncryptRTP(u.sealed[:0], p, nil); err != nil {
		return false
	}
	_, err = u.udp.WriteTo(u.sealed, u.at)
	return err == nil
}

// receive counts what comes, and how long it took.
func (u *user) receive() {
	buf, plain := make([]byte, 1600), []byte(nil)
	for {
		n, err := u.udp.Read(buf)
		if err != nil {
			return
		}
		b := buf[:n]
		if n < rtpHead+16 || b[0]>>6 != 2 || b[1]&0x7f >= 64 && b[1]&0x7f < 96 { // STUN, DTLS, RTCP
			continue
		}
		var h rtp.Header
		if plain, err = u.open.DecryptRTP(plain[:0], b, &h); err != nil || len(plain) < rtpHead+16 {
			continue
		}
		body := plain[h.MarshalSize():]
		if h.PayloadType == vp8 {
			u.run.count(func(c *counts) { c.Pictures++ })
			continue
		}
		if len(body) != soundBytes {
			continue
		}
		if id := binary.BigEndian.Uint64(body[1:]) << 8 >> 16; id != u.of {
			u.of, u.any = id, false
		}
		lost := 0
		if gap := h.SequenceNumber - u.last; u.any && gap > 1 && gap < 1000 {
			lost = int(gap) - 1
		}
		u.last, u.any = h.SequenceNumber, true
		u.run.count(func(c *counts) { c.Heard++; c.Lost += lost })
		u.run.sound.add(time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(body[len(body)-8:]))))) //nolint:gosec // what send wrote
	}
}

// keyID reads a key id of the protocol.
func keyID(hex string) (id uint64) {
	_, _ = fmt.Sscanf(hex, "%x", &id)
	return id
}

// pipe is the socket while DTLS has it; then DTLS hears nothing more, and its goroutines end.
type pipe struct {
	*net.UDPConn
	over atomic.Bool
}

func newPipe(u *user) (*pipe, func()) {
	p := &pipe{UDPConn: u.udp}
	return p, func() {
		p.over.Store(true)
		_ = u.udp.SetReadDeadline(time.Now())
		time.Sleep(2 * time.Millisecond) // DTLS sees that it is over before the socket is read again
		_ = u.udp.SetReadDeadline(time.Time{})
	}
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	if p.over.Load() {
		return 0, nil, net.ErrClosed
	}
	n, from, err := p.UDPConn.ReadFrom(b)
	if p.over.Load() {
		return 0, nil, net.ErrClosed
	}
	return n, from, err
}

func (p *pipe) WriteTo(b []byte, to net.Addr) (int, error) {
	if p.over.Load() {
		return len(b), nil
	}
	return p.UDPConn.WriteTo(b, to)
}

func (p *pipe) Close() error { return nil }
