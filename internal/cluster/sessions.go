package cluster

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Errors of Sessions.
var (
	// ErrElsewhere says that another node has taken the session over.
	ErrElsewhere = errors.New("the session is on another node")
	// ErrForeign says that the session belongs to another user.
	ErrForeign = errors.New("the session is another user's")
	// ErrNone says that no session of that name is known, or none that the secret opens.
	ErrNone = errors.New("no such session")
)

var (
	//go:embed lua/take.lua
	takeSource string
	//go:embed lua/save.lua
	saveSource string
	//go:embed lua/drop.lua
	dropSource string

	takeScript = redis.NewScript(takeSource)
	saveScript = redis.NewScript(saveSource)
	dropScript = redis.NewScript(dropSource)
)

// Record is a session as its node saved it last.
type Record struct {
	User    string
	Epoch   uint64    // grows with each node that takes it
	Digests [2]string // of the secrets that open it, "" for none
	State   []byte    // opaque
}

// Taken is a session that was taken over.
type Taken struct {
	Record
	Live bool   // the secret that was shown opens it
	From string // the node that had it
}

// Sessions is one node's view of all sessions.
type Sessions struct {
	client redis.UniversalClient
	node   string
}

// NewSessions makes the view of a node, under the name by which others send to it.
func NewSessions(client redis.UniversalClient, node string) *Sessions {
	return &Sessions{client: client, node: node}
}

func sessionKey(session string) string { return "passerby:session:" + session }

// Take makes this node the owner of a session, keeps it for ttl at least, and answers what was saved last. digest is
// that of the secret that was shown; with only set, a session that it does not open stays where it is, with ErrNone.
func (s *Sessions) Take(ctx context.Context, session, user, digest string, only bool, ttl time.Duration) (Taken, error) {
	flag := "0"
	if only {
		flag = "1"
	}
	answer, err := takeScript.Run(ctx, s.client, []string{sessionKey(session)}, user, digest, s.node, flag, ttl.Milliseconds()).Slice()
	if err != nil {
		return Taken{}, fmt.Errorf("take session: %w", err)
	}
	text := func(i int) string { v, _ := answer[i].(string); return v }
	switch len(answer) {
	case 1:
		if text(0) == "foreign" {
			return Taken{}, ErrForeign
		}
		return Taken{}, ErrNone
	case 6:
		epoch, _ := answer[2].(int64)
		return Taken{
			Record: Record{User: user, Epoch: uint64(epoch), Digests: [2]string{text(3), text(4)}, State: []byte(text(5))},
			Live:   text(0) == "live", From: text(1),
		}, nil
	}
	return Taken{}, errors.New("take session: redis gave an answer of another version")
}

// Save writes a session of this node down for a time. ErrElsewhere when the node does not own it any more.
func (s *Sessions) Save(ctx context.Context, session string, r Record, ttl time.Duration) error {
	saved, err := saveScript.Run(ctx, s.client, []string{sessionKey(session)},
		r.User, s.node, r.Epoch, r.Digests[0], r.Digests[1], r.State, ttl.Milliseconds()).Bool()
	switch {
	case err != nil:
		return fmt.Errorf("save session: %w", err)
	case !saved:
		return ErrElsewhere
	}
	return nil
}

// Drop forgets a session that this node owns; any other stays.
func (s *Sessions) Drop(ctx context.Context, session string, epoch uint64) error {
	if err := dropScript.Run(ctx, s.client, []string{sessionKey(session)}, s.node, epoch).Err(); err != nil {
		return fmt.Errorf("drop session: %w", err)
	}
	return nil
}

// Where answers the node that owns a session, ErrNone when nobody does.
func (s *Sessions) Where(ctx context.Context, session string) (string, error) {
	node, err := s.client.HGet(ctx, sessionKey(session), "node").Result()
	switch {
	case errors.Is(err, redis.Nil):
		return "", ErrNone
	case err != nil:
		return "", fmt.Errorf("find session: %w", err)
	}
	return node, nil
}
