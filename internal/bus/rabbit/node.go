package rabbit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	amqp "github.com/rabbitmq/amqp091-go"

	"passerby/internal/bus"
	"passerby/internal/bus/internal/post"
)

const (
	heartbeat  = 2 * time.Second // a broker that is silent for three of them is given up
	dialLimit  = 4 * time.Second // also of one write
	queueBytes = 8 << 20         // of one node's queue in RabbitMQ
	firstRetry = 50 * time.Millisecond
	lastRetry  = time.Second
)

// Config says how a node joins. The zero value of the optional fields means the default that the comment names.
type Config struct {
	URL    string      // amqp:// or amqps://
	Name   string      // of the node; no other live node has it
	Handle bus.Handler // of what comes in

	Queue      int                   // bytes that may wait for RabbitMQ (8 MiB)
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil: nobody collects the metrics
}

// Node is one node on the bus. Make it with Join.
type Node struct {
	cfg     Config
	addr    string
	log     *slog.Logger
	metrics *post.Metrics
	ctx     context.Context // over when the node is closed
	cancel  context.CancelFunc
	*post.Sender
	inbox *post.Receiver // owned by the receiving goroutine

	listening sync.WaitGroup

	mu   sync.Mutex // guards what follows
	line *line      // the connection in use; nil while there is none
	back chan struct{}
}

// line is one connection: what is published goes through a channel of its own, so that its errors cost only that.
type line struct {
	conn     *amqp.Connection
	out      *amqp.Channel
	incoming <-chan amqp.Delivery
}

var _ bus.Node = (*Node)(nil)

// Join connects and makes the node's queue; it returns when RabbitMQ has confirmed that.
func Join(ctx context.Context, cfg Config) (*Node, error) {
	if cfg.Name == "" || cfg.Handle == nil {
		return nil, errors.New("join bus: Name and Handle are needed")
	}
	addr, err := address(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("join bus: %w", err)
	}
	if cfg.Queue == 0 {
		cfg.Queue = post.DefaultQueue
	}
	n := &Node{cfg: cfg, addr: addr, log: cfg.Logger, metrics: post.NewMetrics(cfg.Registerer), back: make(chan struct{})}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	n.inbox = post.NewReceiver(cfg.Handle, n.log, n.metrics)
	l, err := n.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("join bus: RabbitMQ at %s: %w", addr, err)
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.hold(l)
	n.listening.Go(func() { n.listen(l) })
	n.Sender = post.NewSender(cfg.Queue, n.log, n.metrics, n.publish)
	return n, nil
}

func queue(node string) string { return "passerby.bus." + node }

// open makes a connection and the node's queue on it.
func (n *Node) open(ctx context.Context) (*line, error) {
	limit := dialLimit
	if at, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(at))
	}
	conn, err := amqp.DialConfig(n.cfg.URL, amqp.Config{Heartbeat: heartbeat, Dial: dial(limit), Properties: amqp.Table{"product": "passerby"}})
	if err != nil {
		return nil, explain(err)
	}
	l := &line{conn: conn}
	if err := n.prepare(l); err != nil {
		_ = conn.CloseDeadline(time.Now().Add(limit))
		return nil, explain(err)
	}
	return l, nil
}

// dial is amqp.DefaultDial with an end to each write.
func dial(limit time.Duration) func(network, addr string) (net.Conn, error) {
	return func(network, addr string) (net.Conn, error) {
		conn, err := amqp.DefaultDial(limit)(network, addr)
		if err != nil {
			return nil, err
		}
		return impatient{conn}, nil
	}
}

// impatient gives up a broker that reads nothing, as RabbitMQ does with who publishes while its memory or disk is short.
type impatient struct{ net.Conn }

func (c impatient) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(dialLimit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (n *Node) prepare(l *line) (err error) {
	if l.out, err = l.conn.Channel(); err != nil {
		return err
	}
	in, err := l.conn.Channel()
	if err != nil {
		return err
	}
	// Exclusive: gone with this connection, so nothing of an earlier life is ever delivered.
	if _, err := in.QueueDeclare(queue(n.cfg.Name), false, true, true, false, amqp.Table{amqp.QueueMaxLenBytesArg: int64(queueBytes)}); err != nil {
		return err
	}
	l.incoming, err = in.Consume(queue(n.cfg.Name), "", true, true, false, false, nil)
	return err
}

// explain adds what an operator can do. The library's errors name no URL.
func explain(err error) error {
	var refused *amqp.Error
	if errors.As(err, &refused) && refused.Code == amqp.AccessRefused {
		return errors.New("it asks for another user, password or vhost: put them into --bus like amqp://user:password@host/vhost")
	}
	return err
}

// hold makes a connection the one in use; false, and closed, when the node is.
func (n *Node) hold(l *line) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.line = l; l == nil {
		n.back = make(chan struct{})
		return false
	}
	if n.ctx.Err() != nil {
		_ = l.conn.CloseDeadline(time.Now().Add(dialLimit))
		n.line = nil
		return false
	}
	close(n.back)
	return true
}

// listen hands on what comes, and connects again when the connection breaks, until the node is closed.
func (n *Node) listen(l *line) {
	for {
		for d := range l.incoming {
			n.inbox.Open(d.Body)
		}
		_ = l.conn.CloseDeadline(time.Now().Add(dialLimit)) // the queue may have gone alone
		if n.ctx.Err() != nil {
			return
		}
		n.hold(nil)
		n.log.Warn("connection to RabbitMQ broke", "address", n.addr)
		n.metrics.Broken.Inc()
		if l = n.reopen(); l == nil {
			return
		}
		n.log.Info("connected again to RabbitMQ", "address", n.addr)
	}
}

func (n *Node) reopen() *line {
	for wait := firstRetry; n.ctx.Err() == nil; wait = min(2*wait, lastRetry) {
		if l, err := n.open(n.ctx); err == nil && n.hold(l) {
			return l
		}
		select {
		case <-n.ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// publish hands envelopes to RabbitMQ; without a connection it waits for one.
func (n *Node) publish(ctx context.Context, envelopes []post.Envelope) error {
	n.mu.Lock()
	l, back := n.line, n.back
	n.mu.Unlock()
	if l == nil {
		select {
		case <-back:
		case <-ctx.Done():
			return fmt.Errorf("no connection to RabbitMQ: %w", ctx.Err())
		}
		n.mu.Lock()
		l = n.line
		n.mu.Unlock()
	}
	if l == nil {
		return errors.New("no connection to RabbitMQ")
	}
	for _, e := range envelopes {
		// A node that is not there has no queue: RabbitMQ drops what is for it.
		if err := l.out.PublishWithContext(ctx, "", queue(e.Node), false, false, amqp.Publishing{Body: e.Data}); err != nil {
			return err
		}
	}
	return nil
}

// Close leaves the bus, after what waits has been sent or RabbitMQ has failed to take it in time. It must not be called from
// inside the handler.
func (n *Node) Close() error {
	n.Sender.Close()
	n.cancel()
	n.mu.Lock()
	l := n.line
	n.line = nil
	n.mu.Unlock()
	if l != nil {
		_ = l.conn.CloseDeadline(time.Now().Add(dialLimit)) // ends what comes in; the queue goes with it
	}
	n.listening.Wait()
	return nil
}
