package redis

import (
	"fmt"
	"log/slog"
	"regexp"

	"passerby/match"
)

// Config is what a Queue is built from. All nodes of one queue use the same, but for Notify and Logger.
type Config struct {
	match.Config // Now: nil (best) means the clock of Redis

	Name   string       // of the queue: nodes with the same name share it; default "passerby"
	Logger *slog.Logger // of sweeps that fail; nil: none
}

var nameForm = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

func (c Config) withDefaults() (Config, error) {
	if c.Name == "" {
		c.Name = "passerby"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if !nameForm.MatchString(c.Name) {
		return c, fmt.Errorf("match configuration: Name %q: use a-z, 0-9 and -", c.Name)
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	now := c.Now
	c.Config = c.Config.WithDefaults()
	c.Now = now
	return c, nil
}
