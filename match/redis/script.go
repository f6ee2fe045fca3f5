package redis

import (
	"embed"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/match"
	"passerby/match/internal/class"
)

//go:embed lua/*.lua
var sources embed.FS

// Bounds of the work in one run of the script, so that nobody waits long for it.
const (
	besideEntries = 16  // due entries handled beside the calls of a batch
	sweptEntries  = 128 // due or held entries handled by one sweep
)

// Of the estimate: paired people are counted in slots of time.
const (
	rateSlot  = 15 * time.Second
	rateSlots = 8
	rateLeast = 4 // people, below which a rate would be a guess
)

// newScript puts the files of lua/ behind what they know of the configuration, as constants: cheaper than arguments.
func newScript(c Config) *redis.Script { return redis.NewScript(source(c)) }

func source(c Config) string {
	root := "{" + c.Name + "}:"
	var b strings.Builder
	for _, k := range []struct{ name, key string }{
		{"SESSIONS", "s"}, {"USERS", "u"}, {"PAIRS", "p"}, {"DUE", "d"}, {"LEASES", "dl"}, {"CONFIRMS", "dc"}, {"HELD", "h"}, {"LINE", "w:"}, {"LISTS", "l:"}, {"FILLED", "f:"}, {"SCOPES", "fs:"},
		{"BONDS", "b:"}, {"BONDLOG", "bl:"}, {"RATES", "r:"}, {"HINTS", "n:"}, {"SEQUENCE", "q"}, {"ROUND", "t"},
	} {
		fmt.Fprintf(&b, "local %s = %q\n", k.name, root+k.key)
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"PATIENCE", c.Grace.Milliseconds()}, {"REMATCH", c.Rematch.Milliseconds()}, {"LEASE_TIME", c.Lease.Milliseconds()}, {"CONFIRM", c.Confirm.Milliseconds()},
		{"RECENT_FOR", c.RecentFor.Milliseconds()}, {"BLOCK_FOR", c.BlockFor.Milliseconds()}, {"RECENTS", int64(c.Recents)}, {"BLOCKS", int64(c.Blocks)},
		{"BONDS_OVERALL", int64(c.Memory)}, {"CAPACITY", int64(c.Capacity)}, {"BESIDE", besideEntries}, {"SWEPT", sweptEntries},
		{"SLOT", rateSlot.Milliseconds()}, {"SLOTS", rateSlots}, {"FEWEST", rateLeast},
	} {
		fmt.Fprintf(&b, "local %s = %d\n", n.name, n.value)
	}
	modes := make([]string, len(match.Modes))
	for i, m := range match.Modes {
		modes[i] = fmt.Sprintf("%q", m)
	}
	fmt.Fprintf(&b, "local MODES = {%s}\n", strings.Join(modes, ", "))
	fmt.Fprintf(&b, "local ACCEPTING = {%s} -- class + 1 → classes that it and that accept each other\n", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(class.Accepting)), ", "), "[]"))
	files, _ := sources.ReadDir("lua") // sorted: the numbers give the order; embedded, so it cannot fail
	for _, f := range files {
		text, _ := sources.ReadFile("lua/" + f.Name())
		b.Write(text)
	}
	return b.String()
}
