//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/pion/logging"
	pion "github.com/pion/turn/v5"
	"golang.org/x/sys/unix"

	"passerby/internal/batch"
)

// servePion is a TURN server as pion/turn's simple example makes one: one UDP socket, a static user.
func servePion(port int) error {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	_ = c.SetReadBuffer(2 << 20)
	key := pion.GenerateAuthKey(user, realm, pass)
	s, err := pion.NewServer(pion.ServerConfig{
		Realm:         realm,
		AuthHandler:   func(a *pion.RequestAttributes) (string, []byte, bool) { return a.Username, key, a.Username == user },
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
		PacketConnConfigs: []pion.PacketConnConfig{{
			PacketConn:            c,
			RelayAddressGenerator: &pion.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1"},
		}},
	})
	if err != nil {
		return err
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
	return s.Close()
}

// flow is a client and its peer at the bare forwarder.
type flow struct {
	client, peer netip.AddrPort
	relay        socket
}

// serveBare forwards by tables and does nothing else: the floor. A datagram of "R" and a port registers the sender's peer.
func serveBare(port int) error {
	runtime.LockOSThread()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	ep, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	watch := func(fd int) error {
		return unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}) //nolint:gosec // a descriptor
	}
	if err := watch(fd); err != nil {
		return err
	}
	in, out := batch.NewReader(64, 0, 1600), batch.NewWriter(64, false)
	clients, relays := map[netip.AddrPort]*flow{}, map[int32]*flow{}
	events := make([]unix.EpollEvent, 128)
	var runs [64]*flow
	for {
		n, err := unix.EpollWait(ep, events, -1)
		if err != nil {
			continue
		}
		for _, e := range events[:n] {
			if f := relays[e.Fd]; f != nil {
				k, _ := in.Read(f.relay.fd, 0, 16)
				for i := range k {
					b, _ := in.Datagram(i)
					out.Add(b, f.client, false)
				}
				out.Flush(fd)
				continue
			}
			k, _ := in.Read(fd, 0, 64)
			for i := range k {
				b, from := in.Datagram(i)
				runs[i] = clients[from]
				if runs[i] == nil {
					if err := register(b, from, fd, clients, relays, watch); err != nil {
						return err
					}
				}
			}
			for i := range k { // all of one relay together
				f := runs[i]
				if f == nil {
					continue
				}
				for j := i; j < k; j++ {
					if runs[j] == f {
						b, _ := in.Datagram(j)
						out.Add(b, f.peer, false)
						runs[j] = nil
					}
				}
				out.Flush(f.relay.fd)
			}
		}
	}
}

func register(b []byte, from netip.AddrPort, fd int, clients map[netip.AddrPort]*flow, relays map[int32]*flow, watch func(int) error) error {
	answer := b // anything else is echoed
	if len(b) == 3 && b[0] == 'R' {
		s, err := open([4]byte{127, 0, 0, 1})
		if err != nil {
			return err
		}
		f := &flow{client: from, peer: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 2}), binary.BigEndian.Uint16(b[1:])), relay: s}
		clients[from], relays[int32(s.fd)] = f, f //nolint:gosec // a descriptor
		if err := watch(s.fd); err != nil {
			return err
		}
		answer = binary.BigEndian.AppendUint16([]byte{'R'}, s.local.Port())
	}
	return unix.Sendto(fd, answer, 0, &unix.SockaddrInet4{Port: int(from.Port()), Addr: from.Addr().As4()})
}

// registerBare tells the bare forwarder a client's peer and learns where the peer sends to.
func registerBare(c socket, at, peer netip.AddrPort) (netip.AddrPort, error) {
	if err := unix.Sendto(c.fd, binary.BigEndian.AppendUint16([]byte{'R'}, peer.Port()), 0, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		return peer, err
	}
	b := make([]byte, 10)
	n, err := 0, error(unix.EAGAIN)
	for end := time.Now().Add(5 * time.Second); err != nil && time.Now().Before(end); {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}, 100) //nolint:gosec // a descriptor
		n, _, err = unix.Recvfrom(c.fd, b, 0)
	}
	if err == nil && (n != 3 || b[0] != 'R') {
		err = errors.New("not registered")
	}
	return netip.AddrPortFrom(at.Addr(), binary.BigEndian.Uint16(b[1:])), err
}
