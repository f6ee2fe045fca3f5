package sfu

import (
	"sync"
	"time"
)

// pulse ticks the peers that have something to do, all of them with one timer, which runs only while there are any: a
// waiting peer costs none, and one that sends none of its own.
type pulse struct {
	mu    sync.Mutex // guards what follows
	peers []*peer
	runs  bool
}

// add begins to tick a peer.
func (u *pulse) add(p *peer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.peers = append(u.peers, p)
	if !u.runs {
		u.runs = true
		time.AfterFunc(tickEvery, u.beat)
	}
}

func (u *pulse) beat() {
	u.mu.Lock()
	due := u.peers
	u.peers = nil
	u.mu.Unlock()
	busy := due[:0]
	for _, p := range due {
		if p.tick() {
			busy = append(busy, p)
		}
	}
	clear(due[len(busy):])
	u.mu.Lock()
	defer u.mu.Unlock()
	u.peers = append(busy, u.peers...)
	if u.runs = len(u.peers) > 0; u.runs {
		time.AfterFunc(tickEvery, u.beat)
	}
}
