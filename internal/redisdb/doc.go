// Package redisdb opens the one Redis client that a node uses for all that it shares with other nodes.
//
//	redis://[user:password@]host[:port][/db]               one server
//	redis+sentinel://[user:password@]host[:port],…/NAME    the master NAME, found through Sentinels (port 26379)
//	redis+cluster://[user:password@]host[:port],…          a Cluster, found through any of its nodes
//
// rediss in place of redis speaks TLS. Several hosts after redis:// mean a Cluster as well.
//
// A client is safe for concurrent use; who opened it closes it. When all of its connections are busy, a command
// waits for one, and fails after a second. Passwords never appear in errors.
package redisdb
