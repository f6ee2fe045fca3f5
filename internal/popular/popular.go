// Package popular counts which tags many people name, so that the page can suggest them.
//
//	Note(user, network, tags) ── counts people, not wishes ──▶ Top(n) → "music", "film", …
//
// A tag is told to others only when at least [Config.People] different people have named it in the last hours, who come from more than
// one network: nobody learns what one person wrote, and nobody puts words in front of everybody by himself. Of people it keeps a salted
// number, of networks too, and only as many as matter. What looks like a way to reach somebody (digits in a row, @, dots) and what the
// operator's list of words names is never suggested.
//
// It is safe for concurrent use and has nothing to close. When full, tags that a single person named make room; then new ones wait for
// the next turn.
package popular

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config says when a tag is popular.
type Config struct {
	People int           // who must have named a tag; 0: nothing is ever popular
	Window time.Duration // how long that counts, at most; default 6 h. Half of it at least
	Words  []string      // a tag that holds one of these is never suggested
}

const (
	tagsHeld   = 4096 // in one table
	peopleHeld = 64   // of one tag; more than so many are all the same
)

// Tags counts. Make it with New.
type Tags struct {
	people, each int // each: people of one network who count for a tag
	half         time.Duration
	words        []string
	seed         maphash.Seed

	mu         sync.Mutex // guards what follows
	young, old map[string]*count
	turned     time.Time
}

// count is who named a tag.
type count struct {
	people   map[uint64]struct{}
	networks map[uint64]int
}

// New returns Tags that knows none yet.
func New(c Config) *Tags {
	if c.Window == 0 {
		c.Window = 6 * time.Hour
	}
	t := &Tags{people: c.People, each: (c.People + 1) / 2, half: c.Window / 2, seed: maphash.MakeSeed(), young: map[string]*count{}, turned: time.Now()}
	for _, word := range c.Words {
		if word = letters(word); word != "" {
			t.words = append(t.words, word)
		}
	}
	return t
}

// Note takes note that a user of a network named tags, which are in the form in which tags are compared. Without a network (the machine
// itself) people alone count.
func (t *Tags) Note(user string, network netip.Prefix, tags []string) {
	if t.people == 0 || user == "" {
		return
	}
	person, from := maphash.String(t.seed, user), uint64(0)
	if network.IsValid() {
		from = maphash.Comparable(t.seed, network)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn()
	for _, tag := range tags {
		if t.fit(tag) {
			t.note(tag, person, from)
		}
	}
}

// note is called with mu held.
func (t *Tags) note(tag string, person, from uint64) {
	c := t.young[tag]
	if c == nil {
		if len(t.young) >= tagsHeld && !t.sweep() {
			return
		}
		c = &count{people: map[uint64]struct{}{}, networks: map[uint64]int{}}
		t.young[tag] = c
	}
	if _, known := c.people[person]; known || len(c.people) >= peopleHeld || from != 0 && c.networks[from] >= t.each {
		return
	}
	c.people[person] = struct{}{}
	if from != 0 {
		c.networks[from]++
	}
}

// sweep drops what one person alone named, and says whether that made room. It is called with mu held.
func (t *Tags) sweep() bool {
	for tag, c := range t.young {
		if len(c.people) < 2 {
			delete(t.young, tag)
		}
	}
	return len(t.young) < tagsHeld*3/4 || t.people == 1 && len(t.young) < tagsHeld
}

// turn is called with mu held.
func (t *Tags) turn() {
	for now := time.Now(); now.Sub(t.turned) >= t.half; t.turned = t.turned.Add(t.half) {
		t.old, t.young = t.young, map[string]*count{}
		if now.Sub(t.turned) >= 2*t.half { // nobody came for a long time
			t.old, t.turned = nil, now.Add(-t.half)
		}
	}
}

// Top answers the n most popular tags, those that most people named first.
func (t *Tags) Top(n int) []string {
	t.mu.Lock()
	all, _ := t.ranked()
	t.mu.Unlock()
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.people, a.people), strings.Compare(a.tag, b.tag))
	})
	top := []string{}
	for _, r := range all[:min(n, len(all))] {
		top = append(top, r.tag)
	}
	return top
}

// Count says how many tags were named, and how many of them are popular.
func (t *Tags) Count() (named, popular int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all, named := t.ranked()
	return named, len(all)
}

type ranked struct {
	tag    string
	people int
}

// ranked answers the popular tags in no order, and how many were named at all. It is called with mu held.
func (t *Tags) ranked() (popular []ranked, named int) {
	t.turn()
	rank := func(tag string, tables ...*count) {
		named++
		if people := t.together(tables...); t.people > 0 && people >= t.people {
			popular = append(popular, ranked{tag, people})
		}
	}
	for tag, c := range t.young {
		rank(tag, c, t.old[tag])
	}
	for tag, c := range t.old {
		if t.young[tag] == nil {
			rank(tag, c)
		}
	}
	return popular, named
}

// together counts people of both tables once. It is called with mu held.
func (t *Tags) together(counts ...*count) int {
	people := 0
	for i, c := range counts {
		if c == nil {
			continue
		}
		for person := range c.people {
			if i == 0 || counts[0] == nil {
				people++
			} else if _, known := counts[0].people[person]; !known {
				people++
			}
		}
	}
	return people
}
