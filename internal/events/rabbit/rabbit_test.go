package rabbit_test

import (
	"strconv"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"passerby/internal/events/rabbit"
	"passerby/internal/store"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func event(n int) store.Event {
	id := strconv.Itoa(n)
	return store.Event{ID: id, Kind: "match.started", Topic: "m" + id, At: time.Unix(1796040000, 0), Body: []byte(`{"id":"` + id + `"}`)}
}

// A broker that is killed and comes back has what it confirmed, and gets the rest.
func TestConfirmedIsKept(t *testing.T) {
	broker := testenv.Rabbit(t)
	s, err := rabbit.New(broker.URL(), "passerby.events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if became := s.Deliver(t.Context(), []store.Event{event(0)}); became[0] != nil { // makes the exchange; nobody hears it
		t.Fatal(became[0])
	}
	bind(t, broker.URL())
	for i, err := range s.Deliver(t.Context(), []store.Event{event(1), event(2)}) {
		if err != nil {
			t.Fatal(i, err)
		}
	}
	broker.Kill()
	for _, err := range s.Deliver(t.Context(), []store.Event{event(3), event(4)}) {
		if err == nil {
			t.Fatal("a dead broker confirms")
		}
	}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	for tries := 0; ; tries++ { // its queues may not be there yet
		became := s.Deliver(t.Context(), []store.Event{event(3)})
		if became[0] == nil {
			break
		}
		if tries == 1000 {
			t.Fatal(became[0])
		}
	}
	conn, err := amqp.Dial(broker.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	in, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		d, ok, err := in.Get("heard", true)
		if err != nil || !ok {
			t.Fatal(n, ok, err)
		}
		if want := event(n); d.MessageId != want.ID || string(d.Body) != string(want.Body) || d.RoutingKey != want.Kind || d.Type != want.Kind || d.DeliveryMode != amqp.Persistent ||
			d.ContentType != "application/json" || d.Headers["topic"] != want.Topic || !d.Timestamp.Equal(want.At) {
			t.Errorf("%d: %+v", n, d)
		}
	}
}

func bind(t *testing.T, url string) {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	c, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.QueueDeclare("heard", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.QueueBind("heard", "match.*", "passerby.events", false, nil); err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	for url, ok := range map[string]bool{"amqp://guest:guest@host": true, "amqps://host:5671/v": true, "http://host": false, "": false} {
		if err := rabbit.Check(url); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}
