package redis

import "time"

// soundFor is how long a sample of Redis's clock is better than a worse one that is newer.
const soundFor = 10 * time.Second

// clock is Redis's, as a node knows it from its answers: right within half of the quickest round trip.
type clock struct {
	at     time.Time // here, of the sample …
	redis  time.Time // … and there
	around time.Duration
}

// sample takes in the time that an answer to a call of that moment told.
func (c *clock) sample(sent time.Time, redis time.Time) {
	around := time.Since(sent)
	if c.at.IsZero() || around <= c.around || time.Since(c.at) > soundFor {
		c.at, c.redis, c.around = sent.Add(around/2), redis, around
	}
}

// now goes by this machine's monotonic clock from the sample on.
func (c *clock) now() time.Time { return c.redis.Add(time.Since(c.at)) }
