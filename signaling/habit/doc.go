// Package habit tells programs from people by when and how much they do, never by what they say: that is encrypted.
//
//	Met ─ Signalled* ─ Wrote* ─ Parted     one match
//	the last 12 matches ─▶ Score, 0 (a person) to 1 (a program) ─▶ Verdict
//
// A Trace is a plain value: no clock, no lock, nothing to close. A score never bans anybody. It only raises friction: a wait between
// matches, proof of work for the next session.
package habit
