package turn

import (
	"net"
	"net/netip"
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
	quota, perAddress, most int
	maxAge                  time.Duration

	mu      sync.Mutex // guards the rest
	clients map[string]*client
	held    map[string]int     // allocations by name, those being made included
	homes   map[netip.Addr]int // the same by home
}

type client struct {
	name   string
	home   netip.Addr
	made   bool // false: admitted, and not yet allocated
	grants int
	window time.Time
}

func newLedger(c Config) *ledger {
	return &ledger{
		quota: c.Quota, perAddress: c.MaxPerAddress, most: c.MaxAllocations, maxAge: c.MaxAge,
		clients: make(map[string]*client), held: make(map[string]int), homes: make(map[netip.Addr]int),
	}
}

// home is what one person can hardly have many of: an IPv4 address, or the /64 of an IPv6 one.
func home(a netip.Addr) netip.Addr {
	a = plain(a)
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

func homeOf(a net.Addr) netip.Addr {
	at, _ := netip.ParseAddrPort(a.String())
	return home(at.Addr())
}

func keyOf(a net.Addr) string { return a.Network() + " " + a.String() }

// full reports whether the server holds more than it may; the allocation that is being made counts.
func (l *ledger) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.clients) > l.most
}

// admit reserves an allocation for the user if the quotas of the name and of the address allow it.
func (l *ledger) admit(from net.Addr, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(keyOf(from))
	at := homeOf(from)
	if l.held[name] >= l.quota || l.homes[at] >= l.perAddress {
		return false
	}
	l.held[name]++
	l.homes[at]++
	l.clients[keyOf(from)] = &client{name: name, home: at}
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
	if l.homes[c.home]--; l.homes[c.home] <= 0 {
		delete(l.homes, c.home)
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
