package main

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// On small random graphs the matching is as large as trying all finds.
func TestMaximum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 2 + rng.IntN(9)
		edges := make([][]int, n)
		var adjacent [16]uint
		for a := range n {
			for b := range a {
				if rng.IntN(3) == 0 {
					edges[a], edges[b] = append(edges[a], b), append(edges[b], a)
					adjacent[a] |= 1 << b
					adjacent[b] |= 1 << a
				}
			}
		}
		var best func(free uint) int
		best = func(free uint) int {
			if free == 0 {
				return 0
			}
			v := bits.TrailingZeros(free)
			free &^= 1 << v
			most := best(free)
			for rest := adjacent[v] & free; rest != 0; rest &= rest - 1 {
				most = max(most, 1+best(free&^(1<<bits.TrailingZeros(rest))))
			}
			return most
		}
		size := 0
		for v, u := range maximum(edges) {
			if u >= 0 {
				size++
				if adjacent[v]&(1<<u) == 0 {
					t.Fatalf("%d and %d are matched without an edge", v, u)
				}
			}
		}
		if want := 2 * best(1<<n-1); size != want {
			t.Fatalf("matched %d of a graph where %d can be: %v", size, want, edges)
		}
	}
}
