package redis

import (
	"embed"
	"fmt"
	"regexp"
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

// newScript puts the files of lua/ together with what they know of the configuration.
func newScript(c Config) *redis.Script { return redis.NewScript(source(c)) }

// constants are names in capitals and what stands for them: a number or a string as Lua writes it. Lua itself has
// none: each would be a variable to be captured by every function that names it, in every run, and looked up at every use.
type constants map[string]string

var (
	constantName = regexp.MustCompile(`'[^'\n]*'|--[^\n]*|\b[A-Z][A-Z_]+\b`)
	constantLine = regexp.MustCompile(`(?m)^local ([A-Z][A-Z_, ]+) = (.*?)(?: --.*)?$`)
)

// define takes lines like "local ONE, TWO = 1, 2" out of a text.
func (c constants) define(lua string) string {
	return constantLine.ReplaceAllStringFunc(lua, func(line string) string {
		parts := constantLine.FindStringSubmatch(line)
		values := strings.Split(parts[2], ", ")
		for i, name := range strings.Split(parts[1], ", ") {
			c[name] = c.fill(values[i])
		}
		return ""
	})
}

// fill puts the values in their places, but for those in comments and strings.
func (c constants) fill(lua string) string {
	return constantName.ReplaceAllStringFunc(lua, func(name string) string {
		if value, known := c[name]; known {
			return value
		}
		return name
	})
}

func source(c Config) string {
	root := "{" + c.Name + "}:"
	known := constants{}
	for name, key := range map[string]string{
		"SESSIONS": "s", "USERS": "u", "PAIRS": "p", "DUE": "d", "LEASES": "dl", "CONFIRMS": "dc", "HELD": "h", "LINE": "w:", "LISTS": "l:", "FILLED": "f:", "SCOPES": "fs:",
		"BONDS": "b:", "BONDLOG": "bl:", "RATES": "r:", "HINTS": "n:", "SEQUENCE": "q", "ROUND": "t",
	} {
		known[name] = fmt.Sprintf("'%s'", root+key)
	}
	for name, n := range map[string]int64{
		"PATIENCE": c.Grace.Milliseconds(), "REMATCH": c.Rematch.Milliseconds(), "LEASE_TIME": c.Lease.Milliseconds(), "CONFIRM": c.Confirm.Milliseconds(),
		"RECENT_FOR": c.RecentFor.Milliseconds(), "BLOCK_FOR": c.BlockFor.Milliseconds(), "RECENTS": int64(c.Recents), "BLOCKS": int64(c.Blocks),
		"BONDS_OVERALL": int64(c.Memory), "CAPACITY": int64(c.Capacity), "BESIDE": besideEntries, "SWEPT": sweptEntries,
		"SLOT": rateSlot.Milliseconds(), "SLOTS": rateSlots, "FEWEST": rateLeast,
	} {
		known[name] = fmt.Sprint(n)
	}
	var b strings.Builder
	b.WriteString("local modes = {")
	for _, m := range match.Modes {
		fmt.Fprintf(&b, "'%s', ", m)
	}
	b.WriteString("}\nlocal accepting = {")
	for _, mask := range class.Accepting {
		fmt.Fprintf(&b, "%d, ", mask)
	}
	b.WriteString("} -- class + 1 → classes that it and that accept each other\n")
	files, _ := sources.ReadDir("lua") // sorted: the numbers give the order; embedded, so it cannot fail
	for _, f := range files {
		text, _ := sources.ReadFile("lua/" + f.Name())
		b.WriteString(known.fill(known.define(string(text))))
	}
	return b.String()
}
