package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"passerby/internal/app"
	"passerby/internal/stack"
	"passerby/internal/testenv"
	"passerby/signaling/protocol"
)

// meet brings two people into a match, and nobody else may be looking.
func meet(t *testing.T, a, b *person) {
	t.Helper()
	a.find()
	b.find()
	a.until("matched", func() bool { return a.match != nil })
	b.until("matched", func() bool { return b.match != nil })
	if x, y := a.match.Match, b.match.Match; x != y {
		t.Fatalf("matches %s and %s", x, y)
	}
}

// settle waits until both have all that the other wrote, and looks whether each text was shown once and nothing else
// happened to the match.
func settle(t *testing.T, a, b *person) {
	t.Helper()
	for _, way := range [][2]*person{{a, b}, {b, a}} {
		from, to := way[0], way[1]
		from.until("heard", func() bool { return from.acked == from.sent })
		got := read(to, func() []string { return append([]string(nil), to.got...) })
		if uint64(len(got)) != from.sent {
			t.Errorf("%s wrote %d texts, %s has %d", from.name, from.sent, to.name, len(got))
		}
		for i, text := range got {
			if want := fmt.Sprintf("%s-%d", from.name, i+1); text != want {
				t.Fatalf("%s has %q at %d, want %q", to.name, text, i, want)
			}
		}
	}
	for _, p := range []*person{a, b} {
		if s := read(p, func() bool { return p.sessions != 1 || p.matches != 1 || len(p.ended) > 0 }); s {
			t.Errorf("%s did not simply go on: %s", p.name, p)
		}
	}
}

// chat lets people write until stop is called.
func chat(t *testing.T, people ...*person) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				for _, p := range people {
					p.say()
				}
			}
		}
	}()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			close(quit)
			<-done
		}
	}
	t.Cleanup(stop)
	return stop
}

func stats(t *testing.T, base string) (a protocol.StatsAnswer) {
	t.Helper()
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(base + "/v1/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestTwoNodes: strangers on different nodes talk; the node of one is killed; she resumes on the other, and nothing
// is lost or shown twice.
func TestTwoNodes(t *testing.T) { twoNodes(t, testenv.Redis(t)) }

// TestTwoNodesOnRabbitMQ is the same with --bus.
func TestTwoNodesOnRabbitMQ(t *testing.T) {
	twoNodes(t, testenv.Redis(t), "--bus", testenv.Rabbit(t).URL())
}

// TestTwoNodesOnACluster is the same on a Redis Cluster.
func TestTwoNodesOnACluster(t *testing.T) {
	redis, _ := testenv.RedisCluster(t)
	twoNodes(t, redis)
}

// TestRedisClusterFailsOver: strangers on two nodes talk while one master of the Redis Cluster after the other is killed; its replica
// takes its place each time, the talk goes on, and others can meet.
func TestRedisClusterFailsOver(t *testing.T) {
	redis, masters, replicas := testenv.ReplicatedRedisCluster(t)
	dir := t.TempDir()
	one, two := startNode(t, redis, dir, "one"), startNode(t, redis, dir, "two")
	ann, bob := enter(t, "http://"+one.Addr, "ann"), enter(t, "http://"+two.Addr, "bob")
	meet(t, ann, bob)
	stop := chat(t, ann, bob)
	for i, m := range masters {
		ann.until("talking", func() bool { return len(ann.got) > 20 })
		m.Kill()
		more := read(ann, func() int { return len(ann.got) }) + 40
		ann.until(fmt.Sprint("talking on without master ", i), func() bool { return len(ann.got) > more })
		eve, dan := enter(t, "http://"+one.Addr, fmt.Sprint("eve", i)), enter(t, "http://"+two.Addr, fmt.Sprint("dan", i))
		meet(t, eve, dan)
		settle(t, eve, dan)
		// Without two masters of three nobody can take a third one's place.
		testenv.AwaitPromoted(replicas[i], slices.Concat(masters[i+1:], replicas))
	}
	stop()
	settle(t, ann, bob)
}

func twoNodes(t *testing.T, redis string, flags ...string) {
	dir := t.TempDir()
	one, two := startNode(t, redis, dir, "one", flags...), startNode(t, redis, dir, "two", flags...)
	lb := startBalancer(t, one, two)
	lb.turn(1)
	ann := enter(t, lb.url(), "ann") // gets her token from two, and connects to one
	lb.turn(0)
	bob := enter(t, lb.url(), "bob") // the other way round
	meet(t, ann, bob)
	stop := chat(t, ann, bob)
	ann.until("talking", func() bool { return len(ann.got) > 20 })
	one.Kill()
	ann.until("talking on", func() bool { return len(ann.got) > 60 })
	stop()
	settle(t, ann, bob)
	if got := read(ann, func() int { return ann.resumed }); got != 1 {
		t.Errorf("she resumed %d times", got)
	}
}

// TestThreeNodes: under texts from three pairs one node is killed and another told to stop; all go on, on the third.
func TestThreeNodes(t *testing.T) {
	redis, dir := testenv.Redis(t), t.TempDir()
	nodes := []*stack.Node{startNode(t, redis, dir, "one"), startNode(t, redis, dir, "two"), startNode(t, redis, dir, "three")}
	lb := startBalancer(t, nodes...)
	var people []*person
	for i := range 3 {
		a, b := enter(t, lb.url(), fmt.Sprint("a", i)), enter(t, lb.url(), fmt.Sprint("b", i))
		meet(t, a, b)
		people = append(people, a, b)
	}
	stop := chat(t, people...)
	all := func(texts int) {
		t.Helper()
		for _, p := range people {
			p.until("talking", func() bool { return len(p.got) > texts })
		}
	}
	all(10)
	nodes[0].Kill()
	all(40)
	nodes[1].Signal("TERM")
	if err := nodes[1].Err(); err != nil {
		t.Errorf("the second node did not stop cleanly: %v", err)
	}
	all(70)
	stop()
	for i := range 3 {
		settle(t, people[2*i], people[2*i+1])
	}
	waitFor(t, "all are counted, wherever they were", func() bool {
		s := stats(t, lb.url())
		return s.Online == 6 && s.Matched == 6
	})
	t.Logf("%d texts", read(people[0], func() uint64 { return people[0].sent }))
}

// TestPartnerOfADeadNode hears that the partner is reconnecting, and that she is back.
func TestPartnerOfADeadNode(t *testing.T) {
	redis, dir := testenv.Redis(t), t.TempDir()
	one, two := startNode(t, redis, dir, "one"), startNode(t, redis, dir, "two")
	ann, bob := enter(t, "http://"+one.Addr, "ann"), enter(t, "http://"+two.Addr, "bob")
	meet(t, ann, bob)
	waitFor(t, "the nodes know of each other", func() bool { return stats(t, "http://"+two.Addr).Online == 2 })
	ann.mu.Lock()
	ann.away, ann.base = true, "http://"+two.Addr
	ann.mu.Unlock()
	one.Kill()
	bob.say()
	bob.until("told", func() bool { return bob.partner == protocol.PartnerReconnecting })
	ann.stayAway(false)
	bob.until("told", func() bool { return bob.partner == protocol.PartnerOnline })
	settle(t, ann, bob)
}

// TestAnotherKey: a node that could not read the others' tokens does not start.
func TestAnotherKey(t *testing.T) {
	redis := testenv.Redis(t)
	startNode(t, redis, t.TempDir(), "one")
	c := local(t)
	c.Redis = redis
	if _, err := app.Start(c, io.Discard); err == nil || !strings.Contains(err.Error(), "root.key") {
		t.Errorf("got %v, want a word about root.key", err)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, deadline := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: did not come about", what)
		}
	}
}
