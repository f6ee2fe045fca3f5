// Package doctor checks a Passerby server as a user would meet it and says in a sentence what is wrong and how to fix it.
//
//	page → session → WebSocket → media over UDP → media over TCP → TURN → a call between two made-up people
//
// Every check runs even when an earlier one failed, unless it needs what that one would have given. Run is bounded in time by its context
// and closes all that it opened.
package doctor
