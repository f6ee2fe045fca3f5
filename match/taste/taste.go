package taste

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// Traits is all that is looked at of somebody.
type Traits struct {
	User     string
	Pool     string   // what is learnt in one says nothing in another; people of two never meet
	Tags     []string // normalised
	Language string
}

// Config of a Model. The zero value of each field means its default.
type Config struct {
	Long    time.Duration // a talk of so long has gone well; default 1 min
	Explore float64       // share of searches that take whoever came first, to go on learning; default 0.05; negative: none
	Seed    uint64        // of that chance

	// People makes Worth look at people too: at how each one's talks went. Measured, and not recommended (docs/smart-matching.md):
	// those who talk find each other, nobody talks longer on the whole, and those who talk least talk less still.
	People bool
}

func (c Config) withDefaults() Config {
	if c.Long == 0 {
		c.Long = time.Minute
	}
	if c.Explore == 0 {
		c.Explore = 0.05
	}
	return c
}

// Sizes and speeds.
const (
	people  = 1 << 16 // places of people
	words   = 1 << 14 // places of everything else
	mostTag = 4       // tags of each that are looked at in pairs

	quick  = 0.15 // step of a person's weight
	slow   = 0.02 // … of what all talks, or an hour's, have in common
	tags   = 0.15 // … of two tags, or languages
	back   = 0.01 // by which a person's weight goes back to nothing at each talk
	bound  = 2.0  // of a person's weight
	sooner = 0.01 // of the mean that Worth compares with
)

// Model is what has been learnt. Make it with New.
type Model struct {
	cfg    Config
	chance *rand.Rand
	table  []float32 // people, then words
	mean   float64   // what the other person and the match of the two add, on the mean
	dirty  [pages]bool

	day    int64
	taught map[uint64]struct{} // pairs that have taught today
}

// New makes a model that knows nothing.
func New(cfg Config) *Model {
	cfg = cfg.withDefaults()
	return &Model{
		cfg: cfg, chance: rand.New(rand.NewPCG(cfg.Seed, 0)), table: make([]float32, people+words), taught: make(map[uint64]struct{}), //nolint:gosec // no secret
	}
}

// place finds the word of a feature. It is the same on every node.
func place(kind byte, parts ...string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	h = (h ^ uint64(kind)) * 1099511628211
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * 1099511628211
		}
		h *= 1099511628211 // as for a zero byte
	}
	return h ^ h>>29
}

func person(user string) int { return int(place('u', user) % people) }

func word(kind byte, pool, a, b string) int {
	if b < a {
		a, b = b, a
	}
	return people + int(place(kind, pool, a, b)%words)
}

// base is the word of all talks in a pool.
func base(pool string) int { return word('1', pool, "", "") }

// features are the places of two people's words: all talks, the hour, their languages, their tags in pairs.
func (m *Model) features(a, b Traits, now time.Time, out []int) []int {
	out = append(out, base(a.Pool))
	out = append(out, word('h', a.Pool, hours[now.UTC().Hour()], ""), word('l', a.Pool, a.Language, b.Language))
	x, y := a.Tags[:min(len(a.Tags), mostTag)], b.Tags[:min(len(b.Tags), mostTag)]
	for _, s := range x {
		for _, t := range y {
			out = append(out, word('t', a.Pool, s, t))
		}
	}
	return out
}

// common is how many of the features are not about the two.
const common = 2

var hours = func() (names [24]string) {
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}()

func squash(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// rest is all of the sum but the two people.
func (m *Model) rest(a, b Traits, now time.Time) (sum float64) {
	var room [3 + mostTag*mostTag]int
	for _, i := range m.features(a, b, now, room[:0]) {
		sum += float64(m.table[i])
	}
	return sum
}

// Long is how likely a long talk of the two is.
func (m *Model) Long(a, b Traits, now time.Time) float64 {
	return squash(m.rest(a, b, now) + float64(m.table[person(a.User)]) + float64(m.table[person(b.User)]))
}

// Worth is by how much a long talk of the two is likelier than the mean of what each may expect of somebody else.
func (m *Model) Worth(a, b Traits, now time.Time) float64 {
	var x, y float64
	if m.cfg.People {
		x, y = float64(m.table[person(a.User)]), float64(m.table[person(b.User)])
	}
	usual := float64(m.table[base(a.Pool)]) + m.mean
	return squash(m.rest(a, b, now)+x+y) - (squash(usual+x)+squash(usual+y))/2
}

// Good says whether a talk of so long has gone well.
func (m *Model) Good(talked time.Duration) bool { return talked >= m.cfg.Long }

// Explore says whether a search should take whoever came first.
func (m *Model) Explore() bool { return m.chance.Float64() < m.cfg.Explore }

// Learn takes in that two talked for so long and parted because one of them wished so. Two people teach once a day.
func (m *Model) Learn(a, b Traits, talked time.Duration, now time.Time) {
	if day := now.Unix() / 86400; day != m.day {
		m.day = day
		clear(m.taught)
	}
	i, j := person(a.User), person(b.User)
	pair := uint64(min(i, j))<<32 | uint64(max(i, j))
	if _, known := m.taught[pair]; known || i == j || len(m.taught) >= mostTaught {
		return
	}
	m.taught[pair] = struct{}{}
	var room [3 + mostTag*mostTag]int
	all := m.features(a, b, now, room[:0])
	rest := 0.0
	for _, k := range all {
		rest += float64(m.table[k])
	}
	usual := float64(m.table[base(a.Pool)])
	x, y := float64(m.table[i]), float64(m.table[j])
	error := -squash(rest + x + y)
	if m.Good(talked) {
		error++
	}
	m.mean += sooner * (rest - usual - m.mean)
	for n, k := range all {
		step := tags
		if n < common {
			step = slow
		}
		m.set(k, float64(m.table[k])+step*error)
	}
	for _, k := range [2]int{i, j} {
		m.set(k, max(-bound, min(bound, float64(m.table[k])*(1-back)+quick*error)))
	}
}

// mostTaught bounds what is remembered of a day; beyond it nobody teaches until the next.
const mostTaught = 2_000_000

func (m *Model) set(k int, v float64) {
	m.table[k] = float32(v)
	m.dirty[k/pageWords] = true
}
