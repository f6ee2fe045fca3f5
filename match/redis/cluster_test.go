package redis_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/matchtest"
	"passerby/match/redis"
)

// A Cluster of three masters: the suite (one history of it), then a crowd on two nodes.
func TestCluster(t *testing.T) {
	_, servers := testenv.RedisCluster(t)
	var addrs []string
	for _, s := range servers {
		addrs = append(addrs, s.Addr)
	}
	client := newClient(t, addrs...)
	t.Run("conformance", func(t *testing.T) {
		t.Setenv("MATCHTEST_SEED", "4")
		matchtest.Run(t, onTheTestsClock(client))
	})
	t.Run("crowd", func(t *testing.T) {
		name, book := newName(), newLedger(t)
		a, b := running(t, newClient(t, addrs...), fast(name)), running(t, newClient(t, addrs[1:]...), fast(name))
		stop := crowd(t, []*redis.Queue{a, b}, 20, 10*time.Second, book)
		until(t, "many calls", func() bool { return book.count() > 3000 })
		stop()
		settle(t, a, client, name, 20, book)
	})
}

// Every command of every script touches one slot: that of the queue's name. MONITOR shows them all.
func TestOneSlot(t *testing.T) {
	addr := testenv.StartRedis(t, "--save", "").Addr
	client := newClient(t, addr)
	name, book := "one-slot", newLedger(t)
	stopWatching := watch(t, addr, client)
	q := running(t, client, fast(name))
	stop := crowd(t, []*redis.Queue{q}, 20, 10*time.Second, book)
	until(t, "many calls", func() bool { return book.count() > 2000 })
	for i := range 20 {
		if err := q.Block(t.Context(), fmt.Sprint("user of p", i), "user of p1"); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	_, _ = q.Stats(t.Context())
	seen := map[string]int{}
	for _, line := range stopWatching() {
		// 1700000000.123456 [0 lua] "ZADD" "{name}:d" …
		_, command, ok := strings.Cut(line, " lua] \"")
		if !ok {
			continue
		}
		verb, rest, _ := strings.Cut(command, "\"")
		seen[strings.ToUpper(verb)]++
		if strings.EqualFold(verb, "TIME") || strings.EqualFold(verb, "PUBSUB") {
			continue
		}
		if key, _, _ := strings.Cut(strings.TrimPrefix(rest, " \""), "\""); !strings.HasPrefix(key, "{"+name+"}:") {
			t.Fatalf("a script touches %q: %s", key, line)
		}
	}
	if len(seen) < 6 || seen["HSET"] < 20 {
		t.Errorf("MONITOR showed only %v", seen)
	}
}

// watch records what MONITOR shows until the returned function is called.
func watch(t *testing.T, addr string, client goredis.UniversalClient) (stop func() []string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(conn, "MONITOR\r\n"); err != nil {
		t.Fatal(err)
	}
	const end = "the end of the test"
	var lines []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r := bufio.NewScanner(conn); r.Scan() && !strings.Contains(r.Text(), end); {
			lines = append(lines, r.Text())
		}
	}()
	return func() []string {
		if err := client.Echo(t.Context(), end).Err(); err != nil {
			t.Error(err)
		}
		<-done
		_ = conn.Close()
		return lines
	}
}

// twice sends every script and message a second time, as a client does whose connection broke before the answer.
type twice struct{}

func (twice) DialHook(next goredis.DialHook) goredis.DialHook { return next }
func (twice) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}
func (twice) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") || cmd.Name() == "publish" {
			if err := next(ctx, goredis.NewCmd(ctx, cmd.Args()...)); err != nil {
				cmd.SetErr(err) // NOSCRIPT, above all
				return err
			}
		}
		return next(ctx, cmd)
	}
}

// The suite on a node that does not lead: every call goes to another one. Whatever is sent twice is done once.
func TestSentTwice(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	client.AddHook(twice{})
	t.Setenv("MATCHTEST_SEED", "3")
	matchtest.Run(t, func(t testing.TB, cfg match.Config) matchtest.Subject {
		cfg.Sweep = time.Hour
		name := newName()
		lead(t, running(t, client, redis.Config{Config: cfg, Name: name}))
		q := running(t, client, redis.Config{Config: cfg, Name: name})
		return matchtest.Subject{Queue: q, Sweep: q.Sweep}
	})
}

// A late twin of what a node has written changes nothing.
func TestOvertaken(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	var first []any
	client.AddHook(recordFirst{&first, "evalsha"})
	q := running(t, client, fast(newName()))
	arrive := func(who string) match.Standing {
		t.Helper()
		s, err := q.Arrive(t.Context(), match.Ticket{Session: who, User: who, Wish: match.Wish{Mode: match.Text}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	arrive("ada")
	twin := append([]any(nil), first...)
	arrive("ada")
	if s := arrive("ben"); s.State != match.Paired {
		t.Fatalf("ben is %v", s.State)
	}
	if err := client.Do(t.Context(), twin...).Err(); !errors.Is(err, goredis.Nil) {
		t.Fatalf("the twin was carried out: %v", err)
	}
	if s, err := q.Renew(t.Context(), "ada"); err != nil || s.State != match.Paired {
		t.Errorf("after the late twin of her first call ada is %v, %v", s.State, err)
	}
}

// Numbers of calls count within a node: a session that moved from a node with many calls to one with few is heard there.
func TestMovedToAYoungNode(t *testing.T) {
	client, name := newClient(t, testenv.StartRedis(t, "--save", "").Addr), newName()
	old, young := running(t, client, fast(name)), running(t, client, fast(name))
	for i := range 20 {
		who := fmt.Sprint("p", i)
		if _, err := old.Arrive(t.Context(), match.Ticket{Session: who, User: who, Wish: match.Wish{Mode: match.Text}}); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := young.Renew(t.Context(), "p19"); err != nil || s.State != match.Paired {
		t.Fatalf("p19 is %v, %v", s.State, err)
	}
	if err := old.Leave(t.Context(), "p18", match.EndNext); err != nil {
		t.Fatal(err)
	}
	s, err := young.Arrive(t.Context(), match.Ticket{Session: "p19", User: "p19", Wish: match.Wish{Mode: match.Text}})
	if err != nil || s.State != match.Waiting {
		t.Errorf("p19 looks for somebody and is %v, %v", s.State, err)
	}
}

// recordFirst keeps the arguments of the first command of a name in which ada appears.
type recordFirst struct {
	args *[]any
	name string
}

func (recordFirst) DialHook(next goredis.DialHook) goredis.DialHook { return next }
func (recordFirst) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}
func (r recordFirst) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if *r.args == nil && cmd.Name() == r.name && strings.Contains(fmt.Sprintf("%s", cmd.Args()), "ada") {
			*r.args = cmd.Args()
		}
		return next(ctx, cmd)
	}
}
