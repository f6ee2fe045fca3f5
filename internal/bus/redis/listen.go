package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = time.Second
)

var (
	errMoved  = errors.New("redis moved the channel")
	errSilent = errors.New("redis is silent")
)

// subscribe makes a new subscription and waits until Redis confirms it.
func (n *Node) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ps := n.cfg.Client.SSubscribe(ctx, channel(n.cfg.Name))
	if !n.hold(ps) {
		return n.ctx.Err()
	}
	switch m, err := ps.ReceiveTimeout(ctx, patience); m := m.(type) {
	case *goredis.Subscription:
		return nil
	default:
		n.hold(nil)
		if err == nil {
			err = fmt.Errorf("redis answered with %T", m)
		}
		return fmt.Errorf("subscribe: %w", err)
	}
}

// hold replaces the subscription in use and closes the one before; false, and closed, when the node is.
func (n *Node) hold(ps *goredis.PubSub) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.pubsub != nil {
		_ = n.pubsub.Close() // nothing is left to be lost
	}
	n.pubsub = ps
	if ps != nil && n.ctx.Err() != nil {
		_ = ps.Close()
		n.pubsub = nil
	}
	return n.pubsub != nil
}

// listen receives, and subscribes again when that breaks, until the node is closed.
func (n *Node) listen() {
	for {
		err := n.receive()
		if n.ctx.Err() != nil {
			return
		}
		n.log.Warn("subscription to messages of other nodes broke", "error", err)
		n.metrics.Broken.Inc()
		if !n.resubscribe() {
			return
		}
		n.log.Info("subscribed again to messages of other nodes")
	}
}

func (n *Node) resubscribe() bool {
	for wait := firstRetry; n.ctx.Err() == nil; wait = min(2*wait, lastRetry) {
		if c, ok := n.cfg.Client.(*goredis.ClusterClient); ok {
			c.ReloadState(n.ctx)
		}
		if n.subscribe(n.ctx) == nil {
			return true
		}
		select {
		case <-n.ctx.Done():
		case <-time.After(wait):
		}
	}
	return false
}

// receive hands on what comes until the subscription breaks.
func (n *Node) receive() error {
	n.mu.Lock()
	ps := n.pubsub
	n.mu.Unlock()
	if ps == nil {
		return n.ctx.Err()
	}
	for asked := false; ; {
		m, err := ps.ReceiveTimeout(n.ctx, n.cfg.Quiet)
		if timeout := (net.Error)(nil); errors.As(err, &timeout) && timeout.Timeout() {
			if asked {
				return errSilent
			}
			asked, err = true, ps.Ping(n.ctx)
		} else {
			asked = false
		}
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *goredis.Message:
			n.inbox.Open([]byte(m.Payload))
		case *goredis.Subscription: // not asked for: the library connected anew, or Redis ended it
			if m.Kind == "sunsubscribe" {
				return errMoved
			}
		}
	}
}
