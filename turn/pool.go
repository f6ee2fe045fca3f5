package turn

import (
	"errors"
	"math/rand/v2"
	"sync"
	"syscall"
)

var errNoPort = errors.New("no free relay port")

// maxTries bounds the ports that one allocation tries because other programs have them.
const maxTries = 64

// pool knows which ports of a range we hold, of one address family, so that a full range costs no system call.
type pool struct {
	lo, n int

	mu   sync.Mutex // guards the rest
	held []uint64   // a bit for each
	used int        // of them
}

func newPool(lo, hi int) *pool {
	return &pool{lo: lo, n: hi - lo + 1, held: make([]uint64, (hi-lo+64)/64)}
}

// take finds a port that open can bind, an even one if need be; with pair the one above is held too. Which one is tried first is unpredictable.
func (p *pool) take(even, pair bool, open func(port int) error) (int, error) {
	err := errNoPort
	start := rand.IntN(p.n)
	for i, tries := 0, 0; i < p.n && !p.full() && tries < maxTries; i++ {
		k := (start + i) % p.n
		port := p.lo + k
		if even && port%2 != 0 || !p.hold(k, pair) {
			continue
		}
		tries++
		failed := open(port)
		if failed == nil {
			return port, nil
		}
		p.release(port)
		if pair {
			p.release(port + 1)
		}
		if err = errors.Join(errNoPort, failed); errors.Is(failed, syscall.EMFILE) || errors.Is(failed, syscall.ENFILE) {
			break
		}
	}
	return 0, err
}

func (p *pool) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used == p.n
}

func (p *pool) hold(k int, pair bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	free := func(k int) bool { return k < p.n && p.held[k/64]&(1<<(k%64)) == 0 }
	if !free(k) || pair && !free(k+1) {
		return false
	}
	p.held[k/64] |= 1 << (k % 64)
	p.used++
	if pair {
		p.used++
		p.held[(k+1)/64] |= 1 << ((k + 1) % 64)
	}
	return true
}

func (p *pool) release(port int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := port - p.lo
	p.held[k/64] &^= 1 << (k % 64)
	p.used--
}
