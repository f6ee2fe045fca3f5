package udp

// MaxPaths is how many paths a session may have.
const MaxPaths = maxPaths

// LocalUfrag is for the fuzz test.
var LocalUfrag = localUfrag

// NewAt is New with a clock, in Unix nanoseconds.
var NewAt = newMux

// LimitPaths sets the total of paths.
func (m *Mux) LimitPaths(n int) { m.maxPaths = n }

// Limit is a token bucket.
type Limit = limit

// Take takes tokens.
func (l *limit) Take(now int64, n, rate int) bool { return l.take(now, n, rate) }
