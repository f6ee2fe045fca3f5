// Package webhook is a sink of events: requests that are signed in the manner of Standard Webhooks (standardwebhooks.com).
//
//	Deliver ─▶ POST url   webhook-id: …            the same on every try
//	                      webhook-timestamp: …     seconds, of this try
//	                      webhook-signature: v1,base64(HMAC-SHA-256(secret, id.timestamp.body))
//	                      {"id": …, "type": …, "timestamp": …, "data": {…}}
//
// Any 2xx answer ends it; else [Waits] says when it is tried again, each up to a quarter later: 5 s, 30 s, 2 min, 10 min, 1 h, 4 h and
// 12 h. 410 is not tried again. What waits is in the outbox (internal/events), so that no end of a process loses it.
//
// The URL is the operator's, but what it leads to may be somebody else's: redirects are not followed, and addresses that are not public (RFC
// 6890) are refused when they are dialled, so that a name that changes its mind (DNS rebinding) leads nowhere; AllowPrivate opens them.
//
// Sender is safe for concurrent use.
package webhook
