package taste_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"passerby/match/taste"
)

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func name(i int) taste.Traits { return taste.Traits{User: strconv.Itoa(i)} }

// teach lets a crowd talk in which the first half likes to.
func teach(m *taste.Model, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for n := range 20000 {
		i, j := rng.IntN(200), rng.IntN(200)
		if i == j {
			continue
		}
		talked := 5 * time.Second
		if i < 100 && j < 100 && rng.IntN(10) > 0 {
			talked = 5 * time.Minute
		}
		m.Learn(name(i), name(j), talked, noon.Add(time.Duration(n)*time.Minute))
	}
}

// Whoever talks long is worth more to his like, and who does not is worth no less with his like than anywhere.
func TestLearnsWhoTalks(t *testing.T) {
	for seed := range uint64(5) {
		m := taste.New(taste.Config{People: true})
		teach(m, seed)
		var like, unlike, quiet, long, short float64
		for i := range 50 {
			like += m.Worth(name(i), name(50+i), noon)
			unlike += m.Worth(name(i), name(100+i), noon)
			quiet += m.Worth(name(100+i), name(150+i), noon)
			long += m.Long(name(i), name(50+i), noon) / 50
			short += m.Long(name(100+i), name(150+i), noon) / 50
		}
		if !(like > 1 && unlike < 0 && quiet > unlike) {
			t.Errorf("seed %d: talkers %.2f, mixed %.2f, others %.2f", seed, like/50, unlike/50, quiet/50)
		}
		if long < 0.4 || short > 0.1 { // truly 0.9 and 0; the bound of a person's weight keeps the first lower
			t.Errorf("seed %d: talkers talk long with %.2f, others with %.2f", seed, long, short)
		}
	}
}

// Tags that go together are found though they are not the same.
func TestLearnsTags(t *testing.T) {
	m, rng := taste.New(taste.Config{}), rand.New(rand.NewPCG(1, 0))
	tags := []string{"jazz", "piano", "cars"}
	for n := range 30000 {
		a, b := name(2*n), name(2*n+1) // nobody twice
		a.Tags, b.Tags = []string{tags[rng.IntN(3)]}, []string{tags[rng.IntN(3)]}
		talked := time.Second
		if (a.Tags[0] == "cars") == (b.Tags[0] == "cars") {
			talked = 2 * time.Minute
		}
		m.Learn(a, b, talked, noon)
	}
	with := func(x, y string) float64 {
		return m.Worth(taste.Traits{User: "a", Tags: []string{x}}, taste.Traits{User: "b", Tags: []string{y}}, noon)
	}
	if a, b := with("jazz", "piano"), with("jazz", "cars"); a < 0.1 || b > -0.1 {
		t.Errorf("jazz and piano %.2f, jazz and cars %.2f", a, b)
	}
}

// Without People nobody is worth more than another for how his talks went.
func TestNobodyIsRanked(t *testing.T) {
	m := taste.New(taste.Config{})
	teach(m, 1)
	if a, b := m.Worth(name(1), name(2), noon), m.Worth(name(101), name(2), noon); a != b {
		t.Errorf("a talker is worth %v, another %v", a, b)
	}
}

// The features are these and no others: no gender, nobody's wish for one, no age, no address.
func TestNoProtectedAttribute(t *testing.T) {
	var fields []string
	for i := range reflect.TypeFor[taste.Traits]().NumField() {
		fields = append(fields, reflect.TypeFor[taste.Traits]().Field(i).Name)
	}
	if !slices.Equal(fields, []string{"User", "Pool", "Tags", "Language"}) {
		t.Errorf("traits are %v: what else is looked at must not be what people are", fields)
	}
}

// Two who talk long with each other all day teach once; nobody's weight leaves its bound.
func TestTwoCannotTeachForever(t *testing.T) {
	once, often := taste.New(taste.Config{}), taste.New(taste.Config{})
	once.Learn(name(1), name(2), time.Hour, noon)
	for range 1000 {
		often.Learn(name(1), name(2), time.Hour, noon)
		often.Learn(name(2), name(1), time.Hour, noon)
	}
	if !bytes.Equal(once.Bytes(), often.Bytes()) {
		t.Error("two who met again and again taught more than once")
	}
	for i := range 20_000 { // one who always talks long, among many who seldom do
		now := noon.Add(time.Duration(i) * time.Minute)
		often.Learn(name(1), name(1000+4*i), time.Hour, now)
		for k := range 3 {
			often.Learn(name(1001+4*i+k), name(1001+4*i+(k+1)%3), time.Second, now)
		}
	}
	if p := often.Long(name(1), name(1_000_000), noon); p > 0.8 {
		t.Errorf("after 20,000 long talks the next is nearly certain: %v", p)
	}
}

// The same seed and calls give the same model and the same chances.
func TestDeterministic(t *testing.T) {
	a, b := taste.New(taste.Config{Seed: 7}), taste.New(taste.Config{Seed: 7})
	teach(a, 1)
	teach(b, 1)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two models differ")
	}
	explored := 0
	for range 10_000 {
		x := a.Explore()
		if x != b.Explore() {
			t.Fatal("two chances differ")
		}
		if x {
			explored++
		}
	}
	if explored < 400 || explored > 600 {
		t.Errorf("explored %d of 10000, want about 500", explored)
	}
}

// What was kept, by pages or as a whole, is the model.
func TestPages(t *testing.T) {
	m := taste.New(taste.Config{})
	if d := m.Dirty(); d != nil {
		t.Errorf("a new model has changed: %v", d)
	}
	teach(m, 1)
	again := taste.New(taste.Config{})
	changed := m.Dirty()
	for _, i := range changed {
		if err := again.SetPage(i, m.Page(i)); err != nil {
			t.Fatal(err)
		}
	}
	whole := taste.New(taste.Config{})
	if err := whole.SetBytes(m.Bytes()); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*taste.Model{again, whole} {
		if x, y := m.Worth(name(1), name(2), noon), other.Worth(name(1), name(2), noon); math.Abs(x-y) > 1e-6 {
			t.Errorf("%v, and kept %v", x, y)
		}
	}
	if m.Dirty() != nil || len(changed) > taste.Pages {
		t.Error("what was taken is dirty still")
	}
	if err := m.SetPage(taste.Pages, nil); !errors.Is(err, taste.ErrPage) {
		t.Error(err)
	}
}

// Whatever a page holds, what comes of it is a probability.
func FuzzPage(f *testing.F) {
	f.Add(0, make([]byte, 4096))
	f.Add(taste.Pages-1, []byte{0, 0, 192, 127})
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		m := taste.New(taste.Config{})
		if m.SetPage(i, b) != nil {
			return
		}
		for k := range 20 {
			if p := m.Long(name(k), name(k+1), noon); !(p >= 0 && p <= 1) {
				t.Fatalf("%v", p)
			}
		}
	})
}
