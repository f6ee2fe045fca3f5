package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
)

// Names makes pseudonyms with a key: whoever lacks it cannot tell what a name stands for, even by trying all IPv4 addresses.
type Names struct{ key []byte }

// New takes a key of 32 random bytes.
func New(key []byte) Names { return Names{key} }

// User is the id of the person with this public key.
func (n Names) User(public []byte) string { return n.name("device", public) }

// AppUser is the id of the person whom an app, by the name of its API key, knows under a name of its own.
func (n Names) AppUser(app, user string) string { return n.name("app", []byte(app+"\n"+user)) }

// Lasting says whether a user's id is one that he has again when he comes back: of a device's key or an app. Somebody without either gets
// a random one for one session, of another length.
func Lasting(user string) bool { return len(user) == nameLength }

const nameLength = 22

// Network is the name of a network, whose host bits do not count. IPv4 in IPv6 is IPv4.
func (n Names) Network(p netip.Prefix) string {
	return n.name("network", []byte(plain(p).String()))
}

// The networks around an address that a ban of a person may reach.
const (
	wide4 = 24
	wide6 = 48
)

// Sighting names the network that an address stands for (one IPv4 address, an IPv6 /64) and the one around it (/24, /48). Both are empty
// for no network.
func (n Names) Sighting(p netip.Prefix) (narrow, wide string) {
	if !p.IsValid() {
		return "", ""
	}
	p = plain(p)
	bits := wide6
	if p.Addr().Is4() {
		bits = wide4
	}
	return n.Network(p), n.Network(netip.PrefixFrom(p.Addr(), min(bits, p.Bits())))
}

// The widest networks that can be banned.
const (
	Widest4 = 8
	Widest6 = 19
)

// Covering names every network that p lies in, p itself the last, up to the widest that can be banned.
func (n Names) Covering(p netip.Prefix) []string {
	if !p.IsValid() {
		return nil
	}
	p = plain(p)
	widest := Widest6
	if p.Addr().Is4() {
		widest = Widest4
	}
	var names []string
	for bits := widest; bits <= p.Bits(); bits++ {
		names = append(names, n.Network(netip.PrefixFrom(p.Addr(), bits)))
	}
	return names
}

func plain(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}

// name is half of an HMAC-SHA-256, in 22 characters.
func (n Names) name(kind string, what []byte) string {
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte(kind + "\n"))
	mac.Write(what)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
