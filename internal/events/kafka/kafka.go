// Package kafka is a sink of events: a topic of Kafka, with the topic of an event (its match, report, ban or appeal) as key, so that what
// is told of one thing is in one partition and in order.
//
// An event counts as delivered when all in-sync replicas have it. Within one life of a process the producer is idempotent; an event that is
// sent again by another has the same id, in the header "id" and in the body. Safe for concurrent use.
package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"passerby/internal/events"
	"passerby/internal/store"
)

// Batch is how many events Deliver should get at a time.
const Batch = 500

const patience = 20 * time.Second // of one record

// Sink produces records.
type Sink struct{ client *kgo.Client }

var _ events.Sink = (*Sink)(nil)

// New makes a sink; it connects when there is something to deliver. The topic must be there, or made by the brokers themselves.
func New(url string) (*Sink, error) {
	opts, err := options(url)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(opts, kgo.RequiredAcks(kgo.AllISRAcks()), kgo.RecordDeliveryTimeout(patience), kgo.AllowAutoTopicCreation())...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &Sink{client}, nil
}

// Deliver implements events.Sink.
func (s *Sink) Deliver(ctx context.Context, all []store.Event) []error {
	records, place, became := make([]*kgo.Record, len(all)), make(map[*kgo.Record]int, len(all)), make([]error, len(all))
	for i, e := range all {
		records[i] = &kgo.Record{
			Key: []byte(e.Topic), Value: e.Body, // a timestamp of then would count as waiting since then
			Headers: []kgo.RecordHeader{{Key: "id", Value: []byte(e.ID)}, {Key: "type", Value: []byte(e.Kind)}, {Key: "content-type", Value: []byte("application/json")}},
		}
		place[records[i]] = i
	}
	for _, r := range s.client.ProduceSync(ctx, records...) {
		if r.Err != nil {
			became[place[r.Record]] = fmt.Errorf("kafka: %w", r.Err)
		}
	}
	return became
}

// Close implements events.Sink.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}
