// Package moderation holds the rules by which moderators work: what waits for them and in which order, who works on what, what a decision does.
//
//	reports ──▶ Queue: one case per reported person ──▶ Claim ──▶ Decide: dismiss, warn, ban ──▶ (Undo, for a minute)
//	                                                                        │
//	                                              person: reason, end, appeal ──▶ Appeals ──▶ Answer (by somebody else)
//
// Reports alone never do anything to anybody: there is no path from a report to a ban but Decide, and Decide needs a moderator. Each act
// stands in the audit log in the same transaction as what it did.
//
// Desk is safe for concurrent use, on several nodes too: the store decides who was first. It has nothing to close.
package moderation
