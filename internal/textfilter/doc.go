// Package textfilter judges texts where an operator has switched their encryption off: by a list of words, then by a service of his.
//
//	text ─▶ words? ─ hit ─▶ refused
//	         └─ no ─▶ service? ─ {"deliver": true} ─▶ passes
//	                            ├ {"deliver": false} ─▶ refused
//	                            └ no answer in time, another one ─▶ as the operator has chosen: passes, or unchecked
//
// Words are whole words, found however they are dressed up (full width, look-alikes, zero width, accents, leet, spelled, stretched), as the
// page's own filter does it. The service is asked by a request that is signed as Standard Webhooks says. Texts are never logged.
//
// A [Filter] is safe for concurrent use, holds at most 512 questions at once (one more is as one without an answer), and needs no closing.
package textfilter
