package matchtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"passerby/match"
)

// wishing: tags, language, gender.
var wishing = []story{
	{name: "people of different pools never meet, whatever they share and however long they wait", tell: func(w *world) {
		minor := ticket("ada", tell("jazz"))
		minor.Pool = "minors"
		w.arriveAs(minor)
		w.arrive("ben", tell("jazz"))
		w.wait(w.cfg.Grace * 2)
		w.waiting("ada", "ben")
		another := ticket("cem", tell())
		another.Pool = "minors"
		w.arriveAs(another)
		w.together("ada", "cem")
		w.waiting("ben")
	}},
	{name: "who waits already and comes of another pool is out of the first", tell: func(w *world) {
		w.arrive("ada", tell())
		again := ticket("ada", tell())
		again.Pool = "minors"
		w.arriveAs(again)
		w.arrive("ben", tell())
		w.waiting("ada", "ben")
	}},
	{name: "a shared tag meets at once", tell: func(w *world) {
		w.arrive("ada", tell("jazz", "go"))
		w.arrive("ben", tell("Go", "cooking"))
		if p := w.together("ada", "ben"); !slices.Equal(p.Tags, []string{"go"}) {
			w.Fatalf("they share go, the pair says %q", p.Tags)
		}
	}},
	{name: "tags hold out for the grace time, then take anyone", tell: func(w *world) {
		w.arrive("ada", tell())       // takes anyone
		w.arrive("ben", tell("jazz")) // holds out
		w.wait(w.cfg.Grace / 2)
		w.waiting("ada", "ben")
		w.wait(w.cfg.Grace)
		w.together("ada", "ben")
		w.told("ada", "made")
		w.told("ben", "made") // a sweep paired him, not his call
	}},
	{name: "two who hold out for different tags meet when both are past grace", tell: func(w *world) {
		w.arrive("ada", tell("jazz"))
		w.wait(w.cfg.Grace / 2)
		w.arrive("ben", tell("chess"))
		w.wait(w.cfg.Grace * 3 / 4) // ada is past it, ben is not
		w.waiting("ada", "ben")
		w.wait(w.cfg.Grace / 2)
		w.together("ada", "ben")
	}},
	{name: "during grace a shared tag still wins over those who wait longer", tell: func(w *world) {
		w.arrive("ada", tell("chess"))
		w.arrive("ben", tell("jazz"))
		w.arrive("cem", tell("jazz"))
		w.together("ben", "cem")
		w.waiting("ada")
	}},
	{name: "more shared tags first, then the oldest", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Tags: []string{"jazz", "x1"}, Gender: "f", Seeking: []match.Gender{"m"}})
		w.arrive("bea", match.Wish{Mode: match.Text, Tags: []string{"jazz", "go"}, Gender: "f", Seeking: []match.Gender{"m"}})
		w.arrive("cat", match.Wish{Mode: match.Text, Tags: []string{"go", "jazz"}, Gender: "f", Seeking: []match.Gender{"m"}})
		for i, partner := range []string{"bea", "cat", "ada"} {
			name := fmt.Sprint("man ", i)
			w.arrive(name, match.Wish{Mode: match.Text, Tags: []string{"jazz", "go", "tea"}, Gender: "m", Seeking: []match.Gender{"f"}})
			w.together(name, partner)
		}
	}},
	{name: "past grace a shared tag comes before a longer wait", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Tags: []string{"tea"}, Language: "de"})
		w.arrive("ben", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Language: "fr"})
		w.wait(w.cfg.Grace * 3 / 2)
		w.arrive("cem", tell("jazz"))
		w.together("ben", "cem")
	}},
	{name: "a newcomer without tags takes the oldest who takes anyone", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Language: "de"})
		w.wait(w.cfg.Grace * 3 / 2)
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		w.arrive("cem", tell())
		w.together("ada", "cem")
		w.waiting("ben")
	}},
	{name: "language is a hard limit between two who name one", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"})
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		w.wait(3 * w.cfg.Grace)
		w.waiting("ada", "ben")
		w.arrive("cem", match.Wish{Mode: match.Text, Language: "fr-CA"})
		if p := w.together("ben", "cem"); p.Initiator.Language != "fr" || p.Responder.Language != "fr" {
			w.Fatalf("both speak fr, the pair says %q and %q", p.Initiator.Language, p.Responder.Language)
		}
	}},
	{name: "who names no language meets every language", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Language: "de"})
		w.arrive("ben", tell())
		w.together("ada", "ben")
		w.arrive("cem", tell())
		w.arrive("dan", match.Wish{Mode: match.Text, Language: "fr"})
		w.together("cem", "dan")
	}},
	{name: "two who widen meet over languages, after grace", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Language: "de", Widen: true})
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr", Widen: true})
		w.wait(w.cfg.Grace / 2)
		w.waiting("ada", "ben")
		w.wait(w.cfg.Grace)
		w.together("ada", "ben")
	}},
	{name: "both must widen", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Language: "de", Widen: true})
		w.arrive("ben", match.Wish{Mode: match.Text, Language: "fr"})
		w.wait(3 * w.cfg.Grace)
		w.waiting("ada", "ben")
	}},
	{name: "widening opens neither gender nor mode", tell: func(w *world) {
		w.arrive("ada", match.Wish{Mode: match.Text, Gender: "f", Seeking: []match.Gender{"f"}, Widen: true})
		w.arrive("ben", match.Wish{Mode: match.Text, Gender: "m", Widen: true})
		w.arrive("cat", match.Wish{Mode: match.Video, Gender: "f", Widen: true})
		w.wait(3 * w.cfg.Grace)
		w.waiting("ada", "ben", "cat")
	}},
	{name: "an unbalanced crowd hides nobody", tell: func(w *world) {
		for i := range 60 {
			w.arrive(fmt.Sprint("man ", i), match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Gender: "m", Seeking: []match.Gender{"f"}})
		}
		w.arrive("ned", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Gender: "m", Seeking: []match.Gender{"m"}})
		w.arrive("olf", match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Gender: "m", Seeking: []match.Gender{"m"}})
		w.together("ned", "olf")
	}},
}

// everyGender tries all pairs of own gender and genders sought against the rule.
func everyGender(t *testing.T, factory Factory) {
	w := newWorld(t, factory, match.Config{})
	genders := []match.Gender{match.Unstated, match.Female, match.Male, match.Other}
	var wishes []match.Wish
	for _, own := range genders {
		for set := range 7 { // seeking all three is seeking anyone
			wish := match.Wish{Mode: match.Text, Gender: own}
			for i, g := range genders[1:] {
				if set&(1<<i) != 0 {
					wish.Seeking = append(wish.Seeking, g)
				}
			}
			wishes = append(wishes, wish)
		}
	}
	n := 0
	for _, a := range wishes {
		for _, b := range wishes {
			n++
			x, y := fmt.Sprint("x", n), fmt.Sprint("y", n)
			w.arrive(x, a)
			s := w.arrive(y, b)
			want := match.Accepts(a.Seeking, b.Gender) && match.Accepts(b.Seeking, a.Gender)
			if got := s.State == match.Paired; got != want {
				w.Fatalf("%+v and %+v: together %v, want %v", a, b, got, want)
			}
			for _, name := range []string{x, y} {
				w.leave(name, match.EndLeft)
				w.silent(name)
			}
		}
	}
}

func (w *world) refused(t match.Ticket, want error) {
	w.Helper()
	if _, err := w.queue.Arrive(w.ctx, t); !errors.Is(err, want) {
		w.Fatalf("%+v: got %v, want %v", t, err, want)
	}
}

func (w *world) refusedWish(wish match.Wish, field string) {
	w.Helper()
	_, err := w.queue.Arrive(w.ctx, ticket("ada", wish))
	var we *match.WishError
	if !errors.As(err, &we) || we.Field != field {
		w.Fatalf("%+v: got %v, want a WishError about %s", wish, err, field)
	}
}
