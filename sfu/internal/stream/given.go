package stream

const givenSize = 1024 // numbers

// given remembers which numbers were given lately: SRTP breaks when one protects two packets. The original and its
// retransmission may both arrive.
type given struct {
	bits    [givenSize / 64]uint64
	newest  uint16
	started bool
}

// first says whether seq was not given before, and notes it. What is too old to know counts as given.
func (g *given) first(seq uint16) bool {
	if !g.started {
		g.started, g.newest = true, seq
		g.bits[seq%givenSize/64] |= 1 << (seq % 64)
		return true
	}
	ahead := int(int16(seq - g.newest))
	if ahead <= -givenSize {
		return false
	}
	if ahead > 0 {
		if ahead >= givenSize {
			clear(g.bits[:])
		} else {
			for s := g.newest + 1; s != seq; s++ {
				g.bits[s%givenSize/64] &^= 1 << (s % 64)
			}
		}
		g.newest = seq
	} else if g.bits[seq%givenSize/64]&(1<<(seq%64)) != 0 {
		return false
	}
	g.bits[seq%givenSize/64] |= 1 << (seq % 64)
	return true
}
