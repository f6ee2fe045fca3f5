package group

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"passerby/sfu"
)

// Media is what a Group needs of a media server; *sfu.Server has it.
type Media interface {
	RouteSlot(to string, slot int, from string, keyID uint64) error
	Send(id string, data []byte) error
	Voice(id string) sfu.Voice
	View(id string, slot, width, height int) error
	Taken(id string) []string
}

var _ Media = (*sfu.Server)(nil)

// Errors that a caller can tell apart with errors.Is.
var (
	// ErrFull: the group has Config.Members members.
	ErrFull = errors.New("group: it is full")
	// ErrClosed: the group is closed.
	ErrClosed = errors.New("group: it is closed")
	// ErrMessage: a browser said what cannot be understood, or too much.
	ErrMessage = errors.New("group: malformed message")
)

// Config of a Group.
type Config struct {
	// Name is what the members' keys are bound to. It must not be used again for another call.
	Name string
	// Members is how many there are at most; 0 means 8.
	Members int
	// Slots is how many others each is shown; 0 means one less than Members, which shows all. At most sfu.MaxSlots.
	Slots int
	// Every is how often the speaker is looked for, and what of pictures nobody gets; 0 means 200 ms, less than zero never.
	Every time.Duration
}

func (c Config) withDefaults() Config {
	if c.Members == 0 {
		c.Members = 8
	}
	if c.Slots == 0 {
		c.Slots = c.Members - 1
	}
	c.Slots = min(c.Slots, sfu.MaxSlots)
	if c.Every == 0 {
		c.Every = 200 * time.Millisecond
	}
	return c
}

// Group is one call.
type Group struct {
	cfg   Config
	media Media
	stop  chan struct{}
	work  sync.WaitGroup

	mu      sync.Mutex // guards what follows
	members map[string]*member
	order   speakers
	joined  int
	closed  bool
}

// member is somebody who takes part.
type member struct {
	id    string
	key   string // his public key; "" until he said hello
	nth   int    // to join
	slots []string
	voice sfu.Voice
	taken []string // that he was told; nil is nothing
}

// New makes a group without members; the caller closes it.
func New(media Media, cfg Config) *Group {
	g := &Group{cfg: cfg.withDefaults(), media: media, stop: make(chan struct{}), members: map[string]*member{}}
	if g.cfg.Every > 0 {
		g.work.Go(g.listen)
	}
	return g
}

// Close ends the group: nobody is shown anybody any more.
func (g *Group) Close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.stop)
		for _, m := range g.members {
			g.show(m, nil)
		}
		clear(g.members)
	}
	g.mu.Unlock()
	g.work.Wait()
}

// Join lets an id take part; to join again changes nothing. It counts as a member when its browser says hello.
func (g *Group) Join(id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return ErrClosed
	case g.members[id] != nil:
		return nil
	case len(g.members) >= g.cfg.Members:
		return fmt.Errorf("%w: %d members", ErrFull, g.cfg.Members)
	}
	g.joined++
	g.members[id] = &member{id: id, nth: g.joined, slots: make([]string, g.cfg.Slots), voice: g.media.Voice(id)}
	return nil
}

// Leave ends that. It answers how many are left.
func (g *Group) Leave(id string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.members[id]; m != nil {
		delete(g.members, id)
		g.order.leave(id)
		g.show(m, nil)
		if m.key != "" {
			g.changed()
		}
	}
	return len(g.members)
}

// Data takes what an id's browser says over its data channel. The error is ErrMessage; the group goes on.
func (g *Group) Data(id string, data []byte) error {
	said, err := parse(data)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.members[id]
	if m == nil {
		return nil // left
	}
	switch said.Type {
	case "hello":
		if m.key != said.Key {
			m.key, m.taken = said.Key, nil
			g.order.join(id)
			g.changed()
			return nil
		}
		g.tellMembers(m) // he came back
		g.tellShown(m)
		m.taken = nil
	case "views":
		for slot, size := range said.Sizes[:min(len(said.Sizes), len(m.slots))] {
			if size != nil {
				_ = g.media.View(id, slot, size[0], size[1])
			}
		}
	case "tell":
		if to := g.members[said.To]; to != nil && to.key != "" && m.key != "" {
			g.send(to, message{Type: "told", From: id, Data: said.Data})
		}
	}
	return nil
}

// changed tells everybody who takes part, and shows them. The caller holds mu.
func (g *Group) changed() {
	for _, m := range g.present() {
		g.tellMembers(m)
	}
	g.arrange(true)
}

// arrange fills everybody's slots. The caller holds mu.
func (g *Group) arrange(news bool) {
	for _, m := range g.present() {
		if g.show(m, assign(m.slots, g.order.others(m.id, len(m.slots)))) || news {
			g.tellShown(m)
		}
	}
}

// show routes a member's slots, nil for nobody, and says whether anything changed. The caller holds mu.
func (g *Group) show(m *member, slots []string) (changed bool) {
	for n, now := range m.slots {
		var want string
		if slots != nil {
			want = slots[n]
		}
		if now == want {
			continue
		}
		changed = true
		m.slots[n] = want
		_ = g.media.RouteSlot(m.id, n, want, 0) // n is in range: Config saw to it
	}
	return changed
}

// present are those who said hello, the first to join first. The caller holds mu.
func (g *Group) present() []*member {
	all := slices.SortedFunc(maps.Values(g.members), func(a, b *member) int { return cmp.Compare(a.nth, b.nth) })
	return slices.DeleteFunc(all, func(m *member) bool { return m.key == "" })
}

func (g *Group) tellMembers(to *member) {
	msg := message{Type: "group", Group: g.cfg.Name, You: to.id}
	for _, m := range g.present() {
		msg.Members = append(msg.Members, Member{m.id, m.key})
	}
	g.send(to, msg)
}

func (g *Group) tellShown(to *member) {
	g.send(to, message{Type: "shown", Slots: to.slots, Speaker: g.order.speaker()})
}

func (g *Group) send(to *member, msg message) {
	b, err := json.Marshal(msg)
	if err == nil {
		_ = g.media.Send(to.id, b) // one who does not read hears the next one
	}
}

// listen looks for the speaker.
func (g *Group) listen() {
	every := time.NewTicker(g.cfg.Every)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			g.hear()
		case <-g.stop:
			return
		}
	}
}

// hear takes how loud everybody was since the last time.
func (g *Group) hear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	present := g.present()
	for _, m := range present {
		v := g.media.Voice(m.id)
		packets, loudness := v.Packets-m.voice.Packets, v.Loudness-m.voice.Loudness
		if v.Packets < m.voice.Packets { // a reloaded page counts anew
			packets, loudness = v.Packets, v.Loudness
		}
		m.voice = v
		average := 0.0
		if packets > 0 {
			average = float64(loudness) / float64(packets)
		}
		g.order.heard(m.id, average)
	}
	if g.order.choose() {
		g.arrange(true)
	}
	for _, m := range present {
		g.tellTaken(m)
	}
}

// tellTaken tells a member which encodings of his picture somebody gets, when that is others than before.
func (g *Group) tellTaken(m *member) {
	taken := g.media.Taken(m.id)
	if taken == nil || slices.Equal(taken, m.taken) {
		return
	}
	m.taken = taken
	g.send(m, message{Type: "taken", Layers: taken})
}
