package main

import (
	"fmt"
	"slices"
	"sync"
)

// ledger is the checker. It is told what each person does and sees, before the server is told or just after it has
// spoken, and knows nothing of what the server thinks. Safe for concurrent use.
type ledger struct {
	mu      sync.Mutex // guards what follows
	talks   map[string]map[string]*side
	current map[string]string // the match that each person is in, by his page
	figures figures
	faults  []string // the first few, in words
}

// figures are what row C1 counts; all must be zero but the first.
type figures struct {
	Texts   int // shown
	Doubled int // shown twice
	Lost    int // written or even acknowledged, and never shown
	Strayed int // shown to a stranger
	InTwo   int // people in two matches
	Broken  int // matches that ended and nobody had ended them
	Stuck   int // people who did not get on
}

func (f figures) bad() bool { return f != figures{Texts: f.Texts} }

// side is one person's part of a match.
type side struct {
	partner        string
	written, acked uint64
	shown          uint64
	over           bool
	chose          bool // this person ended it
	unfinished     bool // though texts were under way
}

const faultsKept = 30

func newLedger() *ledger {
	return &ledger{talks: map[string]map[string]*side{}, current: map[string]string{}}
}

// fault is called with mu held.
func (l *ledger) fault(count *int, n int, format string, args ...any) {
	*count += n
	if len(l.faults) < faultsKept {
		l.faults = append(l.faults, fmt.Sprintf(format, args...))
	}
}

// met: a page shows a match. The one before, if it is still open there, ends unsaid.
func (l *ledger) met(who, match, partner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before := l.current[who]; before != "" && before != match {
		was := l.talks[before][who]
		if other := l.talks[before][was.partner]; other == nil || !other.over {
			l.fault(&l.figures.InTwo, 1, "%s is in %s with %s and now in %s with %s", who, before, was.partner, match, partner)
		}
		was.over = true
	}
	l.current[who] = match
	talk := l.talks[match]
	if talk == nil {
		talk = map[string]*side{}
		l.talks[match] = talk
	}
	if own := talk[who]; own != nil {
		if own.over {
			l.fault(&l.figures.InTwo, 1, "%s is back in %s, which was over", who, match)
		}
		return
	}
	talk[who] = &side{partner: partner}
	if other := talk[partner]; partner == who || len(talk) > 2 || len(talk) == 2 && (other == nil || other.partner != who) {
		l.fault(&l.figures.InTwo, 1, "%s is in %s with %s, where others are: %v", who, match, partner, people(talk))
	}
}

func people(talk map[string]*side) (names []string) {
	for name := range talk {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (l *ledger) wrote(who, match string, n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.talks[match][who].written = n
}

func (l *ledger) acked(who, match string, n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.talks[match][who].acked = n
}

// text is the n-th of a person in a match.
type text struct {
	from, match string
	n           uint64
}

// saw: who is shown a text in a match.
func (l *ledger) saw(who, match string, t text) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.talks[match][who]
	l.figures.Texts++
	switch {
	case t.match != match || t.from != own.partner:
		l.fault(&l.figures.Strayed, 1, "%s, in %s with %s, is shown %v", who, match, own.partner, t)
	case t.n <= own.shown:
		l.fault(&l.figures.Doubled, 1, "%s is shown %v again", who, t)
	case t.n > own.shown+1:
		l.fault(&l.figures.Lost, int(t.n-own.shown-1), "%s is shown %v after %d", who, t, own.shown) //nolint:gosec // few texts
		own.shown = t.n
	default:
		own.shown = t.n
	}
}

// over: a page shows no match any more. chose: the person said so; unfinished: with texts under way.
func (l *ledger) over(who, match string, chose, unfinished bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.talks[match][who]
	own.over, own.chose, own.unfinished = true, chose, unfinished
	delete(l.current, who)
}

// stuck: somebody did not get on.
func (l *ledger) stuck(who, where string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault(&l.figures.Stuck, 1, "%s is stuck: %s", who, where)
}

// audited: the keys of the queue were looked at as a whole.
func (l *ledger) audited(wrong []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range wrong {
		l.fault(&l.figures.InTwo, 1, "the queue: %s", w)
	}
}

// close adds up what only the end shows: matches that nobody ended, and texts that never came.
func (l *ledger) close() (figures, []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for match, talk := range l.talks {
		chosen, unfinished := false, false
		for _, s := range talk {
			chosen = chosen || s.chose
			unfinished = unfinished || s.unfinished
		}
		if !chosen {
			l.fault(&l.figures.Broken, 1, "%s of %v ended by itself", match, people(talk))
		}
		for who, s := range talk {
			other := talk[s.partner]
			if other == nil {
				other = &side{}
			}
			missing := max(s.acked, other.shown) - other.shown
			if !unfinished {
				missing = max(s.written, other.shown) - other.shown
			}
			if missing > 0 {
				l.fault(&l.figures.Lost, int(missing), "%d texts of %s in %s: written %d, acknowledged %d, shown %d", missing, who, match, s.written, s.acked, other.shown) //nolint:gosec // few texts
			}
		}
	}
	return l.figures, l.faults
}

// matches counts them.
func (l *ledger) matches() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.talks)
}
