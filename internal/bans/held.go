package bans

import (
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"passerby/internal/store"
)

// name is a ban, a person or a network in 16 bytes: those that their ids stand for, or half of a digest of what is written otherwise.
type name [16]byte

// none is no name.
var none name

// String is the id of a ban as store.NewID makes it.
func (n name) String() string { return uuid.UUID(n).String() }

func nameOfID(id string) name {
	if u, err := uuid.Parse(id); err == nil {
		return name(u)
	}
	return digest(id)
}

// nameOf is of a person or a network, whose ids are base64url of 16 bytes (internal/identity).
func nameOf(id string) (n name) {
	if id == "" {
		return none
	}
	var raw [16]byte
	if len(id) == 22 {
		if k, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(id)); err == nil && k == len(raw) {
			return raw
		}
	}
	return digest(id)
}

func digest(id string) name {
	sum := sha256.Sum256([]byte(id))
	return name(sum[:16])
}

// held is what Check needs of a ban.
type held struct {
	user, network  name
	until, changed int64   // Unix ms; until 0: for good
	exempt         *[]name // nil: nobody
	reason         uint8
}

// hold is called with mu held.
func (b *Book) hold(ban store.Ban) held {
	h := held{user: nameOf(ban.User), network: nameOf(ban.Network), changed: ban.Changed.UnixMilli(), reason: b.reason(ban.Reason)}
	if !ban.Until.IsZero() {
		h.until = ban.Until.UnixMilli()
	}
	if len(ban.Exempt) > 0 {
		list := make([]name, len(ban.Exempt))
		for i, user := range ban.Exempt {
			list[i] = nameOf(user)
		}
		h.exempt = &list
	}
	return h
}

// mostReasons is how many different ones are kept; those of the protocol are six.
const mostReasons = 100

// reason is called with mu held.
func (b *Book) reason(text string) uint8 {
	i := slices.Index(b.reasons, text)
	if i < 0 && len(b.reasons) >= mostReasons {
		return 0
	}
	if i < 0 {
		b.reasons = append(b.reasons, text)
		i = len(b.reasons) - 1
	}
	return uint8(i)
}

func (h held) over(now time.Time) bool { return h.until != 0 && now.UnixMilli() >= h.until }

func (h held) exempts(user name) bool { return h.exempt != nil && slices.Contains(*h.exempt, user) }

func (h held) same(other held) bool {
	a, b := h.exempt, other.exempt
	return h.changed == other.changed && (a == nil) == (b == nil) && (a == nil || slices.Equal(*a, *b))
}

// ids are the bans of one person or network: one mostly.
type ids struct {
	first name
	more  *[]name
}

func (i ids) all() iter.Seq[name] {
	return func(yield func(name) bool) {
		if i.first == none || !yield(i.first) || i.more == nil {
			return
		}
		for _, id := range *i.more {
			if !yield(id) {
				return
			}
		}
	}
}

func enter(index map[name]ids, who, id name) {
	if who == none {
		return
	}
	i, known := index[who]
	switch {
	case !known:
		i.first = id
	case i.more == nil:
		i.more = &[]name{id}
	default:
		*i.more = append(*i.more, id)
	}
	index[who] = i
}

func leave(index map[name]ids, who, id name) {
	left := slices.DeleteFunc(slices.Collect(index[who].all()), func(other name) bool { return other == id })
	delete(index, who)
	for _, other := range left {
		enter(index, who, other)
	}
}
