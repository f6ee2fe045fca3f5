package queue

import (
	"math/bits"

	"passerby/match/internal/class"
)

// pool indexes everybody who waits in one mode.
type pool struct {
	line    *node // everybody, by place
	buckets map[key]*bucket
	rate    rate
}

// key names a bucket: a scope within a language list.
type key struct {
	group string // people of another one (match.Ticket.Pool) are in no list together
	area  string // a region, or one of those below
	scope scope
	tag   string // of tagged
	lang  string
}

type scope uint8

const (
	openly  scope = iota // takes anyone compatible
	patient              // holds out for a shared tag
	tagged               // names the tag
)

// Areas. Everybody is where all who look for him look: who names no region is in nowhere alone.
const (
	nowhere   = ""
	somewhere = "*" // those of every region
	roaming   = "+" // those who have waited for long enough to take people of every region
)

// Language lists that are no language. Normalised languages are letters only.
const (
	anyLang  = "*" // everybody of the scope
	wideLang = "+" // those who accept other languages
)

// bucket holds one ordered list per gender class.
type bucket struct {
	filled uint32 // classes whose list is not empty
	lists  [class.Count]*node
}

func newPool() *pool { return &pool{buckets: make(map[key]*bucket)} }

// keys yields every bucket that s belongs in, given its flags.
func (s *stay) keys(yield func(key) bool) {
	in := func(area string, sc scope, tag string) bool {
		group, lang := s.ticket.Pool, s.ticket.Wish.Language
		return yield(key{group, area, sc, tag, anyLang}) && yield(key{group, area, sc, tag, lang}) &&
			(!s.wide || lang == "" || yield(key{group, area, sc, tag, wideLang}))
	}
	each := func(sc scope, tag string) bool {
		region := s.ticket.Region
		return in(region, sc, tag) && (region == "" || in(somewhere, sc, tag) && (!s.roam || in(roaming, sc, tag)))
	}
	sc := patient
	if s.open {
		sc = openly
	}
	if !each(sc, "") {
		return
	}
	for _, tag := range s.ticket.Wish.Tags {
		if !each(tagged, tag) {
			return
		}
	}
}

func (p *pool) enter(s *stay) {
	p.line = insert(p.line, newNode(s))
	s.keys(func(k key) bool {
		b := p.buckets[k]
		if b == nil {
			b = new(bucket)
			p.buckets[k] = b
		}
		b.lists[s.class] = insert(b.lists[s.class], newNode(s))
		b.filled |= 1 << s.class
		return true
	})
}

func (p *pool) leave(s *stay) {
	p.line, _ = remove(p.line, s)
	s.keys(func(k key) bool {
		b := p.buckets[k]
		b.lists[s.class], _ = remove(b.lists[s.class], s)
		if b.lists[s.class] == nil {
			b.filled &^= 1 << s.class
		}
		if b.filled == 0 {
			delete(p.buckets, k)
		}
		return true
	})
}

// areas are where s may find somebody.
func (s *stay) areas() []string {
	switch {
	case s.ticket.Region == "":
		return []string{nowhere, somewhere}
	case s.roam:
		return []string{s.ticket.Region, nowhere, somewhere} // its own apart: they come before older ones of elsewhere
	}
	return []string{s.ticket.Region, nowhere, roaming}
}

// lists yields the ordered lists of a scope in which s may find somebody:
// the right genders, the right languages, near enough.
func (p *pool) lists(s *stay, sc scope, tag string, yield func(*node) bool) bool {
	langs := [3]string{anyLang}
	n := 1
	if lang := s.ticket.Wish.Language; lang != "" {
		langs[0], langs[1], n = lang, "", 2
		if s.wide {
			langs[2], n = wideLang, 3
		}
	}
	for _, area := range s.areas() {
		for _, lang := range langs[:n] {
			b := p.buckets[key{s.ticket.Pool, area, sc, tag, lang}]
			if b == nil {
				continue
			}
			for mask := b.filled & class.Accepting[s.class]; mask != 0; mask &= mask - 1 {
				if !yield(b.lists[bits.TrailingZeros32(mask)]) {
					return false
				}
			}
		}
	}
	return true
}
