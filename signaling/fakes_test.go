package signaling_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// fakeQueue pairs whoever waits for the same mode, first come first served, on any
// number of hubs.
type fakeQueue struct {
	mu      sync.Mutex
	hubs    map[string]*signaling.Hub // by node
	line    []signaling.Ticket
	pairs   map[string]*signaling.Pair   // by session
	endings map[string]*signaling.Ending // by session, until it arrives or leaves
	blocked map[[2]string]bool
	regions map[string]string // by user
	made    int
	deaf    bool // hints are lost
	fail    error
	panics  map[string]bool // sessions for which Arrive panics
	log     []string

	renewals atomic.Int64
}

func newFakeQueue() *fakeQueue {
	return &fakeQueue{
		hubs: map[string]*signaling.Hub{}, pairs: map[string]*signaling.Pair{}, endings: map[string]*signaling.Ending{},
		blocked: map[[2]string]bool{}, panics: map[string]bool{},
	}
}

// note is called with mu held.
func (q *fakeQueue) note(format string, args ...any) {
	q.log = append(q.log, fmt.Sprintf(format, args...))
}

func (q *fakeQueue) Arrive(_ context.Context, t signaling.Ticket) (signaling.Standing, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.panics[t.Session] {
		panic("a bug in the queue")
	}
	if q.fail != nil {
		return signaling.Standing{}, q.fail
	}
	for _, tag := range t.Wish.Tags {
		if tag == "bad" {
			return signaling.Standing{}, fmt.Errorf("%w: find.tags: not good", signaling.ErrWish)
		}
	}
	kept := !t.Since.IsZero()
	q.end(t.Session, protocol.EndNext)
	delete(q.endings, t.Session)
	q.remove(t.Session)
	if t.Since.IsZero() {
		t.Since = time.Now()
	}
	q.note("arrive %s kept=%t", t.Session, kept)
	for i, other := range q.line {
		if other.Wish.Mode == t.Wish.Mode && other.User != t.User && !q.blocked[[2]string{t.User, other.User}] {
			q.line = append(q.line[:i:i], q.line[i+1:]...)
			return q.pair(other, t), nil
		}
	}
	q.line = append(q.line, t)
	return signaling.Standing{Place: signaling.InLine, Since: t.Since, Position: len(q.line)}, nil
}

func (q *fakeQueue) pair(a, b signaling.Ticket) signaling.Standing {
	q.made++
	p := &signaling.Pair{
		ID: fmt.Sprintf("match-%d", q.made), Mode: a.Wish.Mode, At: time.Now(),
		Initiator: signaling.Side{Session: a.Session, User: a.User, Node: a.Node, Key: a.Key, Language: a.Wish.Language, Region: q.regions[a.User]},
		Responder: signaling.Side{Session: b.Session, User: b.User, Node: b.Node, Key: b.Key, Language: b.Wish.Language, Region: q.regions[b.User]},
	}
	q.pairs[a.Session], q.pairs[b.Session] = p, p
	if !q.deaf {
		q.hubs[a.Node].PairMade(a.Session, *p)
		q.hubs[b.Node].PairMade(b.Session, *p)
	}
	return signaling.Standing{Place: signaling.Paired, Since: b.Since, Pair: p}
}

// end is called with mu held.
func (q *fakeQueue) end(session string, reason protocol.EndReason) {
	p := q.pairs[session]
	if p == nil {
		return
	}
	for _, side := range []signaling.Side{p.Initiator, p.Responder} {
		delete(q.pairs, side.Session)
		if side.Session == session {
			continue
		}
		q.endings[side.Session] = &signaling.Ending{Pair: p.ID, Reason: reason}
		if !q.deaf {
			q.hubs[side.Node].PairEnded(side.Session, p.ID, reason)
		}
	}
}

func (q *fakeQueue) remove(session string) {
	for i, t := range q.line {
		if t.Session == session {
			q.line = append(q.line[:i:i], q.line[i+1:]...)
			return
		}
	}
}

func (q *fakeQueue) Leave(_ context.Context, session string, reason protocol.EndReason) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.note("leave %s %s", session, reason)
	q.end(session, reason)
	q.remove(session)
	delete(q.endings, session)
	return nil
}

func (q *fakeQueue) Confirm(_ context.Context, session, pair string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.pairs[session]; p == nil || p.ID != pair {
		return signaling.ErrGone
	}
	return nil
}

func (q *fakeQueue) Renew(_ context.Context, session string) (signaling.Standing, error) {
	q.renewals.Add(1)
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.pairs[session]; p != nil {
		return signaling.Standing{Place: signaling.Paired, Pair: p}, nil
	}
	for i, t := range q.line {
		if t.Session == session {
			return signaling.Standing{Place: signaling.InLine, Since: t.Since, Position: i + 1}, nil
		}
	}
	return signaling.Standing{Ended: q.endings[session]}, nil
}

func (q *fakeQueue) Block(_ context.Context, user, other string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.note("block %s %s", user, other)
	q.blocked[[2]string{user, other}], q.blocked[[2]string{other, user}] = true, true
	for _, p := range q.pairs {
		if users := [2]string{p.Initiator.User, p.Responder.User}; users == [2]string{user, other} || users == [2]string{other, user} {
			q.end(p.Initiator.Session, protocol.EndBlocked)
			break
		}
	}
	return nil
}

func (q *fakeQueue) set(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
}

// has says whether something was noted.
func (q *fakeQueue) has(line string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.log {
		if l == line {
			return true
		}
	}
	return false
}

// fakeMedia notes what it is told, and has data channels that end in Go channels.
type fakeMedia struct {
	mu       sync.Mutex
	log      []string
	channels map[string]chan []byte // open data channels by session
}

func newFakeMedia() *fakeMedia { return &fakeMedia{channels: map[string]chan []byte{}} }

func (m *fakeMedia) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, fmt.Sprintf(format, args...))
}

func (m *fakeMedia) has(line string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.log {
		if l == line {
			return true
		}
	}
	return false
}

// open opens a session's data channel.
func (m *fakeMedia) open(session string) <-chan []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.channels[session] = make(chan []byte, 64)
	return m.channels[session]
}

func (m *fakeMedia) shut(session string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.channels, session)
}

func (m *fakeMedia) Offer(_ context.Context, session, sdp string) (string, error) {
	switch {
	case strings.Contains(sdp, "bad"):
		return "", fmt.Errorf("parse: %w", signaling.ErrSDP)
	case strings.Contains(sdp, "fail"):
		return "", errors.New("no ports")
	case strings.Contains(sdp, "panic"):
		panic("a bug in the SFU")
	}
	m.note("offer %s", session)
	return "answer to " + sdp, nil
}

func (m *fakeMedia) Candidate(session, candidate string) error {
	if candidate == "bad" {
		return errors.New("not a candidate")
	}
	return nil
}

func (m *fakeMedia) Route(session, node, from string, keyID uint64) {
	m.note("route %s from %q", session, from)
	if from != "" {
		m.note("route %s from %q on %q", session, from, node)
		m.note("route %s from %q key %012x", session, from, keyID)
	}
}
func (m *fakeMedia) Keyed(session string) { m.note("keyed %s", session) }
func (m *fakeMedia) Shown(session string) signaling.Passage {
	m.note("shown %s", session)
	return signaling.Passage{}
}
func (m *fakeMedia) Remove(session string) { m.note("remove %s", session) }

func (m *fakeMedia) Send(session string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.channels[session]
	if c == nil {
		return errors.New("channel is not open")
	}
	select {
	case c <- data:
		return nil
	default:
		return errors.New("channel is full")
	}
}

// fakeStore holds sessions for any number of hubs, as the view of one node.
type fakeStore struct {
	*sharedStore
	node string
}

type sharedStore struct {
	mu    sync.Mutex
	saved map[string]signaling.Saved
	owner map[string]string
	fail  error
	saves int
}

func newSharedStore() *sharedStore {
	return &sharedStore{saved: map[string]signaling.Saved{}, owner: map[string]string{}}
}

func (s *sharedStore) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s fakeStore) Take(_ context.Context, session, user, digest string, only bool, _ time.Duration) (signaling.Taken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved, ok := s.saved[session]
	live := digest != "" && (digest == saved.Digests[0] || digest == saved.Digests[1])
	switch {
	case s.fail != nil:
		return signaling.Taken{}, s.fail
	case !ok || only && !live:
		return signaling.Taken{}, signaling.ErrNoSession
	case saved.User != user:
		return signaling.Taken{}, signaling.ErrForeign
	}
	taken := signaling.Taken{Saved: saved, Live: live, From: s.owner[session]}
	taken.Epoch++
	s.saved[session], s.owner[session] = taken.Saved, s.node
	return taken, nil
}

func (s fakeStore) Save(_ context.Context, session string, saved signaling.Saved, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	if before, ok := s.saved[session]; ok && (before.Epoch != saved.Epoch || s.owner[session] != s.node) {
		return signaling.ErrElsewhere
	}
	s.saves++
	s.saved[session], s.owner[session] = saved, s.node
	return nil
}

func (s fakeStore) Drop(_ context.Context, session string, epoch uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved[session].Epoch == epoch && s.owner[session] == s.node {
		delete(s.saved, session)
		delete(s.owner, session)
	}
	return s.fail
}

func (s fakeStore) Where(_ context.Context, session string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	node, ok := s.owner[session]
	switch {
	case s.fail != nil:
		return "", s.fail
	case !ok:
		return "", signaling.ErrNoSession
	}
	return node, nil
}

// fakeTokens: a token is user/session, with "expired:" in front when its time is over.
type fakeTokens struct{ broken bool }

func (f *fakeTokens) Verify(token string) (signaling.Claims, error) {
	rest, expired := strings.CutPrefix(token, "expired:")
	user, session, ok := strings.Cut(rest, "/")
	if !ok {
		return signaling.Claims{}, errors.New("bad signature")
	}
	claims := signaling.Claims{User: user, Session: session}
	if expired {
		return claims, fmt.Errorf("verify: %w", signaling.ErrTokenExpired)
	}
	return claims, nil
}

func (f *fakeTokens) Issue(c signaling.Claims) (string, time.Time, error) {
	user, session := c.User, c.Session
	if f.broken {
		return "", time.Time{}, errors.New("no key")
	}
	return user + "/" + session, time.Unix(2_000_000_000, 0), nil
}
