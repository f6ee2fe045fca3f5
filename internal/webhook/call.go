package webhook

import "net/http"

// Client is an HTTP client for an address that an operator has named: it goes there and nowhere else (no redirects, no proxy), and to a
// private address only when that is allowed.
func Client(private bool) *http.Client { return client(private) }
