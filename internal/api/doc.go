// Package api is what other apps' servers call, under /api/v1, with a key.
//
//	POST   /api/v1/sessions              sessions   a token with which a page gets one session for a known user
//	GET    /api/v1/figures               figures    people online, waiting, matched
//	POST   /api/v1/bans                  bans       keep a user out
//	GET    /api/v1/bans/{ban}            bans       one ban
//	DELETE /api/v1/bans/{ban}            bans       end it
//	DELETE /api/v1/users/{user}/session  sessions   end what he does now
//
// A key is NAME_SECRET with 256 random bits, of which the settings hold the SHA-256 and what it may do (its scopes); it is compared in
// constant time. Who tries keys is slowed down, and each key has a rate of its own. Pages cannot use it: there is no CORS, and a request that
// carries an Origin is refused, since a key in a page is everybody's.
//
// Handlers are safe for concurrent use and own no goroutine.
package api
