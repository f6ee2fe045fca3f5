package main

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"passerby/match"
	"passerby/match/memory"
)

const (
	patience = 60 * time.Second // then people go away
	tick     = 250 * time.Millisecond
)

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// policy is a way to match regions.
type policy struct {
	name     string
	regions  bool
	overflow time.Duration
}

var policies = []policy{
	{"no regions", false, 0},
	{"overflow after 1 s", true, time.Second},
	{"overflow after 3 s", true, 3 * time.Second},
	{"overflow after 10 s", true, 10 * time.Second},
	{"regions alone", true, 1000 * time.Hour},
}

// visit is one search.
type visit struct {
	region int
	at     time.Duration
	met    time.Duration // 0: not
	far    bool
}

// play lets n people come at the hour to the queue of match/memory, which lives in time of its own. The first fifth only fills it.
func play(ctx context.Context, p policy, people, utc float64, n int, seed uint64) ([]visit, error) {
	rng := rand.New(rand.NewPCG(seed, uint64(people)))
	rate := rates(people, utc)
	var total float64
	for _, r := range rate {
		total += r
	}
	visits := make([]visit, 0, n)
	now := epoch
	met := func(pair match.Pair) {
		a, b := number(pair.Initiator.Session), number(pair.Responder.Session)
		for _, i := range [2]int{a, b} {
			visits[i].met, visits[i].far = max(pair.At.Sub(epoch), 1), visits[a].region != visits[b].region
		}
	}
	q, err := memory.New(match.Config{
		Overflow: max(p.overflow, time.Millisecond), Lease: 1e6 * time.Hour, Confirm: 1e6 * time.Hour, Recents: 1, RecentFor: time.Millisecond,
		Now: func() time.Time { return now }, Notify: func(e match.Event) {
			if e.Kind == match.PairMade {
				met(e.Pair)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	gone := 0
	leave := func(until time.Duration) error {
		for ; gone < len(visits) && visits[gone].at+patience <= until; gone++ {
			if err := q.Leave(ctx, strconv.Itoa(gone), match.EndLeft); err != nil {
				return err
			}
		}
		return nil
	}
	var at, swept time.Duration
	for i := range n {
		at += time.Duration(rng.ExpFloat64() / total * float64(time.Second))
		for ; swept+tick <= at; swept += tick {
			now = epoch.Add(swept + tick)
			q.Sweep()
			if err := leave(swept + tick); err != nil {
				return nil, err
			}
		}
		now = epoch.Add(at)
		r := pick(rng, rate, total)
		visits = append(visits, visit{region: r, at: at})
		t := match.Ticket{Session: strconv.Itoa(i), User: strconv.Itoa(i), Wish: wish(rng, regions[r])}
		if p.regions {
			t.Region = regions[r].name
		}
		s, err := q.Arrive(ctx, t)
		if err != nil {
			return nil, err
		}
		if s.Pair != nil {
			met(*s.Pair)
		}
	}
	for end := at + patience; swept < end; swept += tick { // nobody comes any more: the last minute is not counted
		now = epoch.Add(swept)
		q.Sweep()
	}
	return visits, nil
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func pick(rng *rand.Rand, rate []float64, total float64) int {
	x := rng.Float64() * total
	for i, r := range rate {
		if x -= r; x < 0 {
			return i
		}
	}
	return len(rate) - 1
}
