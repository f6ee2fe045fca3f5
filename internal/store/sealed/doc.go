// Package sealed keeps what reports hand over encrypted in the database: the reporter's words, and the body and details of each piece of
// evidence (texts, pictures, recordings with their keys). Who steals the database, or a backup of it, reads none of it without the key, which
// is in the configuration and not in the data directory.
//
//	sealed bytes:  00 "pse" '1' | n | key id (n bytes) | nonce (12) | AES-256-GCM
//	sealed text:   "sealed:1:" base64url of n | key id | nonce | AES-256-GCM
//	authenticated: "passerby evidence", the report's id, the evidence's id, the field
//
// The first key seals; every key opens, by its id, so that a new one can be put in front. Without keys everything is kept in clear, as it
// was before there were any; what is in clear already stays so and is read. What was sealed under a key that is not here is answered
// with a sentence that says so in place of the content; it is not lost, and opens once the key is back.
//
// A [Store] is as safe for concurrent use as the one inside, and closes that.
package sealed
