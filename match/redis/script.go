package redis

import (
	_ "embed"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/commit.lua
var commitSource string

//go:embed lua/seek.lua
var seekSource string

var commitScript, seekScript = redis.NewScript(commitSource), redis.NewScript(seekSource)

// mostWords is how many words a command of commit.lua may have: they pass through Lua's stack.
const mostWords = 1000

// commands are what commit.lua carries out.
type commands []any

// add adds a command.
func (c *commands) add(words ...any) { *c = append(append(*c, len(words)), words...) }

// each adds a command with arguments in groups of so many that belong together: none, one command, or several.
func (c *commands) each(group int, name, key string, args []any) {
	for len(args) > 0 {
		n := min(len(args), mostWords/group*group)
		*c = append(append(*c, n+2, name, key), args[:n]...)
		args = args[n:]
	}
}
