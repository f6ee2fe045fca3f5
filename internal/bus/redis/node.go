package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"

	"passerby/internal/bus"
	"passerby/internal/bus/internal/post"
)

// patience is how long Redis may take to confirm a subscription.
const patience = 4 * time.Second

// Config says how a node joins. The zero value of the optional fields means the default that the comment names.
type Config struct {
	Client goredis.UniversalClient
	Name   string      // of the node; no other live node has it
	Handle bus.Handler // of what comes in

	Queue      int                   // bytes that may wait for Redis (8 MiB)
	Quiet      time.Duration         // after this long without a word from Redis it is asked for one; as long again, and the subscription is made anew (2 s)
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil: nobody collects the metrics
}

// Node is one node on the bus. Make it with Join.
type Node struct {
	cfg     Config
	log     *slog.Logger
	metrics *post.Metrics
	ctx     context.Context // over when the node is closed
	cancel  context.CancelFunc
	*post.Sender
	inbox *post.Receiver // owned by the receiving goroutine

	listening sync.WaitGroup

	mu     sync.Mutex // guards pubsub
	pubsub *goredis.PubSub
}

var _ bus.Node = (*Node)(nil)

// Join subscribes to the node's channel; it returns when Redis has confirmed that.
func Join(ctx context.Context, cfg Config) (*Node, error) {
	if cfg.Client == nil || cfg.Name == "" || cfg.Handle == nil {
		return nil, errors.New("join bus: Client, Name and Handle are needed")
	}
	if cfg.Queue == 0 {
		cfg.Queue = post.DefaultQueue
	}
	if cfg.Quiet == 0 {
		cfg.Quiet = 2 * time.Second
	}
	n := &Node{cfg: cfg, log: cfg.Logger, metrics: post.NewMetrics(cfg.Registerer)}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	n.inbox = post.NewReceiver(cfg.Handle, n.log, n.metrics)
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if err := n.subscribe(ctx); err != nil {
		n.cancel()
		return nil, fmt.Errorf("join bus: %w", err)
	}
	n.listening.Go(n.listen)
	n.Sender = post.NewSender(cfg.Queue, n.log, n.metrics, n.publish)
	return n, nil
}

func channel(node string) string { return "passerby:bus:" + node }

// publish hands envelopes to Redis.
func (n *Node) publish(ctx context.Context, envelopes []post.Envelope) error {
	_, err := n.cfg.Client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, e := range envelopes {
			p.SPublish(ctx, channel(e.Node), e.Data)
		}
		return nil
	})
	return err
}

// Close leaves the bus, after what waits has been sent or Redis has failed to take it in time. It must not be called
// from inside the handler.
func (n *Node) Close() error {
	n.Sender.Close()
	n.cancel()
	n.hold(nil)
	n.listening.Wait()
	return nil
}
