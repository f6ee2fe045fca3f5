// Package caller finds out which network a request came from, so that limits hit who sent it and not the proxy that passed it on.
//
//	203.0.113.7 ──▶ proxy 10.0.0.2 ──▶ proxy 127.0.0.1 ──▶ server      trusted: 10.0.0.0/8, 127.0.0.0/8
//	X-Forwarded-For: made up, 203.0.113.7, 10.0.0.2                    → 203.0.113.7
//
// A client can write into X-Forwarded-For what it likes, and each proxy adds the address that it was called from on the right.
// So the list is read from the right, for as long as the one who wrote an entry is trusted. The first address that is not is the client's.
//
// Proxies are a plain value: safe for concurrent use, nothing to close.
package caller
