// Package redis remembers names for a while for all nodes: which puzzles were solved, which networks and users are suspected.
//
// It is safe for concurrent use and has nothing to close. Nothing fills up but Redis, by one small key for each name until it expires.
package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Memory is a proof.Memory.
type Memory struct{ client redis.UniversalClient }

// New makes a Memory that all nodes of this Redis share.
func New(client redis.UniversalClient) *Memory { return &Memory{client} }

const prefix = "passerby:proof:"

// Remember says whether a name is new.
func (m *Memory) Remember(ctx context.Context, name string, until time.Time) (bool, error) {
	ttl := max(time.Until(until), time.Millisecond)
	fresh, err := m.client.SetNX(ctx, prefix+name, 1, ttl).Result()
	if err == nil && !fresh {
		err = m.client.ExpireGT(ctx, prefix+name, ttl).Err()
	}
	if err != nil {
		return false, fmt.Errorf("remember: %w", err)
	}
	return fresh, nil
}

// Known says whether a name is remembered.
func (m *Memory) Known(ctx context.Context, name string) (bool, error) {
	n, err := m.client.Exists(ctx, prefix+name).Result()
	if err != nil {
		return false, fmt.Errorf("known: %w", err)
	}
	return n > 0, nil
}

// Forget drops a name.
func (m *Memory) Forget(ctx context.Context, name string) error {
	if err := m.client.Del(ctx, prefix+name).Err(); err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	return nil
}
