package link

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// dialer keeps a link to one node with a larger name.
type dialer struct {
	addr string
	stop context.CancelFunc
}

var errBusy = errors.New("link: a handshake with this address is under way")

// Nodes says which nodes there are, by name, and under which "host:port" their links
// are reached; this one may be among them. Links to others are not dialed any more;
// one that is up stays until it is silent.
func (s *Server) Nodes(addrs map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announced = map[netip.AddrPort]bool{}
	for _, addr := range addrs {
		if at, err := netip.ParseAddrPort(addr); err == nil {
			s.announced[at] = true
		}
	}
	for name, d := range s.dialers {
		if addrs[name] != d.addr {
			d.stop()
			delete(s.dialers, name)
		}
	}
	for name, addr := range addrs {
		if _, ok := s.dialers[name]; ok || s.closed || name <= s.cfg.Name || addr == "" {
			continue
		}
		ctx, stop := context.WithCancel(s.ctx)
		s.dialers[name] = dialer{addr, stop}
		s.work.Go(func() { s.keep(ctx, name, addr) })
	}
}

// keep dials a node again and again until ctx is over.
func (s *Server) keep(ctx context.Context, node, addr string) {
	pause, failing := firstPause, false
	for ctx.Err() == nil {
		l, err := s.dial(ctx, node, addr)
		if err == nil {
			pause, failing = firstPause, false
			select {
			case <-l.done:
			case <-ctx.Done():
				return
			}
		} else if !failing && ctx.Err() == nil {
			failing = true
			s.log.Warn("no link", "to", node, "error", err)
		}
		wait := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
		pause = min(2*pause, lastPause)
	}
}

func (s *Server) dial(ctx context.Context, node, addr string) (*Link, error) {
	family := "ip"
	if s.addr.Addr().Is4() {
		family = "ip4"
	}
	to, err := net.DefaultResolver.LookupNetIP(ctx, family, hostOf(addr))
	if err != nil {
		return nil, fmt.Errorf("link: address: %w", err)
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", portOf(addr))
	if err != nil {
		return nil, fmt.Errorf("link: address: %w", err)
	}
	p := s.begin(netip.AddrPortFrom(to[0].Unmap(), uint16(port)), true, nil)
	if p == nil {
		return nil, errBusy
	}
	l, err := s.shake(ctx, p, node)
	if err != nil {
		s.stats.failed.Add(1)
	}
	s.finish(p, l)
	return l, err
}

func hostOf(addr string) string { host, _, _ := net.SplitHostPort(addr); return host }
func portOf(addr string) string { _, port, _ := net.SplitHostPort(addr); return port }
