package signaling

import (
	"sync"
	"time"
)

// stays is the media of sessions that live on another node already: it goes on until the client closes its connection, and for so long at
// most. Safe for concurrent use.
type stays struct {
	most   time.Duration
	remove func(session string)

	mu   sync.Mutex // guards left
	left map[string]*time.Timer
}

// begin keeps a session's media.
func (s *stays) begin(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before := s.left[session]; before != nil {
		before.Stop()
	}
	s.left[session] = time.AfterFunc(s.most, func() { s.end(session) })
}

// end removes it, if it was kept.
func (s *stays) end(session string) {
	s.mu.Lock()
	timer := s.left[session]
	delete(s.left, session)
	s.mu.Unlock()
	if timer != nil {
		timer.Stop()
		s.remove(session)
	}
}

// endAll removes all.
func (s *stays) endAll() {
	for _, session := range s.sessions() {
		s.end(session)
	}
}

func (s *stays) sessions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return keys(s.left)
}
