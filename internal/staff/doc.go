// Package staff knows the people who moderate: their accounts, how they prove who they are, what they may do.
//
//	password ──▶ one-time? ──▶ session at the stage "setup" ──▶ own password + second factor ──▶ full session
//	         └─▶ code (TOTP) ──────────────────────────────────────────────────────────────────▶ full session
//	passkey (user verified: two factors in one) ───────────────────────────────────────────────▶ full session
//	OpenID Connect (the provider vouches) ─────────────────────────────────────────────────────▶ full session
//
// A session is a random token that the browser keeps in a cookie and the store as a hash. It ends by itself (idle, or old), when its
// member signs out, changes what he signs in with, or is disabled. What a browser must carry from one step of a sign-in to the next is
// sealed (Sealer), so any node may go on with it and nothing is kept for strangers.
//
// All types are safe for concurrent use and have nothing to close. Guesses are bounded by Limits; whoever guesses cannot tell a wrong
// name from a wrong password, neither by the answer nor by the time that it takes.
package staff
