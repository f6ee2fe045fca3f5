package rabbit_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/bus"
	"passerby/internal/bus/bustest"
	"passerby/internal/bus/rabbit"
	"passerby/internal/stack"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func join(t testing.TB, cfg rabbit.Config) *rabbit.Node {
	t.Helper()
	n, err := rabbit.Join(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// prefixed keeps the nodes of one test to themselves.
type prefixed struct {
	*rabbit.Node
	prefix string
}

func (p prefixed) Send(ctx context.Context, node, session string, data []byte) error {
	return p.Node.Send(ctx, p.prefix+node, session, data)
}

// TestRabbit runs the suite, then kills RabbitMQ in the middle: one broker, since it takes its time to start.
func TestRabbit(t *testing.T) {
	broker := testenv.Rabbit(t)
	t.Run("conformance", func(t *testing.T) {
		tests := 0
		bustest.Run(t, func(testing.TB) bustest.Join {
			tests++
			prefix := fmt.Sprintf("test-%d-", tests)
			return func(t testing.TB, name string, handle bus.Handler) bus.Node {
				return prefixed{join(t, rabbit.Config{URL: broker.URL(), Name: prefix + name, Handle: handle}), prefix}
			}
		})
	})
	t.Run("wrong password", func(t *testing.T) {
		url := strings.Replace(broker.URL(), "guest:guest", "guest:secret", 1)
		_, err := rabbit.Join(t.Context(), rabbit.Config{URL: url, Name: "a", Handle: func(string, []byte) {}})
		if err == nil || !strings.Contains(err.Error(), "password") || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("killed and started again", func(t *testing.T) {
		got := make(chan int, 1<<16)
		from := join(t, rabbit.Config{URL: broker.URL(), Name: "a", Handle: func(string, []byte) {}})
		join(t, rabbit.Config{URL: broker.URL(), Name: "b", Handle: func(_ string, data []byte) {
			n, _ := strconv.Atoi(string(data))
			got <- n
		}})
		sent, last := 0, 0
		flow := func(want int) { // sends until so many more have come, each once and in order
			t.Helper()
			tick, late := time.NewTicker(time.Millisecond), time.After(2*time.Minute)
			defer tick.Stop()
			for came := 0; came < want; {
				select {
				case <-tick.C:
					sent++
					_ = from.Send(t.Context(), "b", "s", []byte(fmt.Sprint(sent)))
				case n := <-got:
					if n <= last {
						t.Fatalf("%d came after %d", n, last)
					}
					last = n
					came++
				case <-late:
					t.Fatalf("%d of %d came", came, want)
				}
			}
		}
		flow(100)
		broker.Kill()
		if err := broker.Start(); err != nil {
			t.Fatal(err)
		}
		for len(got) > 0 { // what came before the kill
			last = <-got
		}
		flow(500)
	})
}

// TestRabbitStopsReading: while memory is short it reads nothing of who publishes, and keeps the connection.
func TestRabbitStopsReading(t *testing.T) {
	dir := t.TempDir()
	broker, err := stack.StartRabbit(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.End)
	broker.Kill()
	conf, err := os.OpenFile(filepath.Join(dir, "rabbitmq.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conf, "vm_memory_high_watermark.absolute = 1MB\n"); err != nil {
		t.Fatal(err)
	}
	_ = conf.Close()
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	from := join(t, rabbit.Config{URL: broker.URL(), Name: "a", Handle: func(string, []byte) {}, Queue: 64 << 20})
	for range 100 { // more than the buffers of TCP hold
		if err := from.Send(t.Context(), "b", "s", make([]byte, 1<<19)); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- from.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the node hangs on to a broker that reads nothing")
		broker.Kill()
		<-done
	}
}

func TestJoinSaysWhatIsMissing(t *testing.T) {
	handle := func(string, []byte) {}
	for _, cfg := range []rabbit.Config{
		{URL: "amqp://localhost", Handle: handle},
		{URL: "amqp://localhost", Name: "a"},
		{URL: "redis://u:secret@localhost", Name: "a", Handle: handle},
		{URL: "amqp://u:secret@127.0.0.1:1", Name: "a", Handle: handle},
	} {
		if _, err := rabbit.Join(t.Context(), cfg); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: got %v", cfg, err)
		}
	}
}
