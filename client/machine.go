package client

import (
	"slices"
	"time"

	"passerby/signaling/protocol"
)

// state is where a client stands.
type state int

const (
	connecting state = iota // no session yet
	idle
	waiting
	matched
	reconnecting // the match or the place in line goes on
)

// machine decides what to do about what happens, as web/sdk/src/machine.ts does. It knows no clock and no network: each
// method answers effects, to be carried out in order.
//
//	connecting ─welcome→ idle ─find→ waiting ─matched→ matched ─ended→ idle, or waiting with autoNext
//	any ─connection lost→ reconnecting ─hello with resume, snapshot→ where it was
type machine struct {
	autoNext bool

	state   state
	match   string // the current one
	wanting bool   // a partner
	syncing bool   // the snapshot is not over
	left    []string
	newest  string
	wish    int // version of the wish; 0: there is none
	heard   int // the version that the server knows
}

const leftKept = 8

// effect is one thing to do.
type effect struct {
	do    action
	after time.Duration // of later
	again bool          // of begin: the match goes on
	end   *Ended        // of over
}

type action int

const (
	hello  action = iota // a new session
	resume               // the one before, and then a ping: its pong ends the snapshot
	offer                // media: a new connection
	find                 // the whole wish
	next                 // the wish that the server knows
	leave
	begin // a match, or the same one again
	over  // the match ended
	later // ask again
)

// lostMatch: what to say when a match turns out to be over.
func (m *machine) lostMatch(reason protocol.EndReason) []effect {
	if m.match == "" {
		return nil
	}
	e := effect{do: over, end: &Ended{Match: m.match, Reason: reason}}
	m.match = ""
	return []effect{e}
}

// search looks with few words when the server knows the wish.
func (m *machine) search() effect {
	if m.heard == m.wish {
		return effect{do: next}
	}
	return effect{do: find}
}

func (m *machine) up() []effect {
	if m.state == reconnecting {
		m.syncing = true
		return []effect{{do: resume}}
	}
	effects := []effect{{do: hello}, {do: offer}}
	if m.wanting {
		effects = append(effects, effect{do: find})
	}
	return effects
}

func (m *machine) down() []effect {
	m.syncing = false
	if m.state != connecting {
		m.state = reconnecting
	}
	return nil
}

// expired: the server takes neither token nor secret any more.
func (m *machine) expired() []effect {
	effects := m.lostMatch(protocol.EndLost)
	m.state, m.syncing, m.heard = connecting, false, 0
	return effects
}

func (m *machine) welcome(resumed, media bool) (effects []effect) {
	if m.state == connecting && !m.syncing {
		m.state = idle
		if m.wanting {
			m.state = waiting
		}
		return nil
	}
	switch {
	case !m.syncing:
	case !resumed:
		return m.unknown(effect{do: offer})
	case !media:
		return []effect{{do: offer}}
	}
	return nil
}

// synced: the snapshot is over, and named neither a match nor a wait if the state is still reconnecting.
func (m *machine) synced() []effect {
	if !m.syncing {
		return nil
	}
	if m.state == reconnecting {
		return m.unknown()
	}
	m.syncing = false
	if m.state == waiting && m.heard != m.wish {
		return []effect{{do: find}}
	}
	return nil
}

// unknown: the server knows of no wait and no match.
func (m *machine) unknown(first ...effect) []effect {
	had := m.match != ""
	effects := append(m.lostMatch(protocol.EndLost), first...)
	m.wanting = m.wanting && (!had || m.autoNext)
	m.syncing, m.heard, m.state = false, 0, idle
	if m.wanting {
		m.state = waiting
		effects = append(effects, effect{do: find})
	}
	return effects
}

// queued: the server looks for somebody, with the wish of that version (0: it does not say).
func (m *machine) queued(wish int) []effect {
	if m.state == matched || m.state == idle {
		return nil // older news
	}
	effects := m.lostMatch(protocol.EndLost)
	m.state, m.wanting = waiting, true
	m.heard = max(m.heard, wish)
	return effects
}

func (m *machine) met(match string, wish int) []effect {
	if slices.Contains(m.left, match) {
		if !m.syncing {
			return nil
		}
		effects := m.lostMatch(protocol.EndLost)
		m.state = idle
		if !m.wanting {
			return append(effects, effect{do: leave})
		}
		m.state = waiting
		return append(effects, m.search())
	}
	again := m.match == match
	if !m.wanting && !again {
		return []effect{{do: leave}}
	}
	var effects []effect
	if !again {
		effects = m.lostMatch(protocol.EndLost)
	}
	m.state, m.match, m.newest, m.heard = matched, match, match, max(m.heard, wish)
	return append(effects, effect{do: begin, again: again})
}

// drainPatience is how long to wait after a match was ended by a server that shuts down.
const drainPatience = 2 * time.Second

func (m *machine) ended(match string, reason protocol.EndReason) []effect {
	if m.match != match {
		return nil
	}
	effects := m.lostMatch(reason)
	m.wanting = reason == protocol.EndDrain || m.autoNext && reason != protocol.EndModerated
	m.state = idle
	if !m.wanting {
		return effects
	}
	m.state = waiting
	if reason == protocol.EndDrain {
		return append(effects, effect{do: later, after: drainPatience})
	}
	return append(effects, m.search())
}

// wished: there is another wish, and somebody is wanted.
func (m *machine) wished() []effect {
	m.wish++
	return m.seek()
}

// seek leaves the partner, if there is one, and looks for another.
func (m *machine) seek() []effect {
	m.leaveMatch()
	effects := m.lostMatch(protocol.EndNext)
	m.wanting = true
	switch m.state {
	case connecting: // what is said first is find
	case reconnecting: // the snapshot decides what to ask for
	default:
		if m.syncing {
			break
		}
		m.state = waiting
		effects = append(effects, m.search())
	}
	return effects
}

func (m *machine) leaveMatch() {
	if m.match != "" {
		m.left = append([]string{m.match}, m.left[:min(len(m.left), leftKept-1)]...)
	}
}

// rest leaves the partner or the line.
func (m *machine) rest() []effect {
	m.leaveMatch()
	effects := m.lostMatch(protocol.EndLeft)
	m.wanting = false
	if m.state == waiting || m.state == matched {
		m.state = idle
		effects = append(effects, effect{do: leave})
	}
	return effects
}

// refused: a search was not taken; for good when the wish itself is wrong.
func (m *machine) refused(forGood bool, after time.Duration) []effect {
	if !m.wanting || m.match != "" {
		return nil
	}
	if forGood {
		m.wanting, m.state = false, idle
		return nil
	}
	return []effect{{do: later, after: after}}
}

// due: the time of later has come.
func (m *machine) due() []effect {
	if !m.wanting || m.state != waiting || m.syncing {
		return nil
	}
	return []effect{{do: find}}
}
