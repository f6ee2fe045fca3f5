package turn

import (
	"net"
	"sync"
	"time"
)

const (
	grantBurst  = 64 // permissions and channels that one client may ask for …
	grantWindow = time.Minute
)

// ledger knows who holds which allocation: for quotas, for credentials that
// run out during a call, and against floods of permissions. A client is its
// transport address, since pion tells no more.
type ledger struct {
	quota  int
	maxAge time.Duration

	mu      sync.Mutex // guards the rest
	clients map[string]*client
	held    map[string]int // allocations by name, those being made included
}

type client struct {
	name   string
	made   bool // false: admitted, and not yet allocated
	grants int
	window time.Time
}

func newLedger(quota int, maxAge time.Duration) *ledger {
	return &ledger{quota: quota, maxAge: maxAge, clients: make(map[string]*client), held: make(map[string]int)}
}

func keyOf(a net.Addr) string { return a.Network() + " " + a.String() }

// admit reserves an allocation for the user if the quota allows it.
func (l *ledger) admit(from net.Addr, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(keyOf(from))
	if l.held[name] >= l.quota {
		return false
	}
	l.held[name]++
	l.clients[keyOf(from)] = &client{name: name}
	return true
}

// made turns the reservation into an allocation.
func (l *ledger) made(from net.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.clients[keyOf(from)]; c != nil {
		c.made = true
	}
}

// failed gives a reservation back.
func (l *ledger) failed(from net.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.clients[keyOf(from)]; c != nil && !c.made {
		l.removeLocked(keyOf(from))
	}
}

// ended gives an allocation back.
func (l *ledger) ended(from net.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(keyOf(from))
}

func (l *ledger) removeLocked(key string) {
	c := l.clients[key]
	if c == nil {
		return
	}
	delete(l.clients, key)
	if l.held[c.name]--; l.held[c.name] <= 0 {
		delete(l.held, c.name)
	}
}

// outlives reports whether this client holds an allocation of this user,
// which may go on although the credentials expired.
func (l *ledger) outlives(from net.Addr, name string, expired, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.clients[keyOf(from)]
	return c != nil && c.made && c.name == name && now.Sub(expired) < l.maxAge
}

// grant reports whether the client may ask for one more permission or channel now.
func (l *ledger) grant(from net.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.clients[keyOf(from)]
	if c == nil {
		return false
	}
	if now.Sub(c.window) >= grantWindow {
		c.window, c.grants = now, 0
	}
	c.grants++
	return c.grants <= grantBurst
}

func (l *ledger) count() (allocations, users int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.clients {
		if c.made {
			allocations++
		}
	}
	return allocations, len(l.held)
}
