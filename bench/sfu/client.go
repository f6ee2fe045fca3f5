//go:build linux

package main

import (
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"

	"passerby/bench/internal/mediaway"
)

// user is one client: a socket, its keys and its streams.
type user struct {
	id    int
	udp   *net.UDPConn
	fd    int
	at    *net.UDPAddr // the server
	led   bool         // the server makes the checks: Janus, when it has made the offer
	check []byte       // the connectivity check that keeps ICE alive; nil when led

	seal, open *srtp.Context // nil at bare
	aead       cipher.AEAD   // at bare
	streams    [2]stream
	twcc       uint16

	sent, arrived int
	heard         time.Time
}

// The load's side of every session.
var (
	certificate tls.Certificate
	printed     string
)

func newCertificate() (err error) {
	if certificate, err = selfsign.GenerateSelfSigned(); err != nil {
		return err
	}
	printed, err = fingerprint.Fingerprint(certificate.Leaf, crypto.SHA256)
	return err
}

const (
	ufrag    = "load"
	password = "the load's own ICE password"
	offerSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic:WMS *\r\n"
	twccURI  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

func (u *user) sdp() string {
	return u.head("0 1") + u.section(0, "0", "sendrecv") + u.section(1, "1", "sendrecv")
}

func (u *user) head(mids string) string {
	return strings.Replace(offerSDP, "BUNDLE 0 1", "BUNDLE "+mids, 1)
}

// section describes one kind. The candidate is for Janus, which waits for one.
func (u *user) section(kind int, mid, direction string) string {
	media, codec := [2]string{"audio", "video"}[kind], [2]string{"opus/48000/2", "VP8/90000"}[kind]
	pt, ssrc := payloadTypes[kind], u.streams[kind].ssrc
	at := u.udp.LocalAddr().(*net.UDPAddr)
	return fmt.Sprintf("m=%s 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"+
		"a=fingerprint:sha-256 %s\r\na=setup:active\r\na=mid:%s\r\na=%s\r\na=msid:camera %s\r\na=rtpmap:%d %s\r\na=rtcp-fb:%d transport-cc\r\n"+
		"a=rtcp-fb:%d nack\r\na=rtcp-fb:%d nack pli\r\na=extmap:3 %s\r\na=ssrc:%d cname:load\r\na=ssrc:%d msid:camera %s\r\n"+
		"a=candidate:1 1 udp 2130706431 %s %d typ host\r\na=end-of-candidates\r\n",
		media, pt, ufrag, password, printed, mid, direction, media, pt, codec, pt, pt, pt, twccURI, ssrc, ssrc, media, at.IP, at.Port)
}

var answerLine = map[string]*regexp.Regexp{
	"ufrag":     regexp.MustCompile(`a=ice-ufrag:(\S+)`),
	"password":  regexp.MustCompile(`a=ice-pwd:(\S+)`),
	"candidate": regexp.MustCompile(`(?i)a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+ \d+)`),
}

// join makes a user and connects it.
func join(r *running, id int) (*user, error) {
	u, err := newUser(id, net.IPv4(127, 0, 0, 1))
	if err != nil {
		return nil, err
	}
	if r.name == "bare" {
		err = u.joinBare(r)
	} else {
		err = u.joinICE(r)
	}
	if err != nil {
		_ = u.udp.Close()
		return nil, err
	}
	return u, nil
}

// newUser has a socket and no more.
func newUser(id int, at net.IP) (*user, error) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: at})
	if err != nil {
		return nil, err
	}
	u := &user{id: id, udp: udp}
	for kind := range u.streams {
		u.streams[kind].ssrc = uint32(1000 + 10*id + kind) //nolint:gosec // small
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	return u, raw.Control(func(fd uintptr) {
		u.fd = int(fd)                                                             //nolint:gosec // a descriptor
		_ = unix.SetsockoptInt(u.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20) // so that a busy machine loses nothing on this side
	})
}

func (u *user) joinBare(r *running) error {
	key := make([]byte, 16)
	_, _ = rand.Read(key)
	a, err := r.ask(ask{ID: u.id, Offer: u.udp.LocalAddr().String() + " " + hex.EncodeToString(key)})
	if err != nil {
		return err
	}
	if u.at, err = net.ResolveUDPAddr("udp4", a.SDP); err != nil {
		return err
	}
	u.aead, err = newAEAD(key)
	return err
}

func (u *user) joinICE(r *running) error {
	a, err := r.ask(ask{ID: u.id, Offer: u.sdp()})
	if err != nil {
		return err
	}
	return u.connect(a.SDP)
}

// connect does ICE and DTLS with the server that a description tells of.
func (u *user) connect(sdp string) error {
	found := map[string]string{}
	for name, re := range answerLine {
		m := re.FindStringSubmatch(sdp)
		if m == nil {
			return fmt.Errorf("no %s in the answer", name)
		}
		found[name] = m[1]
	}
	ip, port, _ := strings.Cut(found["candidate"], " ")
	var err error
	if u.at, err = net.ResolveUDPAddr("udp4", net.JoinHostPort(ip, port)); err != nil {
		return err
	}
	if u.led {
		return u.handshake()
	}
	if u.check, err = mediaway.Check(found["ufrag"], found["password"], ufrag); err != nil {
		return err
	}
	if err := mediaway.Knock(u.udp, u.at, u.check); err != nil {
		return err
	}
	// Janus answers checks before it has the candidates, and counts only those that come later.
	over := make(chan struct{})
	var checks sync.WaitGroup
	checks.Go(func() {
		again := time.NewTicker(100 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				_, _ = u.udp.WriteTo(u.check, u.at)
			case <-over:
				return
			}
		}
	})
	defer checks.Wait()
	defer close(over)
	return u.handshake()
}

// handshake does DTLS and takes the SRTP keys from it; then the socket is the load's again.
func (u *user) handshake() (err error) {
	loan := &lent{PacketConn: u.udp, over: make(chan struct{})}
	if u.seal, u.open, err = mediaway.Keys(loan, u.at, certificate); err != nil {
		return err
	}
	loan.end()
	return nil
}

func answerCheck(b []byte, from net.Addr) ([]byte, error) {
	check := &stun.Message{Raw: b}
	if err := check.Decode(); err != nil {
		return nil, err
	}
	at := from.(*net.UDPAddr)
	m, err := stun.Build(check, stun.BindingSuccess, &stun.XORMappedAddress{IP: at.IP, Port: at.Port}, stun.NewShortTermIntegrity(password), stun.Fingerprint)
	if err != nil {
		return nil, err
	}
	return m.Raw, nil
}

// lent is the socket while DTLS has it. After end, DTLS hears and says nothing more.
type lent struct {
	net.PacketConn
	over chan struct{}
	once sync.Once
}

func (l *lent) end() {
	l.once.Do(func() {
		close(l.over)
		_ = l.PacketConn.SetReadDeadline(time.Now()) // its read returns
		time.Sleep(time.Millisecond)
	})
}

func (l *lent) ended() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

func (l *lent) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := l.PacketConn.ReadFrom(b)
	for err == nil && n > 1 && b[0] == 0 && b[1] == 1 { // a connectivity check
		if answer, err := answerCheck(b[:n], from); err == nil {
			_, _ = l.PacketConn.WriteTo(answer, from)
		}
		n, from, err = l.PacketConn.ReadFrom(b)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && l.ended() {
		select {} // until the process ends
	}
	return n, from, err
}

func (l *lent) WriteTo(b []byte, to net.Addr) (int, error) {
	if l.ended() {
		return len(b), nil
	}
	return l.PacketConn.WriteTo(b, to)
}

func (l *lent) Close() error { return nil }
