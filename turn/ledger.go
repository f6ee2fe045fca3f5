package turn

import (
	"net/netip"
	"sync"
)

// ledger counts allocations, and ports that are reserved for one, for quotas: by the name of the user, by the address of the client, and all.
type ledger struct {
	quota, perAddress, most int

	mu    sync.Mutex // guards the rest
	held  map[string]*account
	homes map[netip.Addr]int
	all   int
}

func newLedger(c Config) *ledger {
	return &ledger{quota: c.Quota, perAddress: c.MaxPerAddress, most: c.MaxAllocations, held: make(map[string]*account), homes: make(map[netip.Addr]int)}
}

// account is what the allocations of a user have together.
type account struct {
	allocations int
	left        [2]bucket // of the user's bandwidth, each way
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

// admit counts one more allocation, or says why not: codeQuota or codeCapacity.
func (l *ledger) admit(name string, at netip.Addr) (*account, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	user := l.held[name]
	switch {
	case user != nil && user.allocations >= l.quota || l.homes[at] >= l.perAddress:
		return nil, codeQuota
	case l.all >= l.most:
		return nil, codeCapacity
	case user == nil:
		user = new(account)
		l.held[name] = user
	}
	user.allocations++
	l.homes[at]++
	l.all++
	return user, 0
}

// move counts an allocation at another address. It reports false when that has its share.
func (l *ledger) move(from, to netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from == to {
		return true
	}
	if l.homes[to] >= l.perAddress {
		return false
	}
	l.homes[to]++
	if l.homes[from]--; l.homes[from] == 0 {
		delete(l.homes, from)
	}
	return true
}

// account is that of a user who holds something.
func (l *ledger) account(name string) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[name]
}

// release gives one back.
func (l *ledger) release(name string, at netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	user := l.held[name]
	if user.allocations--; user.allocations == 0 {
		delete(l.held, name)
	}
	if l.homes[at]--; l.homes[at] == 0 {
		delete(l.homes, at)
	}
}

func (l *ledger) count() (allocations, users int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all, len(l.held)
}
