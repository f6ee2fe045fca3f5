package config

import (
	"flag"
	"slices"
	"strings"

	"passerby/internal/events"
	"passerby/internal/events/kafka"
	"passerby/internal/events/rabbit"
	"passerby/internal/webhook"
)

// Events are the outside systems that are told what happens.
type Events struct {
	WebhookURL     string   // where events go by HTTP; empty: nowhere
	WebhookSecret  string   // that signs them
	WebhookPrivate bool     // the URL may lead to a private address
	WebhookEvents  []string // families of events that it gets

	RabbitMQ string // URL of a RabbitMQ that gets all events; empty: none
	Exchange string // there
	Kafka    string // URL of a Kafka that gets all events; empty: none
}

func (e *Events) flags(fs *flag.FlagSet) {
	fs.StringVar(&e.WebhookURL, "webhook-url", e.WebhookURL, "`URL` that is told what happens, like https://example.org/hook; none: nobody is")
	fs.StringVar(&e.WebhookSecret, "webhook-secret", e.WebhookSecret, "`secret` that signs what it is told: whsec_ and the base64 of 24 to 64 random bytes")
	fs.BoolVar(&e.WebhookPrivate, "webhook-private", e.WebhookPrivate, "`true` lets webhook-url lead to a private address")
	fs.Var(list[string]{&e.WebhookEvents, text}, "webhook-events", "`families` of events that webhook-url is told of, comma separated: match, report, ban, appeal")
	fs.StringVar(&e.RabbitMQ, "events-rabbitmq", e.RabbitMQ, "`URL` of a RabbitMQ that gets all events, like amqp://user:password@host:5672/vhost; amqps for TLS; none: no RabbitMQ does")
	fs.StringVar(&e.Exchange, "events-exchange", e.Exchange, "`name` of the topic exchange there; the routing key is the kind of event, like match.started")
	fs.StringVar(&e.Kafka, "events-kafka", e.Kafka, "`URL` of a Kafka that gets all events, like kafka://host1:9092,host2:9092/topic; kafka+tls for TLS, user:password@ for SCRAM-SHA-512; none: no Kafka does")
}

func (e Events) validate(fault func(format string, args ...any)) {
	if e.WebhookURL != "" {
		if err := webhook.ParseURL(e.WebhookURL); err != nil {
			fault("--webhook-url: %w", err)
		}
		if _, err := webhook.ParseSecret(e.WebhookSecret); err != nil {
			fault("--webhook-secret: %w", err)
		}
	}
	for _, f := range e.WebhookEvents {
		if !slices.Contains(events.Families, f) {
			fault("--webhook-events: %q is none of %s", f, strings.Join(events.Families, ", "))
		}
	}
	if e.RabbitMQ != "" {
		if err := rabbit.Check(e.RabbitMQ); err != nil {
			fault("--events-rabbitmq: %w", err)
		}
	}
	if e.Exchange == "" || len(e.Exchange) > 127 || strings.HasPrefix(e.Exchange, "amq.") {
		fault("--events-exchange: %q is no name of an exchange: write it like passerby.events", e.Exchange)
	}
	if e.Kafka != "" {
		if err := kafka.Check(e.Kafka); err != nil {
			fault("--events-kafka: %w", err)
		}
	}
}
