package store

import "time"

// Retention is how long each kind of thing is kept; zero: for ever.
type Retention struct {
	Chats    time.Duration // after they ended, or began
	Networks time.Duration // keyed hashes of people's networks, after they were seen
	Users    time.Duration // pseudonyms and their blocks, after they were last seen
	Reports  time.Duration // with evidence, after they were decided
	Bans     time.Duration // after they ended
	Appeals  time.Duration // after they were decided
	Notices  time.Duration // warnings, after they were made, seen or not
}

// Purged counts what a purge took away.
type Purged struct {
	Chats, Networks, Users, Blocks, Reports, Bans, Appeals, Notices, ModeratorSessions int
}

// Sum is how many rows all kinds were.
func (p Purged) Sum() int {
	return p.Chats + p.Networks + p.Users + p.Blocks + p.Reports + p.Bans + p.Appeals + p.Notices + p.ModeratorSessions
}
