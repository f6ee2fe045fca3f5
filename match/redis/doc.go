// Package redis is the match.Queue of many nodes: its state lives in one Redis, and one node at a time decides on it.
//
//	node ── calls of the same moment, in one message ──▶ the node that leads ── what has changed, in one script ──▶ Redis
//	  ▲                                                    (match/internal/queue)        if the version is still      │
//	  └──────────── replies and hints, a channel per node ◀── PUBLISH ── that of the leader ◀────────────────────────┘
//
// Keys, all with the hash tag {NAME} and so in one slot of a Cluster:
//
//	{N}:v       version: the term of a lead, and the number of the last commit in it
//	{N}:lead    the node that leads; runs out without a sign of life
//	{N}:people  HASH session → record (record.go)
//	{N}:blocks, {N}:recents  ZSET who must not meet, by the end of that
//	{N}:taste   HASH page → weights, when the queue learns who talks long with whom (match/taste)
//	{N}:n:node  channel of a node
//
// The node that leads holds the queue in memory and decides there. Each batch of decisions is one commit: a script that
// writes the changes, and passes replies and hints on, only if the version is the one that the leader wrote last. So nothing is
// heard of that does not stand in Redis, and a leader that was thought dead, or whose Redis has lost writes, can change nothing: it
// is refused, reads everything anew, or follows another. No clock and no lease is needed for that; {N}:lead only keeps
// nodes from taking the lead from each other.
//
// Calls of one moment go together. A quiet queue answers the leader's own people after one round trip, others after two;
// a busy one shares the price among many. A call is carried out once in a term, however often its flight
// is sent; across terms an arrival that comes again changes nothing (it has a number), nor does anything else.
//
// Nobody's clock but Redis's counts: the leader learns it from each answer. When the leader dies, any node goes on from
// what stands in Redis: at its next call, or look (4 a second), if Redis sees that nobody listens there any more, else
// after 2 s. Other nodes hold nothing: their people's leases run out, or they come back elsewhere.
//
// What a Redis can lose: with asynchronous replication a failover forgets its last writes. The queue then is
// as it was a moment before, whole; Renew tells each session what is true now, and a session that is absent arrives again.
// Redis must not evict keys (maxmemory-policy noeviction).
//
// Safe for concurrent use? Yes. Who closes? Run ends with its context, and hands the lead over; the client belongs to who made
// it. What happens when full? Arrive answers match.ErrFull at Config.Capacity; calls wait in the node while a batch is
// under way, for as long as their contexts allow; flights of other nodes beyond 1,024 are dropped and come again. Hints
// are lost while Redis is away, or beyond 65,536 that wait for Notify.
package redis
