package matchtest

import "passerby/match"

// near: regions.
var near = []story{
	{name: "a region's own meet at once, others when one of the two has waited", tell: func(w *world) {
		w.arriveIn("eu", "ada", tell())
		w.wait(w.cfg.Overflow / 4)
		w.arriveIn("us", "ben", tell())
		w.wait(w.cfg.Overflow / 4)
		w.waiting("ada", "ben")
		w.arriveIn("us", "cem", tell())
		w.together("ben", "cem")
		w.waiting("ada")
	}},
	{name: "who has waited for his own region takes the next from anywhere", tell: func(w *world) {
		w.arriveIn("eu", "ada", tell())
		w.wait(w.cfg.Overflow * 2)
		w.arriveIn("us", "ben", tell())
		p := w.together("ada", "ben")
		if _, partner, _ := p.Sides("ben"); partner.Region != "eu" {
			w.Fatalf("ben was given %+v", partner)
		}
	}},
	{name: "two of different regions meet by themselves when the first has waited", tell: func(w *world) {
		w.arriveIn("eu", "ada", tell())
		w.wait(w.cfg.Overflow / 2)
		w.arriveIn("us", "ben", tell())
		w.waiting("ada", "ben")
		w.wait(w.cfg.Overflow * 3 / 4)
		w.together("ada", "ben")
		w.told("ada", "made")
		w.told("ben", "made")
	}},
	{name: "who names no region is near to everybody", tell: func(w *world) {
		w.arrive("ada", tell())
		w.arriveIn("us", "ben", tell())
		w.together("ada", "ben")
		w.arriveIn("us", "cem", tell())
		w.arrive("dan", tell())
		w.together("cem", "dan")
	}},
	{name: "one's own region comes before older ones of elsewhere", tell: func(w *world) {
		w.arriveIn("us", "ada", tell("tea")) // holds out for tea, so that both are there
		w.wait(w.cfg.Overflow / 4)
		w.arriveIn("eu", "ben", tell("go"))
		w.wait(w.cfg.Overflow / 4)
		w.arriveIn("eu", "cem", tell("tea", "go")) // shares one with each; ada does not roam yet
		w.together("ben", "cem")
		w.waiting("ada")
	}},
	{name: "somebody far who has waited for longer by the overflow time is not passed over", tell: func(w *world) {
		man := match.Wish{Mode: match.Text, Gender: match.Male, Seeking: []match.Gender{match.Female}}
		woman := match.Wish{Mode: match.Text, Gender: match.Female, Seeking: []match.Gender{match.Male}}
		w.arriveIn("us", "abe", man)
		w.wait(w.cfg.Overflow / 2)
		w.arriveIn("eu", "ben", man) // there is always one more of eu
		w.wait(w.cfg.Overflow * 3 / 4)
		w.arriveIn("eu", "cem", man)
		w.arriveIn("eu", "ada", woman)
		w.together("ada", "ben") // abe came only half of the time earlier
		w.arriveIn("eu", "bea", woman)
		w.together("bea", "abe") // and before cem by more than it
		w.waiting("cem")
	}},
	{name: "the region is no way around a limit", tell: func(w *world) {
		w.arriveIn("eu", "ada", match.Wish{Mode: match.Text, Language: "de"})
		w.arriveIn("us", "ben", match.Wish{Mode: match.Text, Language: "fr"})
		w.wait(w.cfg.Overflow * 3)
		w.waiting("ada", "ben")
	}},
}

// arriveIn lets somebody come in a region.
func (w *world) arriveIn(region, name string, wish match.Wish) {
	w.Helper()
	t := ticket(name, wish)
	t.Region = region
	w.arriveAs(t)
}
