package matchtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"passerby/match"
)

// Bench measures what a pair costs, at several depths of the queue: one
// arrival that finds nobody, and one that is paired. Tags are drawn from 5000
// by Zipf's law; those who wait are all of one kind, so the depth stays.
func Bench(b *testing.B, factory Factory) {
	for _, depth := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", depth), func(b *testing.B) {
			now := epoch
			sub := factory(b, match.Config{Lease: 1000 * time.Hour, Confirm: 1000 * time.Hour, Now: func() time.Time {
				now = now.Add(time.Microsecond)
				return now
			}})
			rng := rand.New(rand.NewPCG(1, 2))
			tags := rand.NewZipf(rng, 1.1, 1, 4999)
			n := 0
			arrive := func(gender, seeking match.Gender) match.Standing {
				n++
				wish := match.Wish{Mode: match.Video, Gender: gender, Seeking: []match.Gender{seeking}}
				for range rng.IntN(6) {
					wish.Tags = append(wish.Tags, fmt.Sprint("tag", tags.Uint64()))
				}
				s, err := sub.Queue.Arrive(b.Context(), ticket(fmt.Sprint("p", n), wish))
				if err != nil {
					b.Fatal(err)
				}
				return s
			}
			for range depth {
				arrive(match.Male, match.Female)
			}
			now = now.Add(time.Hour) // all of them are past grace
			if err := sub.Sweep(b.Context()); err != nil {
				b.Fatal(err)
			}
			paired := 0
			for b.Loop() {
				arrive(match.Male, match.Female)
				if arrive(match.Female, match.Male).State == match.Paired {
					paired++
				}
			}
			b.ReportMetric(float64(paired)/float64(b.N), "paired/op")
		})
	}
}
