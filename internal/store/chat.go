package store

import (
	"context"
	"time"
)

// Chat is what is known of one match: never what was said or seen.
type Chat struct {
	ID       string // of the match
	Mode     string // "video" or "text"
	Started  time.Time
	Ended    time.Time // zero while it runs, and when its end was lost with a node
	Reason   string    // why it ended, in the protocol's words: next, left, lost, blocked, moderated, drain
	Users    [2]string // initiator, responder; empty once the person had himself deleted
	Sessions [2]string // theirs, in the same order: a franking tag names the sender's session
	Tags     []string  // that both had named
}

// Chats are the metadata of matches.
type Chats interface {
	// SaveChats writes several chats at once. One that is there already gets its end, unless it has one: the
	// beginning and the end may come in any order, from both sides, and twice.
	SaveChats(ctx context.Context, chats []Chat) error
	Chat(ctx context.Context, id string) (Chat, error)
	// ChatsOf lists a person's chats, newest first.
	ChatsOf(ctx context.Context, user string, page Page) ([]Chat, error)
}
