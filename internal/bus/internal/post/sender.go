package post

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"passerby/internal/bus"
)

const (
	maxLetter = 1 << 20         // bytes of data in one Send
	maxBatch  = 1 << 20         // bytes that travel at once
	patience  = 4 * time.Second // for the broker to take one batch
)

// DefaultQueue is how many bytes may wait for the broker by default.
const DefaultQueue = 8 << 20

// Envelope is what travels to one node.
type Envelope struct {
	Node string
	Data []byte
}

// Ship hands envelopes to the broker, in their order. None is handed over twice.
type Ship func(ctx context.Context, envelopes []Envelope) error

// Sender sends the letters of one node.
type Sender struct {
	ship    Ship
	log     *slog.Logger
	metrics *Metrics
	name    sender
	outbox  *outbox
	ctx     context.Context // over when nothing more is to be sent
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// NewSender makes a Sender whose letters may take so many bytes while they wait.
func NewSender(queue int, log *slog.Logger, m *Metrics, ship Ship) *Sender {
	s := &Sender{ship: ship, log: log, metrics: m, outbox: newOutbox(queue)}
	_, _ = rand.Read(s.name[:])
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.done.Go(s.run)
	return s
}

// Send queues data for a session of a node. It never waits for the broker.
func (s *Sender) Send(ctx context.Context, node, session string, data []byte) error {
	err := ctx.Err()
	switch {
	case err != nil:
	case len(data) > maxLetter:
		err = fmt.Errorf("%d bytes are more than %d", len(data), maxLetter)
	default:
		err = s.outbox.put(letter{node, session, bytes.Clone(data)})
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, bus.ErrFull) {
		s.metrics.lost.WithLabelValues("full").Inc()
	}
	return fmt.Errorf("send to node %q: %w", node, err)
}

// run hands what waits to the broker, one batch after the other.
func (s *Sender) run() {
	numbers := map[string]uint64{} // of the last envelope, by node
	failing := false
	for batch := s.outbox.take(maxBatch); batch != nil; batch = s.outbox.take(maxBatch) {
		err := s.flush(batch, numbers)
		if err != nil {
			s.metrics.lost.WithLabelValues("broker").Add(float64(len(batch)))
			if s.outbox.isClosed() {
				return // what else waits is lost with it
			}
		}
		if s.ctx.Err() == nil && (err != nil) != failing {
			failing = err != nil
			s.log.Warn("messages to other nodes", "lost", failing, "error", err)
		}
	}
}

func (s *Sender) flush(batch []letter, numbers map[string]uint64) error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	var envelopes []Envelope
	at := map[string]int{}
	for _, l := range batch {
		i, ok := at[l.node]
		if !ok {
			numbers[l.node]++
			i = len(envelopes)
			at[l.node] = i
			envelopes = append(envelopes, Envelope{l.node, appendHead(nil, s.name, numbers[l.node])})
		}
		envelopes[i].Data = appendLetter(envelopes[i].Data, l.session, l.data)
	}
	err := s.ship(ctx, envelopes)
	if err == nil {
		s.metrics.sent.Add(float64(len(batch)))
		s.metrics.envelopes.Add(float64(len(envelopes)))
	}
	return err
}

// Close sends what waits, or waits until the broker has failed to take it in time.
func (s *Sender) Close() {
	s.outbox.close()
	s.done.Wait()
	s.cancel()
}
