package queue

import "slices"

// bonds remembers pairs of users for a time: recent partners, and blocks.
// It is bounded per user and as a whole; the oldest go first.
type bonds struct {
	of      map[string][]bond // oldest first
	log     []logged          // all, oldest first, from head
	head    int
	live    int // entries of "of"
	perUser int
	overall int
	keep    int64 // milliseconds

	changed func(user, other string, until int64) // nil: nobody asks; until 0: forgotten
}

type bond struct {
	other string
	until int64
}

type logged struct {
	user, other string
	until       int64
}

func newBonds(perUser, overall int, keep int64) *bonds {
	return &bonds{of: make(map[string][]bond), perUser: perUser, overall: overall, keep: keep}
}

// met reports whether either remembers the other.
func (b *bonds) met(user, other string, now int64) bool {
	return b.remembers(user, other, now) || b.remembers(other, user, now)
}

func (b *bonds) remembers(user, other string, now int64) bool {
	for _, x := range b.of[user] {
		if x.other == other && x.until > now {
			return true
		}
	}
	return false
}

// add makes user remember other.
func (b *bonds) add(user, other string, now int64) {
	b.forget(now)
	b.drop(user, other)
	if list := b.of[user]; len(list) >= b.perUser {
		for _, x := range slices.Clone(list[:len(list)-b.perUser+1]) {
			b.drop(user, x.other)
		}
	}
	b.put(user, other, now+b.keep)
	b.note(user, other, now+b.keep)
}

// put adds the newest of all.
func (b *bonds) put(user, other string, until int64) {
	b.of[user] = append(b.of[user], bond{other, until})
	b.live++
	b.log = append(b.log, logged{user, other, until})
}

func (b *bonds) note(user, other string, until int64) {
	if b.changed != nil {
		b.changed(user, other, until)
	}
}

// forget drops what has run out, and the oldest while there are too many.
func (b *bonds) forget(now int64) {
	for b.head < len(b.log) && (b.log[b.head].until <= now || b.live >= b.overall || len(b.log)-b.head > 2*b.overall) {
		e := b.log[b.head]
		b.log[b.head] = logged{}
		b.head++
		for _, x := range b.of[e.user] {
			if x.other == e.other && x.until == e.until { // not one renewed since
				b.drop(e.user, e.other)
				break
			}
		}
	}
	if b.head > 1024 && b.head*2 > len(b.log) {
		b.log = slices.Clone(b.log[b.head:])
		b.head = 0
	}
}

func (b *bonds) drop(user, other string) {
	list := b.of[user]
	i := slices.IndexFunc(list, func(x bond) bool { return x.other == other })
	if i < 0 {
		return
	}
	b.live--
	b.note(user, other, 0)
	if list = slices.Delete(list, i, i+1); len(list) == 0 {
		delete(b.of, user)
	} else {
		b.of[user] = list
	}
}
