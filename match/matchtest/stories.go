package matchtest

import (
	"fmt"
	"testing"

	"passerby/match"
)

// story is one rule, told by what happens.
type story struct {
	name string
	cfg  match.Config
	tell func(w *world)
}

// stories runs all of them, each in an empty world.
func stories(t *testing.T, factory Factory) {
	for _, list := range [][]story{meeting, wishing, near, parting, trusting, remembering} {
		for _, s := range list {
			t.Run(s.name, func(t *testing.T) { s.tell(newWorld(t, factory, s.cfg)) })
		}
	}
	t.Run("every two genders and wishes", func(t *testing.T) { everyGender(t, factory) })
}

// meeting: who meets whom first.
var meeting = []story{
	{name: "two without wishes meet at once", tell: func(w *world) {
		if s := w.arrive("ada", tell()); s.State != match.Waiting || s.Pair != nil || s.Position != 1 || s.Since.IsZero() {
			w.Fatalf("ada came first: %+v", s)
		}
		s := w.arrive("ben", tell())
		if s.State != match.Paired || s.Pair == nil {
			w.Fatalf("ben should have met ada: %+v", s)
		}
		p := w.together("ada", "ben")
		want := match.Side{Session: "ada", User: "ada", Node: "node of ada", Key: "key of ada"}
		if _, partner, _ := p.Sides("ben"); partner != want {
			w.Fatalf("ben was given %+v, want %+v", partner, want)
		}
		if p.ID != s.Pair.ID || len(p.ID) < 16 || p.Mode != match.Text || p.At.IsZero() || len(p.Tags) != 0 {
			w.Fatalf("the pair: %+v", p)
		}
		w.told("ada", "made")
		w.told("ben") // his own call told him
	}},
	{name: "video and text never mix", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Video})
		w.arrive("ben", match.Wish{Mode: match.Text})
		w.wait(2 * w.cfg.Grace)
		w.waiting("ada", "ben")
	}},
	{name: "first come, first served", tell: func(w *world) {
		for i := range 6 { // of one kind, so they do not meet each other
			w.arrive(fmt.Sprint("man ", i), match.Wish{Mode: match.Text, Gender: match.Male, Seeking: []match.Gender{match.Female}})
		}
		for i := range 6 {
			w.arrive(fmt.Sprint("woman ", i), match.Wish{Mode: match.Text, Gender: match.Female, Seeking: []match.Gender{match.Male}})
			w.together(fmt.Sprint("woman ", i), fmt.Sprint("man ", i))
		}
	}},
	{name: "one who does not fit is stepped over and keeps the first place", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"})
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		w.arrive("cem", match.Wish{Mode: match.Text, Language: "fr"})
		w.together("ben", "cem")
		if s := w.renew("ada"); s.State != match.Waiting || s.Position != 1 {
			w.Fatalf("ada: %+v", s)
		}
	}},
	{name: "positions are true", tell: func(w *world) {
		langs := []string{"de", "fr", "es", "pt"}
		for i, lang := range langs {
			if s := w.arrive(lang, match.Wish{Mode: match.Text, Language: lang}); s.Position != i+1 {
				w.Fatalf("%s is number %d, told %d", lang, i+1, s.Position)
			}
		}
		w.arrive("video", match.Wish{Mode: match.Video})
		w.leave("fr", match.EndLeft)
		for lang, want := range map[string]int{"de": 1, "es": 2, "pt": 3, "video": 1} {
			if s := w.renew(lang); s.Position != want {
				w.Fatalf("%s should be number %d after fr left, told %d", lang, want, s.Position)
			}
		}
	}},
	{name: "a place is kept over a reconnect", tell: func(w *world) {
		since := w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"}).Since
		w.leave("ada", match.EndLeft)
		w.wait(w.cfg.Grace / 4)
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		again := ticket("ada", match.Wish{Mode: match.Text, Language: "de"})
		again.Since = since
		if s := w.arriveAs(again); !s.Since.Equal(since) || s.Position != 1 {
			w.Fatalf("ada came back to %v, number %d; her place was %v", s.Since, s.Position, since)
		}
		w.arrive("cem", tell()) // fits both
		w.together("ada", "cem")
	}},
	{name: "who waits already may change the wish and keeps the place", tell: func(w *world) {
		since := w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"}).Since
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		if s := w.arrive("ada", match.Wish{Mode: match.Text, Language: "es"}); !s.Since.Equal(since) || s.Position != 1 {
			w.Fatalf("ada: %+v, was there since %v", s, since)
		}
		w.arrive("cem", match.Wish{Mode: match.Text, Language: "de"})
		w.waiting("ada", "cem")
		w.arrive("dan", match.Wish{Mode: match.Text, Language: "es"})
		w.together("ada", "dan")
	}},
	{name: "a place in the future is now", tell: func(w *world) {
		early := ticket("ada", match.Wish{Mode: match.Text, Language: "de"})
		early.Since = w.now().Add(1000 * 1000 * w.cfg.Grace)
		w.arriveAs(early)
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		if s := w.renew("ada"); s.Position != 1 {
			w.Fatalf("ada came first and is number %d", s.Position)
		}
	}},
	{name: "nobody meets himself", tell: func(w *world) {
		first, second := ticket("tab 1", tell()), ticket("tab 2", tell())
		first.User, second.User = "ada", "ada"
		w.arriveAs(first)
		w.arriveAs(second)
		w.waiting("tab 2")
		w.absent("tab 1", "") // the newest tab wins
		w.arrive("tab 2", tell())
		w.waiting("tab 2")
	}},
	{name: "a user's newest session takes over from one in a pair", tell: func(w *world) {
		first, second := ticket("tab 1", tell()), ticket("tab 2", tell())
		first.User, second.User = "ada", "ada"
		w.arriveAs(first)
		w.arrive("ben", tell())
		w.together("tab 1", "ben")
		w.arriveAs(second)
		w.waiting("tab 2")
		w.absent("tab 1", match.EndLeft)
		w.absent("ben", match.EndLeft)
		w.told("tab 1", "made", "left")
		w.told("ben", "left")
	}},
	{name: "two windows of one laptop are two users and meet", tell: func(w *world) {
		a, b := ticket("window 1", tell()), ticket("window 2", tell())
		a.Node, b.Node = "laptop", "laptop"
		w.arriveAs(a)
		w.arriveAs(b)
		w.together("window 1", "window 2")
	}},
	{name: "an estimate comes from what was seen", tell: func(w *world) {
		if s := w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"}); s.Estimate != 0 {
			w.Fatalf("nothing was seen yet, and the estimate is %v", s.Estimate)
		}
		for i := range 10 {
			w.arrive(fmt.Sprint("a", i), match.Wish{Mode: match.Text, Language: "fr"})
			w.arrive(fmt.Sprint("b", i), match.Wish{Mode: match.Text, Language: "fr"})
			w.confirm(fmt.Sprint("a", i), fmt.Sprint("b", i))
		}
		s := w.renew("ada")
		if s.Estimate <= 0 || s.Estimate > 10*60e9 {
			w.Fatalf("twenty people were matched, and the estimate is %v", s.Estimate)
		}
		if v := w.arrive("vic", match.Wish{Mode: match.Video}); v.Estimate != 0 {
			w.Fatalf("nobody was matched for video, and the estimate is %v", v.Estimate)
		}
	}},
	{name: "a full queue says so", cfg: match.Config{Capacity: 2}, tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"})
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		w.refused(ticket("cem", tell()), match.ErrFull)
		w.arrive("ada", match.Wish{Mode: match.Text, Language: "es"}) // who is in stays in
		w.leave("ben", match.EndLeft)
		w.arrive("cem", match.Wish{Mode: match.Text, Language: "pt"})
	}},
	{name: "bad tickets and wishes are refused and change nothing", tell: func(w *world) {
		w.refused(match.Ticket{User: "ada", Wish: tell()}, match.ErrTicket)
		w.refused(match.Ticket{Session: "ada", Wish: tell()}, match.ErrTicket)
		long := ticket("ada", tell())
		long.Key = string(make([]byte, match.MaxKey+1))
		w.refused(long, match.ErrTicket)
		w.refusedWish(match.Wish{Mode: "smell"}, "mode")
		w.refusedWish(tell("a tag that goes on and on and on"), "tags")
		w.absent("ada", "")
		w.arrive("ben", tell())
		w.waiting("ben")
	}},
}
