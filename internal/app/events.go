package app

import (
	"fmt"
	"time"

	"passerby/internal/config"
	"passerby/internal/events"
	"passerby/internal/events/kafka"
	"passerby/internal/events/rabbit"
	"passerby/internal/webhook"
)

// The names of the sinks, in the outbox.
const (
	sinkWebhook = "webhook"
	sinkRabbit  = "rabbitmq"
	sinkKafka   = "kafka"
)

// wants says which sinks there are, and what they get. The commands that change what is stored tell them too.
func wants(e config.Events) events.Wants {
	w := events.Wants{}
	if e.WebhookURL != "" {
		w[sinkWebhook] = e.WebhookEvents
	}
	if e.RabbitMQ != "" {
		w[sinkRabbit] = events.Families
	}
	if e.Kafka != "" {
		w[sinkKafka] = events.Families
	}
	return w
}

// openEvents has the store keep an event with each record, and makes the relays that bring them to who wants them.
func (s *Server) openEvents() error {
	e := s.cfg.Events
	w := wants(e)
	if len(w) == 0 {
		return nil
	}
	outbox, metrics := s.store, events.NewMetrics(s.registry)
	s.store = events.NewAnnouncer(s.store, w)
	relay := func(name string, sink events.Sink, batch int, waits []time.Duration) {
		s.relays = append(s.relays, events.NewRelay(events.Config{Name: name, Sink: sink, Outbox: outbox, Batch: batch, Waits: waits, Logger: s.log, Metrics: metrics}))
	}
	if e.WebhookURL != "" {
		sink, err := webhook.New(webhook.Config{URL: e.WebhookURL, Secret: e.WebhookSecret, AllowPrivate: e.WebhookPrivate})
		if err != nil {
			return fmt.Errorf("--webhook-url: %w", err)
		}
		relay(sinkWebhook, sink, webhook.Batch, webhook.Waits)
	}
	if e.RabbitMQ != "" {
		sink, err := rabbit.New(e.RabbitMQ, e.Exchange)
		if err != nil {
			return fmt.Errorf("--events-rabbitmq: %w", err)
		}
		relay(sinkRabbit, sink, rabbit.Batch, events.BrokerWaits)
	}
	if e.Kafka != "" {
		sink, err := kafka.New(e.Kafka)
		if err != nil {
			return fmt.Errorf("--events-kafka: %w", err)
		}
		relay(sinkKafka, sink, kafka.Batch, events.BrokerWaits)
	}
	return nil
}
