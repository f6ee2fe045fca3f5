package turn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
)

// A ticket of mobility (RFC 8016) says nothing to its holder: a random serial number, and a MAC by which forgeries are told without a lock. It is text, and
// short, because coturn's client keeps it as a string of at most 32 characters:
//
//	base64url of serial (8 bytes), MAC (16 bytes)
const (
	ticketMAC  = 16
	ticketText = 32
)

// serial stands for a ticket; the zero value for none.
type serial [8]byte

// tickets knows which allocation each ticket stands for. It is safe for concurrent use.
type tickets struct {
	key []byte

	mu sync.Mutex // guards by
	by map[serial]*allocation
}

// newTickets is nil when nobody may move.
func newTickets(c Config) *tickets {
	if !c.Mobility {
		return nil
	}
	return &tickets{key: newNonceKey(), by: make(map[serial]*allocation)}
}

// issue makes a ticket for an allocation.
func (t *tickets) issue(a *allocation) (x serial) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.by[x] != nil || x == (serial{}) {
		_, _ = rand.Read(x[:]) // never fails
	}
	t.by[x] = a
	return x
}

// forget makes a ticket worthless.
func (t *tickets) forget(x serial) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, x)
}

// find is what a ticket stands for; nil if it is none of ours, or worthless.
func (t *tickets) find(text []byte) (x serial, a *allocation) {
	var raw [len(x) + ticketMAC]byte
	if len(text) != ticketText {
		return serial{}, nil
	}
	if _, err := base64.RawURLEncoding.Decode(raw[:], text); err != nil {
		return serial{}, nil
	}
	x = serial(raw[:len(x)])
	if !hmac.Equal(raw[len(x):], t.mac(x)) {
		return serial{}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return x, t.by[x]
}

// text is a ticket as its holder sees it.
func (t *tickets) text(x serial) []byte {
	return base64.RawURLEncoding.AppendEncode(nil, append(x[:], t.mac(x)...))
}

func (t *tickets) mac(x serial) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(x[:])
	return mac.Sum(nil)[:ticketMAC]
}
