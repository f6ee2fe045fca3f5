package main

import (
	"sync"
	"time"
)

// person is what a run looks at of anybody who talks: a client, or a page in a browser.
type person struct {
	name  string
	book  *ledger
	where func() string // in words; called with mu held

	mu       sync.Mutex // guards what follows, and what its owner says
	state    string     // of a client: connecting, waiting, matched, reconnecting, leaving or done; a page is done or not
	lastOn   time.Time  // when it last got on: a match, a text, an end
	calm     bool       // looks for nobody after this match
	talks    int        // finished
	resumed  int
	fresh    int
	moves    int            // to another node, because its own stopped
	gap      time.Duration  // of a page: how long the partner's picture stood still at most
	troubles map[string]int // errors of the server, by code
}

func (p *person) on() { p.lastOn = time.Now() }
