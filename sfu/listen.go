package sfu

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"

	"passerby/sfu/internal/udp"
)

const (
	tcpBuffer   = 64        // packets that wait to be read from a TCP peer
	tcpWriteCap = 512 << 10 // bytes that wait to be written to one
)

// endpoints are the sockets that all peers share, and the addresses under
// which browsers find them.
type endpoints struct {
	udp       *udp.Mux
	tcp       *ice.TCPMuxDefault
	udpAddr   netip.AddrPort // as bound
	tcpAddr   netip.AddrPort // as bound; invalid without TCP
	addresses []netip.Addr   // advertised
	local     []netip.Addr   // one per address family: what pion sees
	net       transport.Net
	accepted  *openConns
}

func listen(cfg Config, log logging.LoggerFactory) (*endpoints, error) {
	udpAddr, err := net.ResolveUDPAddr("udp", cfg.UDP)
	if err != nil {
		return nil, fmt.Errorf("sfu: UDP address: %w", err)
	}
	sockets, err := udp.Listen(udpAddr, udp.Sockets())
	if err != nil {
		return nil, fmt.Errorf("sfu: %w", err)
	}
	e := &endpoints{udpAddr: addrPort(sockets[0].LocalAddr())}
	fail := func(err error) (*endpoints, error) {
		for _, s := range sockets {
			_ = s.Close()
		}
		return nil, err
	}
	if e.addresses, err = advertised(cfg.PublicIPs, e.udpAddr.Addr()); err != nil {
		return fail(err)
	}
	e.local = onePerFamily(e.addresses)
	if e.net, err = newFixedNet(e.local); err != nil {
		return fail(fmt.Errorf("sfu: network: %w", err))
	}
	if cfg.TCP != "" {
		listener, err := net.Listen("tcp", cfg.TCP)
		if err != nil {
			return fail(fmt.Errorf("sfu: listen on TCP: %w", err))
		}
		e.tcpAddr = addrPort(listener.Addr())
		e.accepted = newOpenConns(cfg)
		e.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{
			Listener:        fixedListener{listener, e},
			Logger:          log.NewLogger("tcp"),
			ReadBufferSize:  tcpBuffer,
			WriteBufferSize: tcpWriteCap,

			FirstStunBindTimeout:         cfg.FirstCheck,
			AliveDurationForConnFromStun: cfg.FirstCheck,
		})
	}
	var local []net.Addr
	for _, ip := range e.local {
		local = append(local, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, e.udpAddr.Port())))
	}
	e.udp, err = udp.New(udp.Config{
		Sockets: sockets, Addrs: local, Rate: udp.Rate{Bits: cfg.UplinkBits, Packets: cfg.UplinkPackets},
	})
	if err != nil {
		return fail(fmt.Errorf("sfu: UDP sockets: %w", err))
	}
	return e, nil
}

func (e *endpoints) close() error {
	errs := []error{e.udp.Close()}
	if e.tcp != nil {
		errs = append(errs, e.closeTCP())
	}
	return errors.Join(errs...)
}

// fixedNet is the network with one made-up interface that bears the given
// addresses, so that no peer lists the real ones.
type fixedNet struct {
	*stdnet.Net
	iface *transport.Interface
}

func newFixedNet(ips []netip.Addr) (fixedNet, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return fixedNet{}, err
	}
	iface := transport.NewInterface(net.Interface{Index: 1, MTU: 1500, Name: "sfu", Flags: net.FlagUp})
	for _, ip := range ips {
		iface.AddAddress(&net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(ip.BitLen(), ip.BitLen())})
	}
	return fixedNet{std, iface}, nil
}

func (n fixedNet) Interfaces() ([]*transport.Interface, error) {
	return []*transport.Interface{n.iface}, nil
}

// advertised are the addresses to tell browsers.
func advertised(public []netip.Addr, bound netip.Addr) ([]netip.Addr, error) {
	if len(public) > 0 {
		out := make([]netip.Addr, len(public))
		for i, ip := range public {
			out[i] = ip.Unmap()
		}
		return out, nil
	}
	if !bound.IsUnspecified() {
		return []netip.Addr{bound}, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("sfu: interface addresses: %w", err)
	}
	var out []netip.Addr
	for _, a := range addrs {
		ipNet, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(ipNet.IP)
		ip = ip.Unmap()
		switch {
		case !ok, ip.IsLinkLocalUnicast(), ip.IsMulticast():
		case ip.Is6() && (ip.IsLoopback() || bound.Is4()):
		default:
			out = append(out, ip)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("sfu: no interface has an address; set PublicIPs")
	}
	// Loopback last: only a browser on this machine can use it.
	slices.SortStableFunc(out, func(a, b netip.Addr) int {
		return boolInt(a.IsLoopback()) - boolInt(b.IsLoopback())
	})
	return slices.Compact(out), nil
}

func onePerFamily(ips []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, v4 := range []bool{true, false} {
		if i := slices.IndexFunc(ips, func(ip netip.Addr) bool { return ip.Is4() == v4 }); i >= 0 {
			out = append(out, ips[i])
		}
	}
	return out
}

func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
