package config

import (
	"flag"
	"path/filepath"
	"strings"
	"time"
)

// Retain is how long each kind of thing is kept in the database; zero: for ever.
type Retain struct {
	Chats    time.Duration // who met whom, and when
	Networks time.Duration // keyed hashes of the networks that people came from
	Users    time.Duration // pseudonyms and blocks of people who do not come any more
	Reports  time.Duration // with their evidence, after a moderator decided
	Bans     time.Duration // after they ended
	Appeals  time.Duration // after a moderator decided
	Notices  time.Duration // moderators' warnings, seen or not
}

const day = 24 * time.Hour

var defaultRetain = Retain{Chats: 30 * day, Networks: 14 * day, Users: 180 * day, Reports: 90 * day, Bans: 180 * day, Appeals: 180 * day, Notices: 90 * day}

func (r *Retain) flags(fs *flag.FlagSet) {
	fs.Var(duration{&r.Chats}, "retain-chats", "`time` that is remembered who met whom, and when (never what was said); 0s: for ever")
	fs.Var(duration{&r.Networks}, "retain-networks", "`time` that keyed hashes of people's networks are kept, so that a ban can reach them; 0s: for ever")
	fs.Var(duration{&r.Users}, "retain-users", "`time` that pseudonyms and blocks are kept of people who do not come any more; 0s: for ever")
	fs.Var(duration{&r.Reports}, "retain-reports", "`time` that reports and their evidence are kept after a moderator decided; 0s: for ever")
	fs.Var(duration{&r.Bans}, "retain-bans", "`time` that bans are kept after they ended; 0s: for ever")
	fs.Var(duration{&r.Appeals}, "retain-appeals", "`time` that appeals are kept after a moderator decided; 0s: for ever")
	fs.Var(duration{&r.Notices}, "retain-notices", "`time` that moderators' warnings are kept, whether the person has seen them or not; 0s: for ever")
}

func (r Retain) validate(fault func(string, ...any)) {
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"chats", r.Chats}, {"networks", r.Networks}, {"users", r.Users}, {"reports", r.Reports}, {"bans", r.Bans}, {"appeals", r.Appeals}, {"notices", r.Notices}} {
		if d.d < 0 || d.d > 0 && d.d < time.Hour {
			fault("--retain-%s: %v is out of range: an hour or more, or 0s for ever", d.name, d.d)
		}
	}
}

// Postgres says that Database is a server, not a file.
func (c Config) Postgres() bool {
	return strings.HasPrefix(c.Database, "postgres://") || strings.HasPrefix(c.Database, "postgresql://")
}

// File is the SQLite file, when Database is not a server.
func (c Config) File() string {
	if c.Database != "" {
		return c.Database
	}
	return filepath.Join(c.DataDir, "passerby.db")
}
