package bans_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"passerby/internal/bans"
	"passerby/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source is a store of bans, each at its last state.
type source struct {
	bans []store.Ban
	err  error
}

func (s *source) BansChanged(_ context.Context, since time.Time, limit int) ([]store.Ban, error) {
	var out []store.Ban
	for _, b := range s.bans {
		if !b.Changed.Before(since) && len(out) < limit {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b store.Ban) int { return a.Changed.Compare(b.Changed) })
	return out, s.err
}

func TestBook(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond)
	s := &source{}
	news := 0
	book := bans.New(s, func() { news++ }, nil)
	follow := func() {
		t.Helper()
		if err := book.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	check := func(user string, networks []string, want string) {
		t.Helper()
		if got, _ := book.Check(user, networks, now); got.ID != want {
			t.Errorf("%s in %v: ban %q, want %q", user, networks, got.ID, want)
		}
	}
	follow()
	check("ann", []string{"home"}, "")

	s.bans = []store.Ban{
		{ID: "short", User: "ann", Until: now.Add(time.Hour), Changed: now},
		{ID: "over", User: "cem", Until: now.Add(-time.Hour), Changed: now},
		{ID: "net", User: "dan", Network: "school", Until: now.Add(2 * time.Hour), Changed: now.Add(time.Second)},
	}
	follow()
	check("ann", []string{"home"}, "short")
	check("ann", []string{"home", "school"}, "net") // the longer one
	check("ben", []string{"school"}, "net")
	check("dan", []string{"home"}, "net") // the device or the network
	check("ben", []string{"home"}, "")
	check("cem", nil, "")
	if news != 1 || !book.Networks() {
		t.Errorf("told %d times, networks %v", news, book.Networks())
	}
	follow()
	if news != 1 {
		t.Error("told again of what was told")
	}

	s.bans[2].Exempt, s.bans[2].Changed = []string{"ben"}, now.Add(2*time.Second)
	follow()
	check("ben", []string{"school"}, "")
	check("eve", []string{"school"}, "net")

	s.bans[2].Lifted, s.bans[2].Changed = now, now.Add(3*time.Second)
	s.bans = append(s.bans, store.Ban{ID: "forever", User: "ann", Changed: now.Add(-30 * time.Second)}) // of a node whose clock is behind
	follow()
	check("eve", []string{"school"}, "")
	check("ann", nil, "forever")
	if book.Networks() {
		t.Error("a network is banned still")
	}
	if got, banned := book.Check("ann", nil, now.Add(1e6*time.Hour)); !banned || got.ID != "forever" {
		t.Error("a ban for good has ended")
	}

	s.err = errors.New("the database is away")
	if err := book.Follow(t.Context()); err == nil {
		t.Error("no error")
	}
	check("ann", nil, "forever") // holds while the database is away
}

func TestManyBansOfOneMoment(t *testing.T) {
	s := &source{}
	for i := range 5000 {
		s.bans = append(s.bans, store.Ban{ID: fmt.Sprint(i), User: fmt.Sprint("u", i), Changed: time.UnixMilli(1e12)})
	}
	book := bans.New(s, func() {}, nil)
	if err := book.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{"u0", "u999", "u4999"} {
		if _, banned := book.Check(u, nil, time.Now()); !banned {
			t.Errorf("%s is not banned", u)
		}
	}
}

// A million bans: what they take is logged, and bounded.
func TestAMillionBans(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const many = 1_000_000
	s := &crowd{many: many, began: time.Now().Add(-time.Hour).Truncate(time.Millisecond)}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	book := bans.New(s, func() {}, nil)
	began := time.Now()
	if err := book.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	loaded := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := float64(after.HeapAlloc-before.HeapAlloc) / many
	networks := make([]string, 25)
	for i := range networks {
		networks[i] = crowdName("network elsewhere", i)
	}
	began = time.Now()
	const asked = 20_000
	for i := range asked {
		if _, banned := book.Check(crowdName("somebody else", i), networks, began); banned {
			t.Fatal("somebody else is banned")
		}
	}
	t.Logf("%d bans: %.0f bytes each, loaded in %v, asked in %v each", book.Len(), each, loaded, time.Since(began)/asked)
	if _, banned := book.Check(crowdName("user", many-2), nil, time.Now()); !banned || book.Len() != many {
		t.Errorf("%d are held", book.Len())
	}
	if _, banned := book.Check("", []string{crowdName("network", many-1)}, time.Now()); !banned {
		t.Error("a network is not")
	}
	if each > 300 {
		t.Errorf("each takes %.0f bytes", each)
	}
}

// crowd is a store of many bans: every second one of a network.
type crowd struct {
	many  int
	began time.Time
}

func crowdName(kind string, i int) string {
	sum := sha256.Sum256(fmt.Append(nil, kind, i))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func (c *crowd) BansChanged(_ context.Context, since time.Time, limit int) (out []store.Ban, _ error) {
	from := max(0, int(since.Sub(c.began)/time.Millisecond)*10)
	if since.IsZero() {
		from = 0
	}
	for i := from; i < min(c.many, from+limit); i++ {
		b := store.Ban{ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)).String(), Reason: "spam", Message: "You sent advertising to people who had not asked for it.", By: "moderator", Changed: c.began.Add(time.Duration(i/10) * time.Millisecond)}
		if i%2 == 0 {
			b.User = crowdName("user", i)
		} else {
			b.Network, b.Until = crowdName("network", i), time.Now().Add(time.Hour)
		}
		out = append(out, b)
	}
	return out, nil
}

// Bans that are over leave the book.
func TestBansThatAreOverAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Truncate(time.Millisecond)
		s := &source{bans: []store.Ban{{ID: "short", User: "ann", Until: now.Add(time.Minute), Changed: now}, {ID: "long", User: "ann", Network: "n", Changed: now}}}
		book := bans.New(s, func() {}, nil)
		for range 2 {
			if err := book.Follow(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		if err := book.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, banned := book.Check("ann", nil, time.Now()); book.Len() != 1 || !banned || got.ID != "long" {
			t.Errorf("%d are held, %+v", book.Len(), got)
		}
	})
}
