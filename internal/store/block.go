package store

import (
	"context"
	"time"
)

// BlocksPerUser is how many people one may block; the oldest block makes room for a new one.
const BlocksPerUser = 500

// Block keeps two people apart.
type Block struct {
	User, Other string // who blocked, and whom
	At          time.Time
}

// Blocks are who never meets again.
type Blocks interface {
	// SaveBlock keeps a block. Blocking twice changes nothing.
	SaveBlock(ctx context.Context, b Block) error
	// BlocksOf lists the blocks that a user is in, on either side, newest first, at most twice BlocksPerUser.
	BlocksOf(ctx context.Context, user string) ([]Block, error)
}
