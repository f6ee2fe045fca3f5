// Package overload decides when a node takes nobody new, so that those who talk go on as well as before.
//
//	process, cgroup, runtime ─▶ Sampler ─▶ Sample ─▶ Judge ─▶ full or not, why, and when to ask again
//	                            each second           pure       one who resumes is never asked
//
// Three signals, each with a mark: the process's share of the processors that it may use, how long goroutines that
// could run wait for one (a packet waits as long), and its share of the memory that it may use. One that stays above its mark
// for Enter makes the node full; it is open again when all have been below nine tenths of their marks for Leave, so that it does not flap.
//
// Safe for concurrent use? Door is; Judge has one owner. Who closes? Door.Run ends with its context. What happens when
// full? That is the question here: Door.Room answers when to come again, spread, so that not all come at once.
package overload
