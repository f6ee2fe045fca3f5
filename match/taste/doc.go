// Package taste learns who talks long with whom, from what the queue knows anyway, and says which of those who may meet
// should.
//
//	how a talk went ─▶ Learn ─▶ one logistic model, hashed: a word of its table for each feature
//	two who wait ────▶ Worth ─▶ how much likelier a long talk is than if each took anybody
//
// Features are all there is to Traits: the person (how his talks went), tags, languages, and the hour. Gender, what
// somebody seeks, age, address and what is said are no part of it, and cannot be: Traits has no field for them.
//
// Worth compares with what each of the two may expect of somebody else. So two who like to talk are worth more together than each with
// somebody who does not, and nobody is worth nothing to everybody.
//
// What one person can do to it is bounded: his own weight stays within a limit, two people teach once a day, and
// a table of fixed size holds all (people who share a place in it share a weight, and no list of people is kept).
//
// Safe for concurrent use? No: it has one owner. Who closes? Nobody. What happens when full? It cannot be: places are shared.
// The same seed and the same calls give the same answers; there is no clock and no I/O.
package taste
