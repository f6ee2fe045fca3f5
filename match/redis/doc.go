// Package redis is the match.Queue of many nodes: its state lives in one Redis, every call is one atomic script.
//
//	node ── calls of the same moment, in one batch ──▶ script ──▶ people, pairs, lists (one slot)
//	  ▲                                                  │
//	  └───────── hints, a channel per node ◀── PUBLISH ──┘      any node's Run sweeps what is due
//
// Keys, all with the hash tag {NAME} and so in one slot of a Cluster (lua/ says more):
//
//	{N}:s  HASH session → person, packed        {N}:l:mode:class:bucket  ZSET who waits there, by place
//	{N}:u  HASH user → side of his session      {N}:f:mode, {N}:fs:mode  HASH bucket → classes that have a list (tags; scopes)
//	{N}:p  number of pairs                      {N}:w:mode  ZSET who waits, by place
//	{N}:d  ZSET what is due, by time            {N}:dl, {N}:dc  LIST leases of newcomers, confirmations: due in their order
//	{N}:h  ZSET who is to be tried again by a sweep
//	{N}:b:user  ZSET blocks, recent partners    {N}:bl:b, {N}:bl:r  ZSET all of them, by their end
//	{N}:r:mode  HASH slot of time → people      {N}:n:node  channel of hints
//	{N}:q  number of the last arrival           {N}:t       when the last round of sweeping was
//
// Calls of one moment go together: a quiet queue answers after one round trip, a busy one shares the price of a run among
// up to 128 calls, heartbeats of a whole node included. So match.Queue needs no batch form of Renew.
//
// Nobody's clock but Redis's counts. A node holds no state: when it dies, its people's leases run out and any
// other node's sweep lets them go; when they come back to another node before that, their next call moves the hints there.
//
// What a Redis can lose: with asynchronous replication a failover forgets its last writes. The queue then is
// as it was a moment before, whole; Renew tells each session what is true now, and a session that is absent arrives again.
// Redis must not evict keys (maxmemory-policy noeviction).
//
// Safe for concurrent use? Yes. Who closes? Run ends with its context; the client belongs to who made it.
// What happens when full? Arrive answers match.ErrFull at Config.Capacity; calls wait in the node while a batch is
// under way, for as long as their contexts allow. Hints are lost while Redis is away.
package redis
