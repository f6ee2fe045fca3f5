package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"passerby/internal/bus"
	busrabbit "passerby/internal/bus/rabbit"
	busredis "passerby/internal/bus/redis"
	"passerby/internal/cluster"
	"passerby/signaling"
)

// pairLease is how long the queue keeps a pair of which one side is not heard of: the time in which that side may
// resume on another node, and two heartbeats.
const pairLease = 40 * time.Second

// newAddress names this life of a node: whoever sends to the one before reaches nobody.
func newAddress(node string) string { return node + "." + strings.ToLower(rand.Text()[:6]) }

// joinBus lets the node hear the others. What comes reaches the hub, which is made from the bus: it goes through s.
// Messages come in only for sessions that the hub holds, so none comes before there is a hub.
func (s *Server) joinBus() (node bus.Node, err error) {
	handle := func(session string, data []byte) { s.hub.Receive(session, data) }
	if s.redis == nil {
		return s.memory.Join(s.address, handle)
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	if s.cfg.Bus != "" {
		return busrabbit.Join(ctx, busrabbit.Config{URL: s.cfg.Bus, Name: s.address, Handle: handle, Logger: s.log, Registerer: s.registry})
	}
	return busredis.Join(ctx, busredis.Config{Client: s.redis, Name: s.address, Handle: handle, Logger: s.log, Registerer: s.registry})
}

// reachBus joins a RabbitMQ and leaves again.
func reachBus(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	node, err := busrabbit.Join(ctx, busrabbit.Config{URL: url, Name: newAddress("doctor"), Handle: func(string, []byte) {}})
	if err != nil {
		return err
	}
	return node.Close()
}

// joinCluster lets the node share its sessions with the others, if there may be any.
func (s *Server) joinCluster() (signaling.Store, error) {
	if s.redis == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	at, err := s.linkAddress()
	if err != nil {
		return nil, err
	}
	s.members = cluster.NewMembers(cluster.MembersConfig{
		Client: s.redis, Node: s.address, Key: s.keys.Fingerprint(), Logger: s.log,
		Counts: func() cluster.Counts {
			if s.hub == nil { // joining
				return cluster.Counts{}
			}
			return cluster.Counts{Sessions: s.hub.Stats().Sessions}
		},
		Gone: func(node string) { s.hub.NodeGone(node) },
		Link: at, Links: func(addrs map[string]string) {
			s.neighbours.learn(addrs)
			s.sfu.Nodes(addrs)
		},
	})
	err = s.members.Join(ctx)
	if errors.Is(err, cluster.ErrKey) {
		err = fmt.Errorf("another node at this Redis has another root.key, so neither would know the other's users: copy root.key from its data-dir to %s", s.cfg.DataDir)
	}
	return sessionStore{cluster.NewSessions(s.redis, s.address)}, err
}

// sessionStore is the hub's view of the sessions of all nodes.
type sessionStore struct{ s *cluster.Sessions }

var _ signaling.Store = sessionStore{}

func (a sessionStore) Take(ctx context.Context, session, user, digest string, only bool, ttl time.Duration) (signaling.Taken, error) {
	t, err := a.s.Take(ctx, session, user, digest, only, ttl)
	return signaling.Taken{Saved: signaling.Saved(t.Record), Live: t.Live, From: t.From}, storeError(err)
}

func (a sessionStore) Save(ctx context.Context, session string, s signaling.Saved, ttl time.Duration) error {
	return storeError(a.s.Save(ctx, session, cluster.Record(s), ttl))
}

func (a sessionStore) Drop(ctx context.Context, session string, epoch uint64) error {
	return a.s.Drop(ctx, session, epoch)
}

func (a sessionStore) Where(ctx context.Context, session string) (string, error) {
	node, err := a.s.Where(ctx, session)
	return node, storeError(err)
}

func storeError(err error) error {
	for ours, theirs := range map[error]error{
		cluster.ErrNone: signaling.ErrNoSession, cluster.ErrForeign: signaling.ErrForeign, cluster.ErrElsewhere: signaling.ErrElsewhere,
	} {
		if errors.Is(err, ours) {
			return fmt.Errorf("%w: %w", theirs, err)
		}
	}
	return err
}
