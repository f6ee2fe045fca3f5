package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// duration is a flag whose value is a time.
type duration struct{ d *time.Duration }

// String is also called on the zero duration, by package flag.
func (v duration) String() string {
	if v.d == nil {
		return ""
	}
	return v.d.String()
}

func (v duration) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return errors.New("write it like 500ms, 10s, 2m")
	}
	*v.d = d
	return nil
}

// number is a flag whose value is an integer of 32 bits.
type number struct{ n *int }

// String is also called on the zero number, by package flag.
func (v number) String() string {
	if v.n == nil {
		return ""
	}
	return strconv.Itoa(*v.n)
}

func (v number) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return errors.New("write a number")
	}
	*v.n = int(n)
	return nil
}

// bitrate is a flag whose value is a number of bits a second, which may end in k, M or G.
type bitrate struct{ bits *int64 }

// String is also called on the zero bitrate, by package flag.
func (v bitrate) String() string {
	if v.bits == nil {
		return ""
	}
	return strconv.FormatInt(*v.bits, 10)
}

func (v bitrate) Set(s string) error {
	digits, unit := strings.TrimRight(s, "kMG"), 1.0
	switch s[len(digits):] {
	case "":
	case "k":
		unit = 1e3
	case "M":
		unit = 1e6
	case "G":
		unit = 1e9
	default:
		digits = ""
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(n >= 0 && n*unit < 1e15) {
		return errors.New("write bits a second, like 64k, 2.5M, 1G")
	}
	*v.bits = int64(n * unit)
	return nil
}

// several is a flag that holds more than one value.
type several interface{ several() }

// list is a flag whose value is comma separated, and that may be given several times.
type list[T any] struct {
	values *[]T
	parse  func(string) (T, error)
}

func (list[T]) several() {}

// String is also called on the zero list, by package flag.
func (l list[T]) String() string {
	if l.values == nil {
		return ""
	}
	parts := make([]string, len(*l.values))
	for i, v := range *l.values {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, ",")
}

// reset forgets what another layer said.
func (l list[T]) reset() { *l.values = nil }

func (l list[T]) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		v, err := l.parse(part)
		if err != nil {
			return err
		}
		*l.values = append(*l.values, v)
	}
	return nil
}

func text(s string) (string, error) { return s, nil }

func address(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, fmt.Errorf("%q is not an IP address", s)
	}
	return a, nil
}

func addressPort(s string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return a, fmt.Errorf("%q is not an IP address and port, like 192.0.2.1:3478 or [2001:db8::1]:3478", s)
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
}

func network(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("%q is not a network: write it like 203.0.113.0/24", s)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 { // addresses are compared as IPv4
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// listenable refuses what cannot be listened on.
func listenable(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%q is not a listen address: write host:port or :port, with a port from 0 to 65535 (0: any free one)", addr)
	}
	return nil
}
