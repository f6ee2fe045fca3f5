package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/internal/stack"
)

// settings say how a run goes.
type settings struct {
	cluster  stack.Config
	repo     string        // where the repository is
	clients  int           // an even number, so that everybody finds somebody
	browsers int           // people at pages in real browsers, besides; an even number, too
	last     time.Duration // how long nodes are killed
	every    time.Duration // from one kill to the next
	down     time.Duration // how long a killed node is away
	rolling  bool          // nodes are told to stop, and started again when they have, instead of being killed
	pace     time.Duration // between two texts of one person, on average
	patient  time.Duration // who gets nowhere for so long is stuck
	say      func(format string, args ...any)
}

// result is what a run found.
type result struct {
	Clients, Browsers, Kills, Matches, Finished, Resumed, Fresh, Repeats int
	Rolling                                                              bool // Kills are restarts

	Moved      int     // to another node without a break, because their own stopped
	PictureGap float64 // seconds in which a partner's picture stood still in a match, at most

	PagesFinished int // of Finished, by people in browsers
	PagesResumed  int // of Resumed
	Figures       figures
	Faults        []string
	AwayP50       float64 // seconds from losing the connection to being welcomed again
	AwayMax       float64
	LongestGap    float64        // seconds in which somebody did not get on
	Troubles      map[string]int // errors that the server answered, by code
}

// chaos lets people talk on a cluster whose nodes are killed, and checks what they see.
func chaos(ctx context.Context, s settings) (_ result, err error) {
	c, err := stack.StartCluster(s.cluster)
	if err != nil {
		return result{}, err
	}
	defer c.Kill()
	book := newLedger()
	ctx, end := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer end()
	r := &run{settings: s, cluster: c, book: book}
	if s.browsers > 0 {
		if r.pages, err = startPages(ctx, s, c.URL(), book); err != nil {
			return result{}, err
		}
		defer func() { err = errors.Join(err, r.pages.close()) }()
		r.people = append(r.people, r.pages.people...)
	}
	for i := range s.clients {
		client := r.newClient(i)
		r.clients, r.people = append(r.clients, client), append(r.people, &client.person)
		all.Go(func() { client.live(ctx) })
	}
	all.Go(func() { r.watch(ctx) })
	if err := r.audits(ctx, &all); err != nil {
		return result{}, err
	}
	if err := r.kill(ctx); err != nil {
		return result{}, err
	}
	r.settle(ctx)
	if ctx.Err() != nil {
		return result{}, ctx.Err()
	}
	end()
	all.Wait()
	return r.result(), nil
}

// run is one run while it runs.
type run struct {
	settings
	cluster *stack.Cluster
	book    *ledger
	clients []*client
	pages   *pages    // nil without
	people  []*person // clients and pages
	kills   int

	mu  sync.Mutex // guards gap
	gap time.Duration
}

// newClient makes a person who comes through NGINX, or, as through a balancer of connections, to any node that listens.
func (r *run) newClient(i int) *client {
	rng := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // a small number
	c := &client{pace: r.pace, rand: rng, person: person{
		name: fmt.Sprint("p", i), book: r.book, state: "connecting", lastOn: time.Now(), troubles: map[string]int{},
	}}
	c.where = c.stands
	c.from = &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/200), byte(1+i%200))}}
	if c.base = r.cluster.URL; i%2 == 1 {
		c.base = func() string { return r.anyNode() }
	}
	return c
}

func (r *run) anyNode() string {
	for _, i := range rand.Perm(len(r.cluster.Nodes)) {
		addr := r.cluster.Nodes[i].Addr
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return "http://" + addr
		}
	}
	return r.cluster.URL()
}

// kill kills one node after the other, or tells it to stop, and starts each again.
func (r *run) kill(ctx context.Context) error {
	tick := time.NewTicker(r.every)
	defer tick.Stop()
	for r.kills < int(r.last/r.every) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		n := r.cluster.Nodes[r.kills%len(r.cluster.Nodes)]
		r.kills++
		if r.rolling {
			began := time.Now()
			n.Signal("TERM")
			if err := n.Err(); err != nil {
				return fmt.Errorf("%s was told to stop: %w", n.Name, err)
			}
			r.say("%s stopped in %.1f s (%d)", n.Name, time.Since(began).Seconds(), r.kills)
			if err := n.Start(); err != nil {
				return err
			}
			continue
		}
		n.Kill()
		r.say("%s killed (%d)", n.Name, r.kills)
		select {
		case <-time.After(r.down):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := n.Start(); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until each person has finished one more talk that began after the last kill, lets them leave one after
// the other, and notes who never did.
func (r *run) settle(ctx context.Context) {
	before := make([]int, len(r.people))
	for i, p := range r.people {
		p.mu.Lock()
		before[i] = p.talks + 1 // the one that runs may have begun before
		p.mu.Unlock()
	}
	r.say("no more kills; everybody has to finish another talk")
	r.until(ctx, func(i int, p *person) bool { return p.talks > before[i] })
	for _, p := range r.people {
		p.mu.Lock()
		p.calm = true
		p.mu.Unlock()
	}
	if r.pages != nil {
		r.pages.settle()
	}
	r.until(ctx, func(_ int, p *person) bool { return p.state == "done" })
}

// until waits until something holds for everybody, and notes for whom it does not in twice the time that is given to them.
func (r *run) until(ctx context.Context, ok func(i int, p *person) bool) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for late := time.Now().Add(2 * r.patient); ; {
		waiting := map[string]string{}
		for i, p := range r.people {
			p.mu.Lock()
			if !ok(i, p) {
				waiting[p.name] = p.where()
			}
			p.mu.Unlock()
		}
		if len(waiting) == 0 || ctx.Err() != nil {
			return
		}
		if time.Now().After(late) {
			for name, where := range waiting {
				r.book.stuck(name, where)
			}
			return
		}
		<-tick.C
	}
}

// stands is called with mu held.
func (c *client) stands() string {
	s := fmt.Sprintf("%s, connected %t, %d finished, got on %.1f s ago", c.state, c.socket != nil, c.talks, time.Since(c.lastOn).Seconds())
	if t := c.talk; t != nil {
		s += fmt.Sprintf(", in %s with %s: sent %d of %d, acknowledged %d, shown %d of %d", t.match, t.partner, t.sent, t.plan, t.acked, t.shown, t.theyPlan)
	}
	return s
}

// watch notes who gets nowhere.
func (r *run) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	told := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, p := range r.people {
				p.mu.Lock()
				gap, where, done := now.Sub(p.lastOn), p.where(), p.calm
				p.mu.Unlock()
				if done {
					continue
				}
				r.mu.Lock()
				r.gap = max(r.gap, gap)
				r.mu.Unlock()
				if gap > r.patient && !told[p.name] {
					told[p.name] = true
					r.book.stuck(p.name, where)
				}
			}
		}
	}
}

// audits looks at the keys of the queue as a whole, again and again.
func (r *run) audits(ctx context.Context, all *sync.WaitGroup) error {
	source, err := os.ReadFile(filepath.Join(r.repo, "match/redis/testdata/audit.lua"))
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: strings.TrimPrefix(r.cluster.Redis.URL(), "redis://"), DisableIdentity: true})
	all.Go(func() {
		defer func() { _ = client.Close() }()
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				const root = "{passerby}:"
				wrong, err := client.Eval(ctx, string(source), []string{root}, root).StringSlice()
				if err != nil && ctx.Err() == nil {
					wrong = []string{err.Error()}
				}
				r.book.audited(wrong)
			}
		}
	})
	return nil
}

func (r *run) result() result {
	out := result{Clients: len(r.clients), Browsers: r.browsers, Kills: r.kills, Matches: r.book.matches(), Rolling: r.rolling, Troubles: map[string]int{}, LongestGap: r.gap.Seconds()}
	out.Figures, out.Faults = r.book.close()
	var away []time.Duration
	for _, p := range r.people {
		out.Finished += p.talks
		out.Resumed += p.resumed
		out.Fresh += p.fresh
		out.Moved += p.moves
		out.PictureGap = max(out.PictureGap, p.gap.Seconds())
		for code, n := range p.troubles {
			out.Troubles[code] += n
		}
	}
	if r.pages != nil {
		for _, p := range r.pages.people {
			out.PagesFinished += p.talks
			out.PagesResumed += p.resumed
		}
	}
	for _, c := range r.clients {
		out.Repeats += c.repeats
		away = append(away, c.away...)
	}
	if slices.Sort(away); len(away) > 0 {
		out.AwayP50, out.AwayMax = away[len(away)/2].Seconds(), away[len(away)-1].Seconds()
	}
	return out
}
