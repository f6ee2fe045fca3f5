// Package console serves the moderators' console: the page at /moderate and its JSON API below /moderate/api.
//
//	request ─▶ same origin? ─▶ session cookie ─▶ may this role? ─▶ staff.Door or moderation.Desk ─▶ JSON
//
// Nothing of it can be used by another origin: what a browser says comes from elsewhere is refused (Sec-Fetch-Site, Origin), the cookie is
// SameSite=Strict and bound to this host, bodies must be JSON, and no answer may be read or framed by another site. An answer is never
// cached. Evidence was made by people who may mean harm: it leaves as JSON text or as a picture under a policy that runs nothing.
//
// The handler is safe for concurrent use and has nothing to close.
package console
