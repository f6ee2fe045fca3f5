package matchtest

import (
	"context"
	"errors"
	"fmt"

	"passerby/match"
)

// parting: how pairs end.
var parting = []story{
	{name: "next leaves and looks again in one step", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		p := w.together("ada", "ben")
		w.confirm("ada", "ben")
		if s := w.arrive("ada", tell()); s.State != match.Waiting {
			w.Fatalf("ada looks again: %+v", s)
		}
		w.absent("ben", match.EndNext)
		w.told("ben", "next")
		w.told("ada", "made")
		w.gone("ada", p.ID)
		w.gone("ben", p.ID)
	}},
	{name: "next meets the one who waits", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.arrive("cem", tell())
		if s := w.arrive("ada", tell()); s.State != match.Paired {
			w.Fatalf("cem waits, and ada is %+v", s)
		}
		w.together("ada", "cem")
		w.absent("ben", match.EndNext)
	}},
	{name: "leaving tells the partner why", tell: func(w *world) {
		for i, reason := range []match.EndReason{match.EndLeft, match.EndModerated, match.EndDrain, match.EndLost} {
			a, b := fmt.Sprint("a", i), fmt.Sprint("b", i)
			w.arrive(a, tell())
			w.arrive(b, tell())
			p := w.together(a, b)
			w.leave(b, reason)
			w.absent(b, "")
			w.absent(a, reason)
			w.told(a, "made", string(reason))
			w.told(b)
			w.gone(a, p.ID)
		}
	}},
	{name: "leaving the line leaves no trace", tell: func(w *world) {
		w.arrive("ada", tell("jazz"))
		w.leave("ada", match.EndLeft)
		w.absent("ada", "")
		w.arrive("ben", tell("jazz"))
		w.waiting("ben")
		w.leave("ada", match.EndLeft) // absent already: nothing happens
		w.leave("nobody", match.EndLeft)
		w.waiting("ben")
	}},
	{name: "a block ends the pair for both", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.together("ada", "ben")
		w.block("ben", "ada")
		w.absent("ada", match.EndBlocked)
		w.absent("ben", match.EndBlocked)
		w.told("ada", "made", "blocked")
		w.told("ben", "blocked")
	}},
	{name: "a block of somebody else leaves the pair alone", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.block("ben", "cem")
		w.block("ben", "ben")
		w.together("ada", "ben")
	}},
}

// trusting: leases, confirmations, and hints that do not come.
var trusting = []story{
	{name: "a pair confirmed by both stays", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.confirm("ada", "ben")
		w.confirm("ben", "ada", "ada") // again changes nothing
		w.wait(5 * w.cfg.Confirm)
		w.together("ada", "ben")
	}},
	{name: "an unconfirmed pair ends; who confirmed is back at the old place", tell: func(w *world) {
		since := w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"}).Since
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "de"})
		p := w.together("ada", "ben")
		w.arrive("cem", match.Wish{Mode: match.Text, Language: "fr"})
		w.confirm("ada")
		w.wait(w.cfg.Confirm * 3 / 2)
		if s := w.renew("ada"); s.State != match.Waiting || !s.Since.Equal(since) || s.Position != 1 {
			w.Fatalf("ada should wait at her old place %v, number 1, and is %+v", since, s)
		}
		w.absent("ben", match.EndLost)
		w.told("ada", "made", "lost")
		w.told("ben", "lost")
		w.gone("ada", p.ID)
		w.arrive("dan", tell()) // fits ada and cem
		w.together("ada", "dan")
	}},
	{name: "who was put back meets somebody who came meanwhile", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.arrive("cem", tell())
		w.confirm("ada")
		w.wait(w.cfg.Confirm * 3 / 2)
		w.together("ada", "cem")
		w.told("ada", "made", "lost", "made")
	}},
	{name: "a pair that nobody confirms ends for both", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.wait(w.cfg.Confirm * 3 / 2)
		w.absent("ada", match.EndLost)
		w.absent("ben", match.EndLost)
	}},
	{name: "a silent partner is no former partner", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.confirm("ada")
		w.wait(w.cfg.Confirm * 3 / 2)
		w.waiting("ada")
		w.arrive("ben", tell()) // he is back, and they never talked
		w.together("ada", "ben")
	}},
	{name: "only a pair's own sessions confirm it", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		p := w.together("ada", "ben")
		w.arrive("cem", tell())
		w.gone("cem", p.ID)
		w.gone("nobody", p.ID)
		w.gone("ada", "another")
	}},
	{name: "who falls silent in line is stepped over and removed", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Language: "de"})
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		w.silent("ada")
		w.wait(w.cfg.Lease * 5 / 4)
		w.arrive("cem", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Language: "de"})
		w.waiting("cem", "ben")
		w.absent("ada", "")
		if s := w.renew("ben"); s.Position != 1 {
			w.Fatalf("ben is number %d after ada fell silent", s.Position)
		}
	}},
	{name: "a heartbeat keeps the place", tell: func(w *world) {
		since := w.arrive("ada", tell()).Since
		w.wait(4 * w.cfg.Lease)
		if s := w.renew("ada"); s.State != match.Waiting || !s.Since.Equal(since) {
			w.Fatalf("ada waits since %v: %+v", since, s)
		}
	}},
	{name: "who falls silent in a pair loses it, and the partner is told", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.confirm("ada", "ben")
		w.silent("ben")
		w.wait(w.cfg.Lease * 5 / 4)
		w.absent("ada", match.EndLost)
		w.told("ada", "made", "lost")
		if s := w.renew("ben"); s.State != match.Absent {
			w.Fatalf("ben: %+v", s)
		}
	}},
	{name: "a heartbeat tells what a hint would have", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		s := w.renew("ada")
		if s.State != match.Paired || s.Pair == nil {
			w.Fatalf("ada: %+v", s)
		}
		w.leave("ben", match.EndLeft)
		if e := w.renew("ada").Ended; e == nil || e.Pair != s.Pair.ID || e.Reason != match.EndLeft {
			w.Fatalf("ada's ending: %+v, want pair %s, left", e, s.Pair.ID)
		}
	}},
	{name: "an ending is forgotten with the next arrival, and with time", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.arrive("cem", match.Wish{Mode: match.Text, Language: "de"})
		w.arrive("dan", match.Wish{Mode: match.Text, Language: "de"})
		w.leave("ben", match.EndLeft)
		w.leave("dan", match.EndLeft)
		if s := w.arrive("ada", tell()); s.Ended != nil {
			w.Fatalf("ada is back: %+v", s)
		}
		w.wait(w.cfg.Lease * 3)
		w.absent("cem", "")
	}},
	{name: "a context that is done stops a call", tell: func(w *world) {
		ctx, cancel := context.WithCancel(w.ctx)
		cancel()
		if _, err := w.queue.Arrive(ctx, ticket("ada", tell())); !errors.Is(err, context.Canceled) {
			w.Fatalf("got %v, want context.Canceled", err)
		}
		w.absent("ada", "")
	}},
}

// remembering: former partners and blocks.
var remembering = []story{
	{name: "alone with a former partner: again, after the rematch time", tell: func(w *world) {
		for round, first := range []string{"ada", "ben", "ada"} {
			second := map[string]string{"ada": "ben", "ben": "ada"}[first]
			w.arrive(first, tell()) // the first of a later round presses Next
			w.arrive(second, tell())
			if round > 0 {
				w.waiting("ada", "ben")
				w.wait(w.cfg.Rematch / 2)
				w.waiting("ada", "ben")
				w.wait(w.cfg.Rematch)
			}
			w.together("ada", "ben")
			w.confirm("ada", "ben")
		}
	}},
	{name: "both must have waited before they meet again", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.confirm("ada", "ben")
		w.arrive("ada", tell())
		w.wait(2 * w.cfg.Rematch)
		w.arrive("ben", tell())
		w.wait(w.cfg.Rematch / 2)
		w.waiting("ada", "ben")
		w.wait(w.cfg.Rematch)
		w.together("ada", "ben")
	}},
	{name: "a third is preferred to a former partner", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.confirm("ada", "ben")
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.arrive("cem", tell())
		w.together("ada", "cem") // who waits longest
		w.wait(2 * w.cfg.Rematch)
		w.waiting("ben")
	}},
	{name: "former partners who share a tag let a third without it go first", tell: func(w *world) {
		w.arrive("ada", tell("jazz"))
		w.arrive("ben", tell("jazz"))
		w.confirm("ada", "ben")
		w.arrive("ada", tell("jazz"))
		w.arrive("ben", tell("jazz"))
		w.arrive("cem", tell("tea"))
		w.wait(w.cfg.Rematch * 5 / 4) // they would meet again, but cem could yet take one of them
		w.waiting("ada", "ben", "cem")
		w.wait(w.cfg.Grace)
		w.together("ada", "cem")
	}},
	{name: "when the third has gone, former partners meet again", tell: func(w *world) {
		w.arrive("ada", tell("jazz"))
		w.arrive("ben", tell("jazz"))
		w.confirm("ada", "ben")
		w.arrive("ada", tell("jazz"))
		w.arrive("ben", tell("jazz"))
		w.arrive("cem", tell("tea"))
		w.wait(w.cfg.Rematch * 5 / 4)
		w.leave("cem", match.EndLeft)
		w.wait(w.cfg.Rematch / 4)
		w.together("ada", "ben")
	}},
	{name: "a former partner is forgotten after a while", cfg: match.Config{RecentFor: 200 * 1e9, Rematch: 100 * 1e9}, tell: func(w *world) {
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.leave("ada", match.EndLeft)
		w.wait(w.cfg.RecentFor * 5 / 4)
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.together("ada", "ben")
	}},
	{name: "only so many former partners are remembered", cfg: match.Config{Recents: 2}, tell: func(w *world) {
		for _, partner := range []string{"ben", "cem", "dan"} {
			w.arrive("ada", tell())
			w.arrive(partner, tell())
			w.together("ada", partner)
			w.leave("ada", match.EndLeft)
			for i := range 2 { // so that the partner forgets ada as well
				filler := fmt.Sprint(partner, "'s ", i)
				w.arrive(filler, tell())
				w.arrive(partner, tell())
				w.together(filler, partner)
				w.leave(partner, match.EndLeft)
			}
		}
		w.arrive("ada", tell())
		w.arrive("ben", tell())
		w.together("ada", "ben")
	}},
	{name: "who blocked never meets the blocked, whoever comes first", tell: func(w *world) {
		w.block("ada", "ben")
		w.arrive("ada", tell("jazz"))
		w.arrive("ben", tell("jazz"))
		w.wait(3 * w.cfg.Grace)
		w.waiting("ada", "ben")
		w.leave("ada", match.EndLeft)
		w.arrive("ada", tell("jazz"))
		w.wait(3 * w.cfg.Grace)
		w.waiting("ada", "ben")
		w.arrive("cem", tell())
		w.together("ben", "cem") // the longest in line
	}},
	{name: "blocked people in front hide nobody", tell: func(w *world) {
		var crowd []string
		for i := range 24 {
			name := fmt.Sprint("man ", i)
			crowd = append(crowd, name)
			w.block(name, "zoe") // whoever asked
			w.arrive(name, match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Gender: "m", Seeking: []match.Gender{"f"}})
		}
		w.arrive("yan", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Gender: "m", Seeking: []match.Gender{"f"}})
		w.arrive("zoe", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Gender: "f"})
		w.together("yan", "zoe")
		w.waiting(crowd...)
	}},
	{name: "only so many blocks are remembered, the oldest go", cfg: match.Config{Blocks: 2}, tell: func(w *world) {
		for _, other := range []string{"ben", "cem", "dan"} {
			w.block("ada", other)
		}
		w.arrive("ada", tell())
		w.arrive("cem", match.Wish{Mode: match.Text, Language: "de"})
		w.arrive("dan", match.Wish{Mode: match.Text, Language: "fr"})
		w.waiting("ada", "cem", "dan")
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "es"})
		w.together("ada", "ben")
	}},
}
