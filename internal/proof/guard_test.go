package proof_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"passerby/internal/proof"
)

func network(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// come has a network ask for sessions n times, over a time.
func come(g *proof.Guard, from string, n int, during time.Duration) {
	for range n {
		g.Count(network(from))
		time.Sleep(during / time.Duration(n))
	}
}

func asked(t *testing.T, g *proof.Guard, from string) int64 {
	t.Helper()
	return askedOf(t, g, from, "")
}

func askedOf(t *testing.T, g *proof.Guard, from, user string) int64 {
	t.Helper()
	if c := g.Ask(t.Context(), network(from), user); c != nil {
		return c.MaxNumber
	}
	return 0
}

func TestOnlyARangeThatAttacksIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := proof.New(proof.Config{Key: key, SiteRate: 1000})
		come(g, "203.0.113.7/32", 60, time.Minute)
		if asked(t, g, "203.0.113.7/32") != 0 {
			t.Fatal("one session a second is a busy network, no attack")
		}
		come(g, "203.0.113.8/32", 400, time.Minute)
		if asked(t, g, "203.0.113.99/32") == 0 {
			t.Error("another address of the range is not asked")
		}
		if asked(t, g, "203.0.114.7/32") != 0 || asked(t, g, "2001:db8::/64") != 0 {
			t.Error("other ranges are asked")
		}
		come(g, "2001:db8:1:2::/64", 400, time.Minute)
		if asked(t, g, "2001:db8:1:ffff::/64") == 0 || asked(t, g, "2001:db8:2::/64") != 0 {
			t.Error("a range of IPv6 is a /48")
		}
		if asked(t, g, "127.0.0.1/32") != 0 {
			t.Error("the machine itself is asked")
		}
	})
}

func TestTheWholeSiteIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := proof.New(proof.Config{Key: key, SiteRate: 300})
		for i := range 900 { // from everywhere, 900 a minute
			g.Count(netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(i), byte(i >> 8), 1, 1}), 32))
			time.Sleep(time.Minute / 900)
		}
		if asked(t, g, "198.51.100.1/32") == 0 {
			t.Error("a newcomer from elsewhere is not asked")
		}
		time.Sleep(time.Minute)
		if asked(t, g, "198.51.100.1/32") == 0 {
			t.Error("the alarm ends before it was quiet for a while")
		}
		time.Sleep(2 * time.Minute)
		if asked(t, g, "198.51.100.1/32") != 0 {
			t.Error("the alarm does not end")
		}
	})
}

// The work grows with the attack and ends at what a slow phone can do.
func TestWorkGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := proof.New(proof.Config{Key: key, SiteRate: 1000})
		last := int64(0)
		for _, n := range []int{150, 400, 800, 20_000} {
			come(g, "203.0.113.7/32", n, time.Second)
			now := asked(t, g, "203.0.113.7/32")
			if now <= last {
				t.Errorf("after %d more: %d, before %d", n, now, last)
			}
			last = now
		}
		if last > 1_600_000 {
			t.Errorf("%d numbers are too many for a phone", last)
		}
	})
}

func TestTheAlarmDoesNotFlap(t *testing.T) {
	m, now, changes, was := proof.Meter{}, time.Duration(0), 0, false
	for i := range 4000 { // just around the threshold, for an hour
		now += 900 * time.Millisecond
		if i%7 != 0 {
			m = m.Add(now, 60)
		}
		if m = m.At(now, 60); m.Raised() != was {
			was, changes = m.Raised(), changes+1
		}
	}
	if changes > 1 {
		t.Errorf("the alarm changed %d times", changes)
	}
}

func TestTheOperatorsWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off, on := proof.New(proof.Config{Key: key, Mode: proof.Off}), proof.New(proof.Config{Key: key, Mode: proof.On})
		come(off, "203.0.113.7/32", 5000, time.Second)
		if asked(t, off, "203.0.113.7/32") != 0 {
			t.Error("off asks")
		}
		if asked(t, on, "203.0.113.7/32") == 0 || asked(t, on, "127.0.0.1/32") == 0 {
			t.Error("on does not ask everybody")
		}
	})
}

func TestSuspectsAreAskedForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := proof.New(proof.Config{Key: key})
		g.Suspect(t.Context(), "", network("203.0.113.7/32"))
		if asked(t, g, "203.0.113.7/32") == 0 || asked(t, g, "203.0.113.8/32") != 0 {
			t.Error("the suspected address alone is asked")
		}
		time.Sleep(time.Hour)
		if asked(t, g, "203.0.113.7/32") != 0 {
			t.Error("suspicion does not end")
		}
	})
}

// broken is a shared memory that is away.
type broken struct{}

func (broken) Remember(context.Context, string, time.Time) (bool, error) {
	return false, errors.New("away")
}
func (broken) Forget(context.Context, string) error        { return errors.New("away") }
func (broken) Known(context.Context, string) (bool, error) { return false, errors.New("away") }

func TestWithoutTheSharedMemoryEachNodeRemembersForItself(t *testing.T) {
	g := proof.New(proof.Config{Key: key, Mode: proof.On, Shared: broken{}})
	p := solved(t, g)
	if err := g.Check(t.Context(), p); err != nil {
		t.Errorf("a good proof: %v", err)
	}
	if err := g.Check(t.Context(), p); !errors.Is(err, proof.ErrUsed) {
		t.Errorf("a second time: %v", err)
	}
}
