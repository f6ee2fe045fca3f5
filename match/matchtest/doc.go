// Package matchtest is the conformance suite of match.Queue: every
// implementation passes it unchanged, so that they can take each other's place.
//
//	Run ─┬─ stories    one rule each, told as what happens to Ada, Ben and Cem
//	     ├─ histories  random ones against a small readable model (model.go), seeds printed
//	     └─ crowds     many goroutines at once, audited at the end; run them with -race
//
// An implementation is given its clock and its Notify in the match.Config, and
// hands back how to sweep. One that cannot take a clock (its time is another
// machine's) says how to let real time pass instead, with durations of its
// own choice; histories, which need exact time, are then left out.
//
// Safe for concurrent use, closing, fullness: that of the queue under test;
// the factory registers clean-up with t.Cleanup.
package matchtest
