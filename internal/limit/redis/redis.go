// Package redis holds limits that all nodes share: "skips per user" whichever node he comes to.
//
//	Allow(ctx, "ada") → true, or false and how long to wait
//
// It is the generic cell rate algorithm: one number a name, the time at which its bucket will be full again, by
// Redis's clock; it expires then. A Limit is safe for concurrent use and has nothing to close. Nothing fills up but
// Redis, by one small key for each name that was seen lately.
package redis

import (
	"context"
	_ "embed" // the script
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed allow.lua
var allowSource string

var allowScript = redis.NewScript(allowSource)

// Limit is one kind of event, limited for each name.
type Limit struct {
	client   redis.UniversalClient
	kind     string
	interval time.Duration
	burst    int
}

// New makes a Limit that allows perSecond events a second and bursts of burst for each name. Limits of one kind share
// their buckets on all nodes.
func New(client redis.UniversalClient, kind string, perSecond float64, burst int) *Limit {
	return &Limit{client: client, kind: kind, interval: time.Duration(float64(time.Second) / perSecond), burst: burst}
}

// Allow takes one event of the name. When it is one too many it returns false and when to try again.
func (l *Limit) Allow(ctx context.Context, name string) (bool, time.Duration, error) {
	answer, err := allowScript.Run(ctx, l.client, []string{"passerby:limit:" + l.kind + ":" + name}, l.interval.Microseconds(), l.burst).Int64Slice()
	if err == nil && len(answer) != 2 {
		err = errors.New("redis gave an answer of another version")
	}
	if err != nil {
		return false, 0, fmt.Errorf("limit %s: %w", l.kind, err)
	}
	return answer[0] == 1, time.Duration(answer[1]) * time.Microsecond, nil
}
