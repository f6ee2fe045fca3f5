// Package store says what Passerby keeps on disk, and how it is asked for. The chats themselves need none of it: a node whose database
// is away goes on, and what it cannot write it buffers, then counts as dropped.
//
//	internal/store           the types and the Store interface (this package; no database)
//	internal/store/sqldb     one implementation in SQL that SQLite and PostgreSQL share
//	internal/store/sqlite    opens a file: the embedded default
//	internal/store/postgres  opens a server, with a pool
//	internal/store/storetest what both must do
//
// Never kept: content of chats (but for what a report hands over), keys of chats, addresses of people. A person is a [User]: a pseudonym
// made from his device key. Where an address matters, for bans, only a keyed hash of its network is kept (internal/identity).
//
// Times are kept in whole milliseconds, and come back in UTC. A zero time is "never" or "not yet". All of a Store is safe for concurrent
// use; whoever opened it closes it. Every call takes as long as its context allows, and 5 s at most.
package store
