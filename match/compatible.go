package match

import (
	"slices"
	"time"
)

// The rules of who may meet. They are symmetric, and pure: a queue may index
// as it likes, but it never makes a pair that these functions refuse. Blocks
// and recent partners are the queue's memory and come on top.

// Accepts reports whether somebody who seeks these genders accepts this one.
func Accepts(seeking []Gender, g Gender) bool {
	return len(seeking) == 0 || slices.Contains(seeking, g)
}

// Compatible reports whether the hard limits let two tickets meet at all at
// this moment: the same mode and pool, different people, genders accepted both ways,
// no two different languages (unless both widen and are past grace), and no two
// different regions (unless one has waited for the overflow time).
func Compatible(a, b Ticket, now time.Time, p Patience) bool {
	return a.Wish.Mode == b.Wish.Mode && a.Pool == b.Pool &&
		a.Session != b.Session && a.User != b.User &&
		Accepts(a.Wish.Seeking, b.Wish.Gender) && Accepts(b.Wish.Seeking, a.Wish.Gender) &&
		languages(a, b, now, p.Grace) && (!Far(a, b) || Roams(a, now, p.Overflow) || Roams(b, now, p.Overflow))
}

// Far reports whether two tickets name different regions.
func Far(a, b Ticket) bool { return a.Region != "" && b.Region != "" && a.Region != b.Region }

// Roams reports whether a ticket takes people of every region: it names none,
// or has held out for its own for the overflow time. One of two is enough. If
// both had to, who waits where it is night would meet nobody from where it is day and nobody ever waits.
func Roams(t Ticket, now time.Time, overflow time.Duration) bool {
	return t.Region == "" || waited(t, now, overflow)
}

// Place is what the candidate c's place counts for s: somebody far counts as
// if he had come later by the overflow time. So a region's own come first,
// and nobody waits for longer than that behind later ones.
func Place(s, c Ticket, overflow time.Duration) time.Time {
	if Far(s, c) {
		return c.Since.Add(overflow)
	}
	return c.Since
}

func languages(a, b Ticket, now time.Time, grace time.Duration) bool {
	x, y := a.Wish.Language, b.Wish.Language
	if x == "" || y == "" || x == y {
		return true
	}
	return a.Wish.Widen && b.Wish.Widen && waited(a, now, grace) && waited(b, now, grace)
}

// Relaxed reports whether a ticket takes anyone compatible: it names no tags,
// or has held out for a shared one for the grace time.
func Relaxed(t Ticket, now time.Time, grace time.Duration) bool {
	return len(t.Wish.Tags) == 0 || waited(t, now, grace)
}

// Agree reports whether two compatible tickets would be paired at this
// moment, and the tags they share: they share one, or both are relaxed.
func Agree(a, b Ticket, now time.Time, p Patience) (shared []string, ok bool) {
	if !Compatible(a, b, now, p) {
		return nil, false
	}
	shared = SharedTags(a.Wish.Tags, b.Wish.Tags)
	return shared, len(shared) > 0 || Relaxed(a, now, p.Grace) && Relaxed(b, now, p.Grace)
}

// SharedTags returns the tags in both, sorted. Both are short and without doubles.
func SharedTags(a, b []string) []string {
	var shared []string
	for _, tag := range a {
		if slices.Contains(b, tag) {
			shared = append(shared, tag)
		}
	}
	slices.Sort(shared)
	return shared
}

// Rematchable reports whether two recent partners have both waited long
// enough to meet again. (They do so only while nobody else compatible waits.)
func Rematchable(a, b Ticket, now time.Time, rematch time.Duration) bool {
	return waited(a, now, rematch) && waited(b, now, rematch)
}

func waited(t Ticket, now time.Time, d time.Duration) bool { return now.Sub(t.Since) >= d }
