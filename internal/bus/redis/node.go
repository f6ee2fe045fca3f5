package redis

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"

	"passerby/internal/bus"
)

const (
	maxLetter = 1 << 20         // bytes of data in one Send
	maxBatch  = 1 << 20         // bytes that travel at once
	patience  = 4 * time.Second // for Redis to take one batch
)

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
	metrics *metrics
	name    sender
	outbox  *outbox
	ctx     context.Context // over when the node is closed
	cancel  context.CancelFunc
	seen    seen // owned by the receiving goroutine

	publishing, listening sync.WaitGroup

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
		cfg.Queue = 8 << 20
	}
	if cfg.Quiet == 0 {
		cfg.Quiet = 2 * time.Second
	}
	n := &Node{cfg: cfg, log: cfg.Logger, metrics: newMetrics(cfg.Registerer), outbox: newOutbox(cfg.Queue), seen: seen{}}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	_, _ = rand.Read(n.name[:])
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if err := n.subscribe(ctx); err != nil {
		n.cancel()
		return nil, fmt.Errorf("join bus: %w", err)
	}
	n.listening.Go(n.listen)
	n.publishing.Go(n.publish)
	return n, nil
}

func channel(node string) string { return "passerby:bus:" + node }

// Send queues data for a session of a node. It never waits for Redis.
func (n *Node) Send(ctx context.Context, node, session string, data []byte) error {
	err := ctx.Err()
	switch {
	case err != nil:
	case len(data) > maxLetter:
		err = fmt.Errorf("%d bytes are more than %d", len(data), maxLetter)
	default:
		err = n.outbox.put(letter{node, session, bytes.Clone(data)})
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, bus.ErrFull) {
		n.metrics.lost.WithLabelValues("full").Inc()
	}
	return fmt.Errorf("send to node %q: %w", node, err)
}

// publish hands what waits to Redis, one batch after the other.
func (n *Node) publish() {
	numbers := map[string]uint64{} // of the last envelope, by node
	failing := false
	for batch := n.outbox.take(maxBatch); batch != nil; batch = n.outbox.take(maxBatch) {
		err := n.flush(batch, numbers)
		if err != nil {
			n.metrics.lost.WithLabelValues("redis").Add(float64(len(batch)))
			if n.outbox.isClosed() {
				return // what else waits is lost with it
			}
		}
		if n.ctx.Err() == nil && (err != nil) != failing {
			failing = err != nil
			n.log.Warn("messages to other nodes", "lost", failing, "error", err)
		}
	}
}

func (n *Node) flush(batch []letter, numbers map[string]uint64) error {
	ctx, cancel := context.WithTimeout(n.ctx, patience)
	defer cancel()
	envelopes, order := map[string][]byte{}, []string{}
	for _, l := range batch {
		if envelopes[l.node] == nil {
			numbers[l.node]++
			order = append(order, l.node)
			envelopes[l.node] = appendHead(nil, n.name, numbers[l.node])
		}
		envelopes[l.node] = appendLetter(envelopes[l.node], l.session, l.data)
	}
	_, err := n.cfg.Client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, node := range order {
			p.SPublish(ctx, channel(node), envelopes[node])
		}
		return nil
	})
	if err == nil {
		n.metrics.sent.Add(float64(len(batch)))
		n.metrics.envelopes.Add(float64(len(order)))
	}
	return err
}

// Close leaves the bus, after what waits has been sent or Redis has failed to take it in time. It must not be called
// from inside the handler.
func (n *Node) Close() error {
	n.outbox.close()
	n.publishing.Wait()
	n.cancel()
	n.hold(nil)
	n.listening.Wait()
	return nil
}
