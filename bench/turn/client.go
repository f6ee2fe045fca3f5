//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"
)

var integrity = stun.NewLongTermIntegrity(user, realm, pass)

func binding() []byte { return stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw }

// socket is a UDP socket on an own port.
type socket struct {
	fd    int
	local netip.AddrPort
}

func open(ip [4]byte) (socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return socket{}, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: ip}); err != nil {
		return socket{}, errors.Join(err, unix.Close(fd))
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return socket{}, errors.Join(err, unix.Close(fd))
	}
	return socket{fd, netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(sa.(*unix.SockaddrInet4).Port))}, nil //nolint:gosec // a port
}

func (s socket) close() { _ = unix.Close(s.fd) }

// ask sends a request until its answer comes.
func (s socket) ask(at netip.AddrPort, request []byte) (*stun.Message, error) {
	buf := make([]byte, 1500)
	for range 6 {
		if err := unix.Sendto(s.fd, request, 0, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
			return nil, err
		}
		for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}, 100); err != nil && !errors.Is(err, unix.EINTR) { //nolint:gosec // a descriptor
				return nil, err
			}
			n, _, err := unix.Recvfrom(s.fd, buf, 0)
			if err != nil {
				continue
			}
			m := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
			if m.Decode() == nil && string(m.TransactionID[:]) == string(request[8:20]) {
				return m, nil
			}
		}
	}
	return nil, errors.New("no answer")
}

// allocation is what a client holds.
type allocation struct {
	relayed netip.AddrPort
	nonce   stun.Nonce
}

func request(method stun.Method, nonce stun.Nonce, extra ...stun.Setter) []byte {
	set := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, extra...)
	if nonce != nil {
		set = append(set, stun.NewUsername(user), stun.NewRealm(realm), nonce, integrity)
	}
	return stun.MustBuild(set...).Raw
}

func raw(t stun.AttrType, v []byte) stun.RawAttribute { return stun.RawAttribute{Type: t, Value: v} }

func allocateRequest(nonce stun.Nonce) []byte {
	return request(stun.MethodAllocate, nonce, raw(stun.AttrRequestedTransport, []byte{17, 0, 0, 0}))
}

func xorPeer(peer netip.AddrPort) stun.RawAttribute {
	b := []byte{0, 1, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[2:], peer.Port()^0x2112)
	a := peer.Addr().As4()
	binary.BigEndian.PutUint32(b[4:], binary.BigEndian.Uint32(a[:])^0x2112A442)
	return raw(stun.AttrXORPeerAddress, b)
}

func permissionRequest(nonce stun.Nonce, peer netip.AddrPort) []byte {
	return request(stun.MethodCreatePermission, nonce, xorPeer(peer))
}

func channelRequest(nonce stun.Nonce, peer netip.AddrPort) []byte {
	return request(stun.MethodChannelBind, nonce, raw(stun.AttrChannelNumber, []byte{0x40, 1, 0, 0}), xorPeer(peer))
}

// allocated reads the relayed address of a success.
func allocated(m *stun.Message) (netip.AddrPort, error) {
	var a stun.XORMappedAddress
	if err := a.GetFromAs(m, stun.AttrXORRelayedAddress); err != nil {
		var code stun.ErrorCodeAttribute
		_ = code.GetFrom(m)
		return netip.AddrPort{}, fmt.Errorf("no allocation: %v %w", code, err)
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(a.Port)), nil //nolint:gosec // a port
}

// allocate gets an allocation for s.
func (s socket) allocate(at netip.AddrPort) (a allocation, err error) {
	m, err := s.ask(at, allocateRequest(nil))
	if err != nil {
		return a, err
	}
	if err := a.nonce.GetFrom(m); err != nil {
		return a, err
	}
	if m, err = s.ask(at, allocateRequest(a.nonce)); err != nil {
		return a, err
	}
	a.relayed, err = allocated(m)
	return a, err
}

// bind makes a permission, and a channel, 0x4001, to peer.
func (s socket) bind(at netip.AddrPort, a allocation, peer netip.AddrPort, channel bool) error {
	r := permissionRequest(a.nonce, peer)
	if channel {
		r = channelRequest(a.nonce, peer)
	}
	m, err := s.ask(at, r)
	if err == nil && m.Type.Class != stun.ClassSuccessResponse {
		var code stun.ErrorCodeAttribute
		_ = code.GetFrom(m)
		err = fmt.Errorf("refused: %v", code)
	}
	return err
}
