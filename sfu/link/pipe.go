package link

import (
	"net"
	"net/netip"
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
	return p.server.conn.WriteToUDPAddrPort(b, p.remote)
}

func (p *pipe) addr() net.Addr                    { return net.UDPAddrFromAddrPort(p.remote) }
func (p *pipe) Close() error                      { return p.in.Close() }
func (p *pipe) LocalAddr() net.Addr               { return p.server.conn.LocalAddr() }
func (p *pipe) SetDeadline(t time.Time) error     { return p.in.SetReadDeadline(t) }
func (p *pipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(time.Time) error  { return nil }

// Parts of a DTLS record (RFC 6347 §4.1): type, version, epoch, number, length.
const (
	recordHead      = 13
	typeHandshake   = 22
	typeClientHello = 1
)

func isRecord(b []byte) bool { return len(b) > recordHead && b[0] >= 20 && b[0] <= 25 }

// plain says that a record is of the epoch before the keys.
func plain(b []byte) bool { return b[3] == 0 && b[4] == 0 }

func isClientHello(b []byte) bool {
	return plain(b) && b[0] == typeHandshake && b[recordHead] == typeClientHello
}
