// Package identity names people without accounts.
//
// A browser keeps a P-256 key that cannot be taken out of it and signs its request for a session with it ([Verify]). The key's keyed
// hash is the person's id ([Names.User]): a pseudonym that the same browser profile gets again and again, and that says nothing about
// the key to who has no secret of this server.
//
// Networks get names in the same way ([Names.Network]): addresses of people are never written down. A ban of a network is found by the
// names of all networks that an address lies in ([Names.Covering]).
//
// Safe for concurrent use.
package identity
