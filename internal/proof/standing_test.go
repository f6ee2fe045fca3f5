package proof_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"passerby/internal/proof"
)

const (
	school  = "203.0.113.7/32"
	another = "198.51.100.9/32"
)

// A program keeps its suspicion when it changes its network, for as long as it keeps its key and for an hour after it was seen last.
func TestAProgramKeepsItsSuspicionOnAnotherNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := proof.New(proof.Config{Key: key})
		g.Suspect(t.Context(), "bot", network(school))
		time.Sleep(40 * time.Minute)
		g.Suspect(t.Context(), "bot", network(school))
		time.Sleep(40 * time.Minute)
		if !g.Suspected(t.Context(), "bot") || askedOf(t, g, another, "bot") == 0 {
			t.Error("on another network nobody knows it")
		}
		if askedOf(t, g, another, "ann") != 0 || askedOf(t, g, another, "") != 0 || g.Suspected(t.Context(), "") {
			t.Error("others of that network are asked")
		}
		time.Sleep(20 * time.Minute)
		if g.Suspected(t.Context(), "bot") || askedOf(t, g, another, "bot") != 0 {
			t.Error("suspicion does not end")
		}
	})
}

// Behind a shared address a person with a history is not asked for what others' programs do; who has none is.
func TestAPersonIsNotAskedForOthersPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := proof.New(proof.Config{Key: key})
		g.Vouch(t.Context(), "ann")
		g.Vouch(t.Context(), "")
		g.Suspect(t.Context(), "", network(school))
		g.Suspect(t.Context(), "bot", network(school))
		for user, want := range map[string]bool{"ann": false, "bot": true, "newcomer": true, "": true} {
			if got := askedOf(t, g, school, user) > 0; got != want {
				t.Errorf("%q is asked: %t, want %t", user, got, want)
			}
		}
		// Under attack everybody is asked: keys with a history can be made in stock.
		come(g, school, 5000, time.Second)
		if askedOf(t, g, school, "ann") == 0 {
			t.Error("under attack somebody is not asked")
		}
		time.Sleep(7 * 24 * time.Hour)
		g.Suspect(t.Context(), "", network(school))
		if askedOf(t, g, school, "ann") == 0 {
			t.Error("a history counts for ever")
		}
	})
}

// A key that has a history and then serves a program has none any more; a suspected one that behaves otherwise is free.
func TestStandingChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := proof.New(proof.Config{Key: key})
		g.Suspect(t.Context(), "", network(school))
		g.Vouch(t.Context(), "ann")
		g.Suspect(t.Context(), "ann", network(another))
		if !g.Suspected(t.Context(), "ann") || askedOf(t, g, school, "ann") == 0 {
			t.Error("a history protects a program")
		}
		g.Clear(t.Context(), "ann")
		if g.Suspected(t.Context(), "ann") || askedOf(t, g, school, "ann") == 0 {
			t.Error("cleared, she should be as a newcomer is")
		}
		g.Vouch(t.Context(), "ann")
		if askedOf(t, g, school, "ann") != 0 {
			t.Error("a new history does not count")
		}
		g.Forget(t.Context(), "ann")
		g.Suspect(t.Context(), "bot", network(school))
		g.Forget(t.Context(), "bot")
		if askedOf(t, g, school, "ann") == 0 || !g.Suspected(t.Context(), "bot") {
			t.Error("deleted data: what speaks for one should go, what speaks against him should stay")
		}
	})
}

// Without the shared memory each node knows what it saw.
func TestStandingWithoutTheSharedMemory(t *testing.T) {
	g := proof.New(proof.Config{Key: key, Shared: broken{}})
	g.Suspect(t.Context(), "bot", network(school))
	if !g.Suspected(t.Context(), "bot") {
		t.Error("forgotten")
	}
	g.Vouch(t.Context(), "bot")
	if g.Suspected(t.Context(), "bot") || askedOf(t, g, school, "bot") != 0 {
		t.Error("not cleared")
	}
}

// However many users there are, memory is bounded, and puzzles are not forgotten for them.
func TestManyUsers(t *testing.T) {
	g := proof.New(proof.Config{Key: key, Mode: proof.On})
	p := solved(t, g)
	if err := g.Check(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	const many = 250_000
	for i := range many {
		g.Vouch(t.Context(), fmt.Sprint("user ", i))
	}
	if n := g.Users(); n > 200_000 {
		t.Errorf("%d users are remembered", n)
	}
	if g.Check(t.Context(), p) == nil {
		t.Error("a puzzle counts again")
	}
}
