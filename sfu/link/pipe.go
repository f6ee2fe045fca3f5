package link

import (
	"bytes"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5/packetio"
)

// pipe is what the DTLS of one remote address sees of the socket.
type pipe struct {
	server   *Server
	remote   netip.AddrPort
	dialed   bool // this node is the client
	stranger bool // the other end began, from an address that no node announced
	in       *packetio.Buffer

	// Of one that was accepted: who began it, and whether he has proven to hear what is sent to the address.
	random []byte
	cookie atomic.Pointer[[]byte] // that was sent there
	heard  atomic.Bool
}

func newPipe(s *Server, remote netip.AddrPort, dialed bool) *pipe {
	p := &pipe{server: s, remote: remote, dialed: dialed, in: packetio.NewBuffer()}
	p.in.SetLimitCount(32)
	return p
}

// put hands a record over; with no room it is lost.
func (p *pipe) put(b []byte) { _, _ = p.in.Write(b, nil) }

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, _, err := p.in.Read(b, nil)
	return n, p.addr(), err
}

func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	if c, ok := cookieSent(b); ok {
		c = bytes.Clone(c)
		p.cookie.Store(&c)
	}
	return p.server.conn.WriteToUDPAddrPort(b, p.remote)
}

func (p *pipe) addr() net.Addr                    { return net.UDPAddrFromAddrPort(p.remote) }
func (p *pipe) Close() error                      { return p.in.Close() }
func (p *pipe) LocalAddr() net.Addr               { return p.server.conn.LocalAddr() }
func (p *pipe) SetDeadline(t time.Time) error     { return p.in.SetReadDeadline(t) }
func (p *pipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(time.Time) error  { return nil }

// note looks at a hello; false when it is the first of another client than the one that began.
func (p *pipe) note(b []byte) bool {
	random, cookie, first, ok := parseHello(b)
	switch sent := p.cookie.Load(); {
	case !ok:
		return true
	case first:
		return bytes.Equal(random, p.random)
	case sent != nil && len(cookie) > 0 && bytes.Equal(cookie, *sent):
		p.heard.Store(true)
	}
	return true
}

// Parts of a DTLS record (RFC 6347 §4.1): type, version, epoch, number, length; and of a handshake message (§4.2.2):
// type, length, number, fragment's offset and length.
const (
	recordHead      = 13
	messageHead     = 12
	typeHandshake   = 22
	typeClientHello = 1
	typeHelloVerify = 3
	helloRandom     = 32 // bytes
)

func isRecord(b []byte) bool { return len(b) > recordHead && b[0] >= 20 && b[0] <= 25 }

// plain says that a record is of the epoch before the keys.
func plain(b []byte) bool { return b[3] == 0 && b[4] == 0 }

func isClientHello(b []byte) bool {
	return plain(b) && b[0] == typeHandshake && b[recordHead] == typeClientHello
}

// parseHello reads a ClientHello (RFC 6347 §4.2.1): version, random, session id, cookie. first is one that answers no cookie.
func parseHello(b []byte) (random, cookie []byte, first, ok bool) {
	const at = recordHead + messageHead + 2
	if len(b) < at+helloRandom+2 || !isClientHello(b) {
		return nil, nil, false, false
	}
	random, b = b[at:at+helloRandom], b[at+helloRandom:]
	for range 2 { // the session id, then the cookie
		n := 1 + int(b[0])
		if len(b) < n+1 {
			return nil, nil, false, false
		}
		cookie, b = b[1:n], b[n:]
	}
	return random, cookie, len(cookie) == 0, true
}

// cookieSent reads the cookie of a HelloVerifyRequest.
func cookieSent(b []byte) ([]byte, bool) {
	const at = recordHead + messageHead + 2
	if len(b) <= at || !plain(b) || b[0] != typeHandshake || b[recordHead] != typeHelloVerify || len(b) < at+1+int(b[at]) {
		return nil, false
	}
	return b[at+1 : at+1+int(b[at])], true
}
