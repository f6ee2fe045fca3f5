package kafka_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"passerby/internal/events/kafka"
	"passerby/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func broker(t *testing.T, opts ...kfake.Opt) (c *kfake.Cluster, url string) {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(3), kfake.SeedTopics(4, "told"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, "kafka://" + strings.Join(c.ListenAddrs(), ",") + "/told"
}

func open(t *testing.T, url string) *kafka.Sink {
	t.Helper()
	s, err := kafka.New(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func event(topic, what string) store.Event {
	return store.Event{ID: topic + "." + what, Kind: "match." + what, Topic: topic, At: time.Unix(1796040000, 0), Body: []byte(what)}
}

func TestKeyedByTopic(t *testing.T) {
	c, url := broker(t)
	s := open(t, url)
	failing := true
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if !failing {
			return nil, nil, false
		}
		failing = false
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range req.(*kmsg.ProduceRequest).Topics {
			out := kmsg.NewProduceResponseTopic()
			out.Topic, out.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				part := kmsg.NewProduceResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
				out.Partitions = append(out.Partitions, part)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil, true
	})
	if became := s.Deliver(t.Context(), []store.Event{event("m0", "started")}); became[0] == nil {
		t.Fatal("what the broker refuses counts as delivered")
	}
	for _, what := range []string{"started", "ended"} {
		for i, err := range s.Deliver(t.Context(), []store.Event{event("m1", what), event("m2", what), event("m3", what)}) {
			if err != nil {
				t.Fatal(i, err)
			}
		}
	}
	reader, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("told"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, partition := map[string][]string{}, map[string]int32{}
	for n := 0; n < 6; {
		fetched := reader.PollFetches(ctx)
		if err := fetched.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fetched.Records() {
			n++
			key := string(r.Key)
			if p, known := partition[key]; known && p != r.Partition {
				t.Errorf("%s is in partitions %d and %d", key, p, r.Partition)
			}
			partition[key] = r.Partition
			got[key] = append(got[key], string(r.Headers[0].Value)+" "+string(r.Headers[1].Value)+" "+string(r.Value))
		}
	}
	for _, m := range []string{"m1", "m2", "m3"} {
		if want := []string{m + ".started match.started started", m + ".ended match.ended ended"}; !slices.Equal(got[m], want) {
			t.Errorf("%s: %q", m, got[m])
		}
	}
}

func TestSignsIn(t *testing.T) {
	_, url := broker(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "ada", "secret"))
	good := strings.Replace(url, "kafka://", "kafka://ada:secret@", 1)
	if became := open(t, good).Deliver(t.Context(), []store.Event{event("m", "started")}); became[0] != nil {
		t.Error(became[0])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if became := open(t, strings.Replace(good, "secret", "wrong", 1)).Deliver(ctx, []store.Event{event("m", "started")}); became[0] == nil {
		t.Error("a wrong password is good")
	}
}

func TestCheck(t *testing.T) {
	for url, ok := range map[string]bool{
		"kafka://host": true, "kafka://a:9092,b:9092/events": true, "kafka+tls://ada:secret@host/passerby.events": true, "kafka://[::1]:9092": true,
		"": false, "host:9092": false, "kafka://": false, "kafka://a,,b": false, "kafka://a/b c": false, "http://host": false, "kafka://a/b/c": false,
	} {
		if err := kafka.Check(url); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		} else if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%v tells the secret", err)
		}
	}
}
