// Package proof asks browsers for a proof of work before they get a session, but only while somebody attacks.
//
//	request ─▶ Meter (site) ──┐ rate over its threshold?
//	        ─▶ Meter (range) ─┼─▶ Guard.Ask ─▶ nil, or a signed Challenge ─▶ the page searches a number in a Worker
//	        ─▶ suspects ──────┘                                            ─▶ Guard.Check: right, in time, the first time
//
// Suspects are networks and users who behaved like programs. A user with a person's history is not asked for what others of his network do
// ([Guard.Vouch]); under attack he is, as everybody.
//
// A puzzle is the search for a number n from 0 to maxnumber with hex(SHA-256(salt ‖ n)) = challenge. Its form is that of Altcha's first
// version (docs/decisions/0022), so that clients made for that fit. Nothing is kept of a challenge until it is solved; then it is
// remembered until it expires, in memory, or in Redis for all nodes.
//
// A Guard is safe for concurrent use and has nothing to close. When its tables are full it forgets the ranges that were seen longest ago,
// and any of the names.
package proof
