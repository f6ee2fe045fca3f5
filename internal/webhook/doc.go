// Package webhook tells outside systems what happened, by signed requests in the manner of Standard Webhooks (standardwebhooks.com).
//
//	Send(type, data) ─▶ queue, bounded ─▶ POST url   webhook-id: msg_…          the same on every try
//	                        ▲   │                    webhook-timestamp: seconds  of this try
//	                        └───┘ again, later       webhook-signature: v1,base64(HMAC-SHA-256(secret, id.timestamp.body))
//	                                                 {"type": …, "timestamp": …, "data": {…}}
//
// Any 2xx answer ends it; else it is tried again after 5 s, 30 s, 2 min, 10 min, 1 h, 4 h and 12 h, each up to a quarter longer. 410 is not
// tried again. An event may come twice and in another order: receivers go by webhook-id. The queue lives in memory: what waits when
// the process ends is lost, and counted; a full queue drops what is new, and counts it.
//
// The URL is the operator's, but what it leads to may be somebody else's: redirects are not followed, and addresses that are not public (RFC
// 6890) are refused when they are dialled, so that a name that changes its mind (DNS rebinding) leads nowhere; AllowPrivate opens them.
//
// Sender is safe for concurrent use; Send never waits; Run works until its context ends.
package webhook
