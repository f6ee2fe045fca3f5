package redis_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/redis"
)

// nodeVariable makes the test binary a node instead: "ADDR NAME FIRST COUNT SEED LEASE".
const nodeVariable = "MATCH_REDIS_TEST_NODE"

func TestMain(m *testing.M) {
	if args := os.Getenv(nodeVariable); args != "" {
		beNode(args)
		return
	}
	goleak.VerifyTestMain(m)
}

// page is one line of what a node tells: a call has begun, or has answered. Written before the next step is taken,
// so the ledger of a node that is killed is complete but for its very last words.
type page struct {
	Who, Call string
	Saw       *match.Standing
}

// printed is the notebook of a node in a process of its own.
type printed struct {
	mu sync.Mutex // guards out
	w  *os.File
}

func (p *printed) write(line page) {
	b, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(append(b, '\n'))
}

func (p *printed) begin(who, call string)           { p.write(page{Who: who, Call: call}) }
func (p *printed) saw(who string, s match.Standing) { p.write(page{Who: who, Saw: &s}) }

// beNode runs a queue and the people on it until it is killed.
func beNode(args string) {
	f := strings.Fields(args)
	first, _ := strconv.Atoi(f[2])
	count, _ := strconv.Atoi(f[3])
	seed, _ := strconv.ParseUint(f[4], 10, 64)
	cfg := fast(f[1])
	cfg.Lease, _ = time.ParseDuration(f[5])
	q, err := redis.New(goredis.NewClient(&goredis.Options{Addr: f[0], ContextTimeoutEnabled: true}), cfg)
	if err != nil {
		panic(err)
	}
	go func() { _ = q.Run(context.Background()) }()
	book := &printed{w: os.Stdout}
	for i := first; i < first+count; i++ {
		go live(context.Background(), q, fmt.Sprint("p", i), rand.New(rand.NewPCG(seed, uint64(i))), 10*time.Second, book)
	}
	select {}
}

// process is a node that can be killed.
type process struct {
	cmd  *exec.Cmd
	read sync.WaitGroup
}

func startNode(t testing.TB, addr, name string, first, count int, lease time.Duration, book *ledger) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d %d %d %v", nodeVariable, addr, name, first, count, rand.Uint64(), lease))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.read.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var line page
			if json.Unmarshal(lines.Bytes(), &line) != nil {
				continue // cut off by the kill
			}
			if line.Saw != nil {
				book.saw(line.Who, *line.Saw)
			} else {
				book.begin(line.Who, line.Call)
			}
		}
	})
	return p
}

// kill ends the node at once, and returns when all that it has written down is in the ledger.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	p.read.Wait()
	_ = p.cmd.Wait()
}

// Nodes are killed at random moments, each with people in the middle of all kinds of calls. Their people come back
// on another node: nobody is lost, nobody is in two pairs, and at the end nothing of them is left.
func TestNodesAreKilled(t *testing.T) {
	const each, rounds = 10, 12
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	client, book := newClient(t, addr), newLedger(t)
	survivor := running(t, client, fast(name))
	rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
	var procs [3]*process
	start := func(i int) { procs[i] = startNode(t, addr, name, i*each, each, 20*time.Second, book) }
	for i := range procs {
		start(i)
	}
	t.Cleanup(func() {
		for _, p := range procs {
			p.kill()
		}
	})
	for range rounds {
		book.more(200 + rng.IntN(300))
		i := rng.IntN(len(procs))
		procs[i].kill()
		audit(t, client, name)
		for n := i * each; n < (i+1)*each; n++ { // they reconnect, elsewhere
			who := fmt.Sprint("p", n)
			s, err := survivor.Renew(t.Context(), who)
			if err != nil {
				t.Fatal(err)
			}
			book.saw(who, s)
		}
		start(i)
	}
	for _, p := range procs {
		p.kill()
	}
	settle(t, survivor, client, name, each*len(procs), book)
}

// A node dies and its people do not come back: their leases run out, their partners are told, and any other node
// clears up after them.
func TestDeadNodesPeopleGo(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	client, book := newClient(t, addr), newLedger(t)
	cfg := fast(name)
	told := make(chan match.Event, 16)
	cfg.Notify = func(e match.Event) { told <- e }
	cfg.Lease, cfg.Confirm = time.Second, 10*time.Second
	q := running(t, client, cfg)
	node := startNode(t, addr, name, 0, 20, cfg.Lease, book)
	t.Cleanup(node.kill)
	until(t, "people in line", func() bool { return book.count() > 500 })
	node.kill()
	audit(t, client, name)

	// Ada has met one of a node that has died since.
	doomed := running(t, client, cfg)
	ticket := func(who string) match.Ticket {
		return match.Ticket{Session: who, User: who, Wish: match.Wish{Mode: match.Video}}
	}
	for who, on := range map[string]*redis.Queue{"ada": q, "ben": doomed} {
		if _, err := on.Arrive(t.Context(), ticket(who)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the end of Ada's pair", func() bool { // her node renews her, nobody renews him
		s, err := q.Renew(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		return s.Ended != nil && s.Ended.Reason == match.EndLost
	})
	until(t, "word of it to Ada's node", func() bool {
		select {
		case e := <-told:
			return e.Session == "ada" && e.Kind == match.PairEnded && e.Reason == match.EndLost
		default:
			return false
		}
	})
	until(t, "nobody left", func() bool {
		n, err := client.HLen(t.Context(), "{"+name+"}:people").Result()
		return err == nil && n == 0
	})
	audit(t, client, name)
}
