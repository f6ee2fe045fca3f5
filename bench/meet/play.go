package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"passerby/match"
)

// Times of the simulation. Patience is when people leave unmatched.
const (
	grace    = 10 * time.Second
	patience = 60 * time.Second
	tick     = 250 * time.Millisecond // between sweeps
)

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// swept is a queue that is swept by hand.
type swept interface {
	match.Queue
	Sweep(ctx context.Context) error
}

// play lets the people come to a queue, in time of its own, and writes down what becomes of them. It returns how
// often two were seen who both waited past grace although they fit each other.
func play(ctx context.Context, people []person, makeQueue func(match.Config) (swept, error)) (overdue int, err error) {
	var mu sync.Mutex // guards now and people's outcomes
	now := epoch
	met := func(p match.Pair) {
		mu.Lock()
		defer mu.Unlock()
		a, b := number(p.Initiator.Session), number(p.Responder.Session)
		people[a].met, people[b].met = p.At.Sub(epoch), p.At.Sub(epoch)
		people[a].other, people[b].other = b, a
		people[a].shared, people[b].shared = len(p.Tags) > 0, len(p.Tags) > 0
	}
	q, err := makeQueue(match.Config{
		Grace: grace, Lease: 1000 * time.Hour, Confirm: 1000 * time.Hour, Sweep: time.Hour,
		Now:    func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Notify: func(e match.Event) { met(e.Pair) },
	})
	if err != nil {
		return 0, err
	}
	set := func(t time.Duration) { mu.Lock(); now = epoch.Add(t); mu.Unlock() }
	gone := 0
	leave := func(until time.Duration) error { // those whose patience ends
		for ; gone < len(people) && people[gone].at+patience <= until; gone++ {
			s, err := q.Renew(ctx, name(gone)) // a hint may be on its way still
			if err != nil {
				return err
			}
			if s.Pair != nil {
				met(*s.Pair)
			} else if err := q.Leave(ctx, name(gone), match.EndLeft); err != nil {
				return err
			}
		}
		return nil
	}
	end := people[len(people)-1].at + patience + time.Second
	for next, t := 0, time.Duration(0); t <= end; t += tick {
		for ; next < len(people) && people[next].at <= t; next++ {
			set(people[next].at)
			p := &people[next]
			s, err := q.Arrive(ctx, match.Ticket{Session: name(next), User: name(next), Wish: p.wish})
			if err != nil {
				return 0, err
			}
			if s.Pair != nil {
				met(*s.Pair)
			} else {
				mu.Lock()
				p.estimate, p.position = s.Estimate, s.Position
				mu.Unlock()
			}
		}
		set(t)
		if err := q.Sweep(ctx); err != nil {
			return 0, err
		}
		if err := leave(t); err != nil {
			return 0, err
		}
		if t%(5*time.Second) == 0 {
			n, err := fitting(ctx, q, people, gone, next, t, &mu)
			if err != nil {
				return 0, err
			}
			overdue += n
		}
	}
	return overdue, leave(end + patience)
}

// fitting counts pairs of people who wait past grace and fit each other. Nobody may be in one.
func fitting(ctx context.Context, q match.Queue, people []person, from, to int, t time.Duration, mu *sync.Mutex) (int, error) {
	var late []person
	for i := from; i < to && people[i].at+grace+tick <= t; i++ {
		mu.Lock()
		matched := people[i].met != 0
		mu.Unlock()
		if matched {
			continue
		}
		s, err := q.Renew(ctx, name(i))
		if err != nil {
			return 0, err
		}
		if s.State == match.Waiting {
			late = append(late, people[i])
		}
	}
	n := 0
	for i, a := range late {
		for _, b := range late[:i] {
			if compatible(a, b) {
				n++
			}
		}
	}
	return n, nil
}

func name(i int) string { return fmt.Sprint("p", i) }

func number(name string) int {
	n, err := strconv.Atoi(name[1:])
	if err != nil {
		panic(err)
	}
	return n
}

// playFIFO is what the queue is compared with: the longest waiting who fits, at once, whatever the tags.
func playFIFO(people []person) {
	var line []int
	for i := range people {
		kept := line[:0]
		for _, j := range line {
			if people[j].at+patience > people[i].at {
				kept = append(kept, j)
			}
		}
		line = kept
		found := -1
		for at, j := range line {
			if compatible(people[i], people[j]) {
				found = at
				break
			}
		}
		if found < 0 {
			line = append(line, i)
			continue
		}
		j := line[found]
		line = append(line[:found], line[found+1:]...)
		shared := share(people[i], people[j])
		for _, k := range [2]int{i, j} {
			people[k].met, people[k].other, people[k].shared = people[i].at, i+j-k, shared
		}
	}
}
