package turn

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// challenge is pion's answer to an Allocate without credentials, kept to be given again: it is the same for everybody but for the
// transaction id. So strangers who flood cost neither pion nor the collector anything.
type challenge struct {
	answer []byte
	until  time.Time
}

// challengeFor is how long one is used; its nonce lives an hour.
const challengeFor = time.Minute

const typeAllocateError = 0x0113

// newChallenge keeps a copy of one of pion's answers if it is such a challenge.
func newChallenge(b []byte, now time.Time) *challenge {
	if kind, err := stunType(b); err != nil || kind != typeAllocateError {
		return nil
	}
	unauthorized, signed := false, false
	attributes(b, func(kind uint16, v []byte) bool {
		unauthorized = unauthorized || kind == 0x0009 && len(v) >= 4 && v[2] == 4 && v[3] == 1
		signed = signed || kind == attrIntegrity
		return true
	})
	if !unauthorized || signed {
		return nil
	}
	return &challenge{append([]byte(nil), b...), now.Add(challengeFor)}
}

// applies reports whether b, an Allocate request whose head was checked, is to be answered so: it has no credentials, and nothing
// that pion would rather complain about.
func (c *challenge) applies(b []byte, now time.Time) bool {
	if c == nil || now.After(c.until) {
		return false
	}
	plain := true
	return attributes(b, func(kind uint16, _ []byte) bool {
		switch kind {
		case 0x0019, 0x000D, 0x0018, 0x0017, attrDontFragment: // REQUESTED-TRANSPORT, LIFETIME, EVEN-PORT, REQUESTED-ADDRESS-FAMILY
		default:
			plain = plain && kind >= 0x8000
		}
		return plain
	}) && plain
}

// put writes the answer to a request with this transaction id to the start of to, and returns its length.
func (c *challenge) put(to, id []byte) int {
	var keep [12]byte // id may lie in to
	copy(keep[:], id)
	n := copy(to, c.answer)
	copy(to[8:], keep[:])
	return n
}

// budget bounds what is answered to senders whose address nobody has proven, for each address (IPv6: each /64): an answer is larger
// than its request, and may go to whom the sender pretends to be. Addresses that share a counter share what it allows.
type budget struct {
	key   uint64
	spent [4096]uint16
	until time.Time
}

const (
	perSecond   = 1000 // answers
	budgetReset = time.Second
)

// spend reports whether one more answer may go to an address. Loopback has no budget: packets from outside cannot claim it.
func (b *budget) spend(to netip.Addr, now time.Time) bool {
	if to.IsLoopback() {
		return true
	}
	if now.After(b.until) {
		b.spent, b.until = [4096]uint16{}, now.Add(budgetReset)
	}
	a := to.As16()
	h := binary.NativeEndian.Uint64(a[:8])
	if to.Is4() {
		h = binary.NativeEndian.Uint64(a[8:])
	}
	h = (h ^ b.key) * 0x9E3779B97F4A7C15
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	n := &b.spent[h>>52]
	if *n >= perSecond {
		return false
	}
	*n++
	return true
}
