// Package evidence checks what reports offer as proof. It knows no database and no network: values in, values out.
//
//	Text     a message, proven by message franking: the partner committed to it, the server tagged the commitment
//	Open     what a partner was seen and heard sending: the server's own recording, opened with keys that he committed to
//	Picture  what the reporter's browser showed: proves nothing, and is made harmless
//
// What a proof means, and what it does not, stands in docs/security.md. Everything here is safe for concurrent use.
package evidence
