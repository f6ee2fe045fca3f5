// Package redis is the bus between processes: sharded Pub/Sub of Redis 7 or newer, one channel per node.
//
//	session ──Send──▶ queue ──SPUBLISH passerby:bus:b {sender, number, letter, letter, …}──▶ Redis ──▶ node b ──▶ Handler
//
// Envelopes and their numbers are those of internal/post: one that the client library sent again after a broken
// connection is dropped. Redis may be one server, one behind Sentinel, or a Cluster, where a channel lives on the master
// that owns its slot.
//
// A Node is safe for concurrent use. Who joined closes it; the Redis client stays open. When Redis is slow or gone,
// letters wait up to Config.Queue bytes; beyond that Send fails with bus.ErrFull. The letters of a batch that Redis
// did not take in time are lost and counted. The subscription is made anew whenever it breaks, is silent for too
// long, or Redis moves the channel elsewhere.
package redis
