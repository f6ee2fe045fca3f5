package turn

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Alternate is another server, for TLS and DTLS.
type Alternate struct {
	At     netip.AddrPort
	Domain string // the name in its certificate, if that is not the one that the client knows already
}

// alternates sends who has logged in to another server (RFC 8489, section 10) while this one drains or is full.
//
// Servers that name each other, all of them full, would send a client around for ever, were it not for the client: it tries none twice within five minutes.
// Not every client heeds that, so a user at an address is sent away as often in five minutes as it may hold allocations, and refused from then on.
type alternates struct {
	open, secure [2][]Alternate // by the family of addresses
	most         int            // times that one may be sent away
	seed         maphash.Seed

	mu    sync.Mutex // guards the rest
	sent  [4096]uint16
	until time.Duration
}

const alternateReset = 5 * time.Minute

func newAlternates(c Config) *alternates {
	x := &alternates{most: c.Quota, seed: maphash.MakeSeed()}
	add := func(lists *[2][]Alternate, a Alternate) {
		a.At = netip.AddrPortFrom(plain(a.At.Addr()), a.At.Port())
		i := index(a.At.Addr())
		lists[i] = append(lists[i], a)
	}
	for _, at := range c.Alternates {
		add(&x.open, Alternate{At: at})
	}
	for _, a := range c.TLSAlternates {
		add(&x.secure, a)
	}
	return x
}

// of lists the servers that a client can go to: over what it came by, in the family of its address.
func (x *alternates) of(from sender) []Alternate {
	if from.stream != nil && from.stream.all.apart {
		return x.secure[index(from.at.Addr())]
	}
	return x.open[index(from.at.Addr())]
}

// sends counts one more time that a user is sent away, and reports whether it may be. Users that share a counter share what it allows.
func (x *alternates) sends(user string, at netip.Addr, now time.Duration) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now >= x.until {
		x.sent, x.until = [4096]uint16{}, now+alternateReset
	}
	n := &x.sent[maphash.Comparable(x.seed, struct {
		user string
		at   netip.Addr
	}{user, home(at)})%uint64(len(x.sent))]
	if int(*n) >= x.most {
		return false
	}
	*n++
	return true
}

// instead is the code for a user who gets no allocation here: to try another server, if there is one, else the given one.
func (s *shard) instead(code int, user string, from sender) int {
	if x := s.server.others; len(x.of(from)) == 0 || !x.sends(user, from.at.Addr(), s.now) {
		return code
	}
	s.count.redirected++
	return codeTryAlternate
}

// appendAlternate adds one of the other servers (RFC 8489, sections 14.15 and 14.16).
func appendAlternate(b []byte, list []Alternate) []byte {
	a := list[rand.IntN(len(list))]
	family := byte(family4)
	if a.At.Addr().Is6() {
		family = family6
	}
	port := a.At.Port()
	b = appendAttribute(b, attrAlternateServer, append([]byte{0, family, byte(port >> 8), byte(port)}, a.At.Addr().AsSlice()...)...)
	if a.Domain != "" {
		b = appendAttribute(b, attrAlternateDomain, []byte(a.Domain)...)
	}
	return b
}

// validateAlternates is the part of Validate about other servers. The one that this is must not be among them.
func (c Config) validateAlternates() error {
	var errs []error
	all := append([]Alternate(nil), c.TLSAlternates...)
	for _, at := range c.Alternates {
		all = append(all, Alternate{At: at})
	}
	for i, a := range all {
		listen := c.Listen
		if i < len(c.TLSAlternates) {
			listen = c.TLSListen
		}
		ip := plain(a.At.Addr())
		_, port, _ := net.SplitHostPort(listen)
		switch {
		case !ip.IsValid() || ip.IsUnspecified() || a.At.Port() == 0 || len(a.Domain) > 255:
			errs = append(errs, fmt.Errorf("the alternate %v is no address and port that a client could use", a.At))
		case (ip == c.PublicIP || ip == c.PublicIP6) && port == strconv.Itoa(int(a.At.Port())):
			errs = append(errs, fmt.Errorf("the alternate %v is this server", a.At))
		}
	}
	return errors.Join(errs...)
}
