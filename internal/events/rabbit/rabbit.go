// Package rabbit is a sink of events: a topic exchange in RabbitMQ, with the kind of an event as routing key.
//
// An event counts as delivered when RabbitMQ has confirmed it (publisher confirms), which for durable queues means that it is on disk.
// One that no queue is bound for is confirmed as well, and gone: bind the queues first. A connection that broke is made anew at the next
// delivery. Safe for concurrent use, one delivery at a time.
package rabbit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"passerby/internal/events"
	"passerby/internal/store"
)

const (
	// Batch is how many events Deliver should get at a time.
	Batch     = 200
	patience  = 5 * time.Second // of a connection and of one write
	heartbeat = 5 * time.Second
)

// Sink publishes events.
type Sink struct {
	url, addr, exchange string

	mu   sync.Mutex // guards what follows
	conn *amqp.Connection
	out  *amqp.Channel
}

var _ events.Sink = (*Sink)(nil)

// Check says what is wrong with a URL, without repeating it.
func Check(url string) error {
	_, err := address(url)
	return err
}

func address(url string) (string, error) {
	u, err := amqp.ParseURI(url)
	if err != nil || u.Host == "" {
		return "", errors.New("no RabbitMQ URL: write it like amqp://user:password@host:5672/vhost, or amqps:// for TLS")
	}
	return net.JoinHostPort(u.Host, strconv.Itoa(u.Port)), nil
}

// New makes a sink; it connects when there is something to deliver.
func New(url, exchange string) (*Sink, error) {
	addr, err := address(url)
	if err != nil {
		return nil, err
	}
	return &Sink{url: url, addr: addr, exchange: exchange}, nil
}

// Deliver implements events.Sink.
func (s *Sink) Deliver(ctx context.Context, all []store.Event) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.connect(); err != nil {
		return events.Fail(len(all), "RabbitMQ at %s: %w", s.addr, err)
	}
	became, promised := make([]error, len(all)), make([]*amqp.DeferredConfirmation, len(all))
	for i, e := range all {
		promised[i], became[i] = s.out.PublishWithDeferredConfirmWithContext(ctx, s.exchange, e.Kind, false, false, amqp.Publishing{
			ContentType: "application/json", DeliveryMode: amqp.Persistent, MessageId: e.ID, Type: e.Kind, Timestamp: e.At, AppId: "passerby",
			Headers: amqp.Table{"topic": e.Topic}, Body: e.Body,
		})
	}
	for i, p := range promised {
		if became[i] != nil {
			continue
		}
		if p == nil {
			became[i] = errors.New("RabbitMQ promises no confirmation")
		} else if ok, err := p.WaitContext(ctx); err != nil {
			became[i] = fmt.Errorf("RabbitMQ does not confirm: %w", err)
		} else if !ok {
			became[i] = errors.New("RabbitMQ did not take it")
		}
	}
	if errors.Join(became...) != nil {
		s.drop()
	}
	return became
}

// connect is called with mu held.
func (s *Sink) connect() (err error) {
	if s.conn != nil && !s.conn.IsClosed() && !s.out.IsClosed() {
		return nil
	}
	s.drop()
	conn, err := amqp.DialConfig(s.url, amqp.Config{Heartbeat: heartbeat, Dial: dial, Properties: amqp.Table{"product": "passerby events"}})
	if err != nil {
		var refused *amqp.Error
		if errors.As(err, &refused) && refused.Code == amqp.AccessRefused {
			return errors.New("it asks for another user, password or vhost")
		}
		return err
	}
	s.conn = conn
	if s.out, err = conn.Channel(); err == nil {
		if err = s.out.ExchangeDeclare(s.exchange, amqp.ExchangeTopic, true, false, false, false, nil); err == nil {
			err = s.out.Confirm(false)
		}
	}
	if err != nil {
		s.drop()
	}
	return err
}

// drop is called with mu held.
func (s *Sink) drop() {
	if s.conn != nil {
		_ = s.conn.CloseDeadline(time.Now().Add(patience))
	}
	s.conn, s.out = nil, nil
}

// dial gives up a broker that reads nothing, as RabbitMQ does with publishers while its memory or disk is short.
func dial(network, addr string) (net.Conn, error) {
	conn, err := amqp.DefaultDial(patience)(network, addr)
	if err != nil {
		return nil, err
	}
	return impatient{conn}, nil
}

type impatient struct{ net.Conn }

func (c impatient) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close implements events.Sink.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	return nil
}
