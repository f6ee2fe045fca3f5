package machine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// The histories of this file are random: sessions, clients, a queue and a network
// that loses, repeats and reorders hints and loses the partners' messages. Sessions
// move to other nodes, with their state or, when the node was killed in the middle of
// something, with what was written down last. Now and then the weather clears; then
// everybody must agree with the queue, with his partner, and with what his client was
// told, and every text must have arrived once.

// errFlaky is the queue's answer when it pretends to fail.
var errFlaky = errors.New("flaky")

// sim is one history.
type sim struct {
	t       *testing.T
	rng     *rand.Rand
	fair    bool // nothing is lost or fails
	now     time.Time
	nodes   int
	names   []string
	actors  map[string]*actor
	queue   model
	hints   []post // to sessions, in no order
	letters []post // between partners
	trace   []string
}

// post is an event on its way to a session.
type post struct {
	to    string
	node  string // of a letter
	event machine.Event
}

// actor is a session and its client.
type actor struct {
	name   string
	state  machine.State
	saved  machine.State // what other nodes can find
	killed bool          // its node, in the middle of a step
	client client
}

func TestRandomHistories(t *testing.T) {
	histories := 200
	if testing.Short() {
		histories = 30
	}
	for seed := range histories {
		s := newSim(t, uint64(seed))
		for range 12 {
			for range 40 {
				s.act()
				s.checkAlways()
			}
			s.clearUp()
			s.checkAgreement()
			if t.Failed() {
				for _, line := range s.trace[max(0, len(s.trace)-120):] {
					t.Log(line)
				}
				t.Fatalf("history of seed %d", seed)
			}
		}
	}
}

func newSim(t *testing.T, seed uint64) *sim {
	s := &sim{t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: time.UnixMilli(1e6), actors: map[string]*actor{}}
	s.queue = model{
		pairs: map[string]*machine.Pair{}, endings: map[string]*machine.Ending{}, reasons: map[string]protocol.EndReason{},
		seen: map[string]int{}, members: map[string][]string{},
	}
	for i := range 5 {
		name := fmt.Sprint("s", i)
		s.names = append(s.names, name)
		state := machine.New(machine.Self{Session: name, User: "u" + name, Node: s.node()})
		s.actors[name] = &actor{name: name, state: state, saved: state}
		s.step(name, machine.Attach{})
	}
	return s
}

func (s *sim) log(format string, args ...any) {
	s.trace = append(s.trace, fmt.Sprintf(format, args...))
}

// node names a new node: each session has one of its own.
func (s *sim) node() string {
	s.nodes++
	return fmt.Sprint("n", s.nodes)
}

func (s *sim) chance(percent int) bool { return !s.fair && s.rng.IntN(100) < percent }

// act does one random thing.
func (s *sim) act() {
	s.now = s.now.Add(time.Duration(s.rng.IntN(2000)) * time.Millisecond)
	a := s.actors[s.names[s.rng.IntN(len(s.names))]]
	switch s.rng.IntN(14) {
	case 12:
		s.move(a, a.state)
	case 13:
		s.move(a, a.saved)
	case 0, 1:
		s.deliver(&s.hints)
	case 2, 3:
		s.deliver(&s.letters)
	case 4:
		s.step(a.name, machine.Tick{})
	case 5:
		if a.state.Attached {
			s.step(a.name, machine.Detach{Until: s.now.Add(30 * time.Second)})
		} else {
			s.attach(a)
		}
	case 6:
		s.step(a.name, machine.Expire{Now: s.now})
		s.revive(a)
	default:
		s.request(a)
	}
}

// move lets another node go on with a session from what is known of it.
func (s *sim) move(a *actor, known machine.State) {
	if known.Over { // nothing can be found
		a.state, a.killed = known, false
		s.revive(a)
		return
	}
	before, self := a.state.Self.Node, a.state.Self
	self.Node = s.node()
	state, err := machine.Restore(machine.AppendState(nil, known), self)
	if err != nil {
		s.t.Fatal(err)
	}
	a.state, a.saved, a.killed = state, state, false
	a.client.phase, a.client.fed = machine.Idle, machine.Route{}
	s.log("%s moves from %s to %s", a.name, before, self.Node)
	s.step(a.name, machine.Attach{Anew: true})
	for _, name := range s.names {
		if s.rng.IntN(2) == 0 {
			s.step(name, machine.NodeGone{Node: before})
		}
	}
	if s.chance(10) { // a node that is alive is taken for dead
		s.step(s.names[s.rng.IntN(len(s.names))], machine.NodeGone{Node: self.Node})
	}
}

// attach is a client's resume, or another tab's.
func (s *sim) attach(a *actor) {
	a.client.phase = machine.Idle // until the snapshot says otherwise
	s.step(a.name, machine.Attach{})
}

// revive starts afresh after the session has ended.
func (s *sim) revive(a *actor) {
	if !a.state.Over || a.killed {
		return
	}
	a.state, a.client = machine.New(a.state.Self), client{key: a.client.key}
	a.saved = a.state
	s.step(a.name, machine.Attach{})
}

// request is something that a client asks for; only one that is there can.
func (s *sim) request(a *actor) {
	if !a.state.Attached {
		return
	}
	c := &a.client
	var m protocol.Message
	switch s.rng.IntN(9) {
	case 0, 1:
		c.key++
		m = &protocol.Find{Mode: protocol.ModeVideo, Key: c.name(a), After: s.knows(c)}
	case 2:
		if !a.state.Wished {
			return
		}
		c.key++
		m = &protocol.Next{Key: c.name(a), After: s.knows(c)}
	case 3:
		m = &protocol.Leave{}
	case 4:
		s.step(a.name, machine.Attach{}) // another connection takes over
		return
	case 5:
		m = &protocol.Block{Match: c.one(s.rng)}
	case 6:
		if c.phase != machine.Matched {
			return
		}
		c.key++
		m = &protocol.Rekey{Match: c.match, Key: c.name(a)}
	default:
		if c.phase != machine.Matched {
			return
		}
		c.sent++
		m = &protocol.Text{Match: c.match, N: c.sent}
	}
	if f := m.Type(); f == "find" || f == "next" {
		c.phase, c.match = machine.Waiting, ""
	}
	s.step(a.name, machine.Request{Message: m})
}

// deliver takes one post at random; some are lost, some come twice.
func (s *sim) deliver(box *[]post) {
	if len(*box) == 0 {
		return
	}
	i := 0
	if !s.fair {
		i = s.rng.IntN(len(*box))
	}
	p := (*box)[i]
	if !s.chance(20) {
		*box = slices.Delete(*box, i, i+1)
	}
	if s.chance(20) || p.node != "" && p.node != s.actors[p.to].state.Self.Node {
		s.log("lost: %T to %s", p.event, p.to)
		return
	}
	s.step(p.to, p.event)
}

// step is the shell around the machine.
func (s *sim) step(name string, ev machine.Event) {
	a := s.actors[name]
	if a.killed {
		return
	}
	s.log("%s %v ← %T %+v", name, a.state.Phase, ev, ev)
	if p, ok := ev.(machine.FromPeer); ok && p.Message.Facts != nil {
		s.log("   facts %+v; knows %d of %s", *p.Message.Facts, a.state.Match.Seen, a.state.Match.Partner.Node)
	}
	state, effects := machine.Step(a.state, ev)
	a.state = state
	if _, ok := ev.(machine.Tick); ok || machine.Urgent(a.saved, state) {
		a.saved = state
	} else if a.saved.Match.ID == state.Match.ID {
		// Written down within a heartbeat. That a page forgets its own counts by a reload and the node dies, both
		// within one, is not played here: then they are lost.
		a.saved.Match.Sent, a.saved.Match.Acked = state.Match.Sent, state.Match.Acked
	}
	for _, e := range effects {
		if a.killed = a.killed || s.rng.IntN(200) == 0 && !s.fair; a.killed {
			return
		}
		if outcome := s.carryOut(a, e); outcome != nil {
			s.step(name, outcome)
		}
	}
}

func (s *sim) carryOut(a *actor, effect machine.Effect) machine.Event {
	q := &s.queue
	switch e := effect.(type) {
	case machine.Send:
		s.told(a, e.Message)
	case machine.Deliver:
		if a.state.Attached {
			s.told(a, e.Message)
		}
	case machine.Tell:
		s.letters = append(s.letters, post{e.Session, e.Node, machine.FromPeer{Message: e.Message}})
	case machine.Forward:
		relay := &protocol.PartnerText{Match: e.Text.Match, N: e.Text.N}
		s.letters = append(s.letters, post{e.Session, e.Node, machine.FromPeer{Message: machine.PeerMessage{
			Match: e.Text.Match, From: a.name, Relay: relay,
		}}})
	case machine.Locate:
		if s.chance(20) {
			return machine.Located{Session: e.Session}
		}
		return machine.Located{Session: e.Session, Node: s.actors[e.Session].state.Self.Node}
	case machine.Route:
		a.client.fed = e
	case machine.Arrive:
		if s.chance(5) {
			return machine.Arrived{ID: e.ID, Err: errFlaky}
		}
		standing := q.arrive(s, e.Ticket)
		if s.chance(5) { // it happened, and nobody knows
			return machine.Arrived{ID: e.ID, Err: errFlaky}
		}
		return machine.Arrived{ID: e.ID, Standing: standing}
	case machine.Leave:
		if !s.chance(5) {
			q.leave(s, a.name, e.Reason)
		}
	case machine.Confirm:
		var err error
		if p := q.pairs[a.name]; p == nil || p.ID != e.Pair.ID {
			err = machine.ErrGone
		} else if s.chance(5) {
			err = errFlaky
		}
		return machine.Confirmed{ID: e.ID, Pair: e.Pair, Err: err}
	case machine.Renew:
		r := machine.Renewed{ID: e.ID, Answer: e.Answer, Not: e.Not}
		if s.chance(5) {
			r.Err = errFlaky
			return r
		}
		q.seen[a.name] = q.round
		r.Standing = q.standing(a.name)
		return r
	case machine.Block:
		return machine.Done{Answer: e.Answer}
	}
	return nil
}

// clearUp lets everybody come back, delivers everything, and beats until all is settled.
func (s *sim) clearUp() {
	s.log("the weather clears")
	s.fair = true
	for _, name := range s.names {
		if a := s.actors[name]; a.killed {
			s.move(a, a.saved)
		} else if !a.state.Attached {
			s.attach(a)
		}
	}
	for range 6 {
		s.queue.round++
		for _, name := range s.names {
			s.step(name, machine.Tick{})
			s.resend(s.actors[name])
		}
		for len(s.hints)+len(s.letters) > 0 {
			s.deliver(&s.hints)
			s.deliver(&s.letters)
		}
		for _, name := range s.names { // leases run out
			if s.queue.seen[name] < s.queue.round-2 {
				s.queue.leave(s, name, protocol.EndLost)
			}
		}
	}
	s.fair = false
}

// resend is the client's duty: a text is sent again until it is acknowledged.
func (s *sim) resend(a *actor) {
	c := &a.client
	for n := c.acked + 1; c.phase == machine.Matched && n <= c.sent; n++ {
		s.step(a.name, machine.Request{Message: &protocol.Text{Match: c.match, N: n}})
	}
}

// checkAlways holds at every moment.
func (s *sim) checkAlways() {
	holders := map[string][]string{}
	for _, name := range s.names {
		st := s.actors[name].state
		if st.Phase == machine.Matched {
			holders[st.Match.ID] = append(holders[st.Match.ID], name)
			if !slices.Contains(s.queue.members[st.Match.ID], st.Match.Partner.Session) || st.Match.Partner.Session == name {
				s.t.Errorf("%s believes to be with %s in %s", name, st.Match.Partner.Session, st.Match.ID)
			}
		} else if st.Match.ID != "" {
			s.t.Errorf("%s is %v and holds match %s", name, st.Phase, st.Match.ID)
		}
	}
	for id, who := range holders {
		if len(who) > 2 {
			s.t.Errorf("match %s is held by %v", id, who)
		}
	}
}

// otherNode is where p lives, as Route says it to a.
func otherNode(p, a *actor) string {
	if p.state.Self.Node == a.state.Self.Node {
		return ""
	}
	return p.state.Self.Node
}

// checkAgreement holds when the weather is clear.
func (s *sim) checkAgreement() {
	for _, name := range s.names {
		a := s.actors[name]
		st, c, truth := a.state, a.client, s.queue.standing(name)
		if want := map[machine.Place]machine.Phase{machine.Absent: machine.Idle, machine.InLine: machine.Waiting, machine.Paired: machine.Matched}[truth.Place]; st.Phase != want || c.phase != want {
			s.t.Errorf("%s: the queue says %v, the session %v, the client %v", name, want, st.Phase, c.phase)
			continue
		}
		if st.Phase != machine.Matched {
			if c.fed.From != "" {
				s.t.Errorf("%s is %v and still fed from %s", name, st.Phase, c.fed.From)
			}
			continue
		}
		p := s.actors[st.Match.Partner.Session]
		switch {
		case st.Match.ID != truth.Pair.ID || c.match != truth.Pair.ID || p.state.Match.ID != truth.Pair.ID:
			s.t.Errorf("%s: match %s in the queue, %s in the session, %s in the client, %s at the partner",
				name, truth.Pair.ID, st.Match.ID, c.match, p.state.Match.ID)
		case st.Match.Away || c.away:
			s.t.Errorf("%s: the partner is there and said to be away", name)
		case st.Match.Partner.Key != p.state.Match.Key || c.partner != p.state.Match.Key || c.keyID != p.client.keyID:
			s.t.Errorf("%s: key of the partner is %s, known as %s, told as %s", name, p.state.Match.Key, st.Match.Partner.Key, c.partner)
		case c.fed.Node != otherNode(p, a):
			s.t.Errorf("%s is fed from node %q, and %s lives on %s", name, c.fed.Node, p.name, p.state.Self.Node)
		case c.fed.From != p.name || machine.FormatKeyID(c.fed.KeyID) != c.keyID:
			s.t.Errorf("%s is fed %+v, key id %s", name, c.fed, c.keyID)
		case p.client.got != c.sent || c.acked != c.sent:
			s.t.Errorf("%s: %d texts sent, %d arrived, %d acknowledged", name, c.sent, p.client.got, c.acked)
		}
	}
}
