package app

import (
	"context"
	"sync"
	"time"

	"passerby/match"
	"passerby/signaling/protocol"
)

// statsAge is how old the queue's part of GET /v1/stats may be.
const statsAge = time.Second

// board keeps what the queue said of itself last: anybody may ask for it, without a token and as often as he likes, and each
// asking of the queue is a call to the node that leads it.
type board struct {
	mu     sync.Mutex // guards what follows
	last   match.Stats
	at     time.Time
	asking bool
}

// read answers what is known, after asking if that is old and nobody asks already.
func (b *board) read(ask func(ctx context.Context) (match.Stats, error)) match.Stats {
	known, old := b.look()
	if !old {
		return known
	}
	ctx, cancel := context.WithTimeout(context.Background(), statsAge)
	defer cancel()
	now, err := ask(ctx)
	if err != nil {
		now = match.Stats{}
	}
	b.write(now)
	return now
}

// look says whether what is known is old; whoever hears so must write.
func (b *board) look() (known match.Stats, old bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old = !b.asking && time.Since(b.at) >= statsAge
	b.asking = b.asking || old
	return b.last, old
}

func (b *board) write(now match.Stats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last, b.at, b.asking = now, time.Now(), false
}

func (s *Server) stats() protocol.StatsAnswer {
	a := protocol.StatsAnswer{Online: s.hub.Stats().Sessions}
	if s.members != nil {
		_, sum := s.members.Total()
		a.Online = sum.Sessions
	}
	q := s.board.read(s.queue.Stats)
	a.Waiting = protocol.WaitingStats{Video: q.Waiting[match.Video], Text: q.Waiting[match.Text]}
	a.Matched = 2 * q.Pairs
	return a
}
