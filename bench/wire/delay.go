package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"passerby/signaling/protocol"
)

const (
	pairsAtOnce = 10
	texts       = 200                   // of each pair in a round
	pace        = 50 * time.Millisecond // between two texts of a pair; the server allows 30 messages a second
)

// delay is one round of W2, in milliseconds.
type delay struct {
	TextP50, TextP99, BareP50, BareP99 float64
}

func measureDelay(bin, dir string, rounds int) ([]delay, error) {
	redisServer, err := startRedis(dir)
	if err != nil {
		return nil, err
	}
	defer redisServer.stop()
	var nodes []*process
	for range 2 {
		n, err := startNode(bin, dir, "redis://"+redisServer.addr)
		if err != nil {
			return nil, err
		}
		defer n.stop()
		nodes = append(nodes, n)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var couples []*couple
	for i := range pairsAtOnce {
		c, err := newCouple(ctx, nodes[0].addr, nodes[1].addr, redisServer.addr, i)
		if err != nil {
			return nil, err
		}
		defer c.close()
		couples = append(couples, c)
	}
	fmt.Printf("\nW2: a text across two nodes, %d pairs, one text each %v, beside PUBLISH → SUBSCRIBE; ms\n%8s %10s %10s %10s %10s %12s\n",
		pairsAtOnce, pace, "round", "text p50", "text p99", "bare p50", "bare p99", "p50 ÷ bare")
	var results []delay
	var ratios []float64
	for round := range rounds {
		d, err := measureRound(couples)
		if err != nil {
			return nil, err
		}
		fmt.Printf("%8d %10.3f %10.3f %10.3f %10.3f %12.2f\n", round+1, d.TextP50, d.TextP99, d.BareP50, d.BareP99, d.TextP50/d.BareP50)
		results, ratios = append(results, d), append(ratios, d.TextP50/d.BareP50)
	}
	fmt.Printf("text ÷ bare, p50, min / median / max: %s (aim: 2)\n", show(spread(ratios)))
	return results, nil
}

func measureRound(couples []*couple) (delay, error) {
	var mu sync.Mutex
	var text, bare []time.Duration
	var g errgroup.Group
	for i, c := range couples {
		g.Go(func() error {
			time.Sleep(pace * time.Duration(i) / pairsAtOnce) // not all at once
			t, b, err := c.talk()
			mu.Lock()
			defer mu.Unlock()
			text, bare = append(text, t...), append(bare, b...)
			return err
		})
	}
	err := g.Wait()
	return delay{quantile(text, 50), quantile(text, 99), quantile(bare, 50), quantile(bare, 99)}, err
}

func quantile(d []time.Duration, percent int) float64 {
	slices.Sort(d)
	if len(d) == 0 {
		return 0
	}
	return float64(d[len(d)*percent/100].Microseconds()) / 1000
}

// couple is two people on two nodes, and a publisher and subscriber beside them.
type couple struct {
	from, to *websocket.Conn
	match    string
	n        uint64
	client   *redis.Client
	channel  string
	sub      *redis.PubSub
}

func newCouple(ctx context.Context, one, two, redisAddr string, i int) (c *couple, err error) {
	c = &couple{client: redis.NewClient(&redis.Options{Addr: redisAddr, DisableIdentity: true}), channel: fmt.Sprint("bare-", i)}
	if c.from, err = enter(ctx, one, 2*i); err != nil {
		return nil, err
	}
	if c.to, err = enter(ctx, two, 2*i+1); err != nil {
		return nil, err
	}
	for _, socket := range []*websocket.Conn{c.from, c.to} {
		if err := say(socket, &protocol.Find{Mode: protocol.ModeText, Key: fmt.Sprint("p256:", i), Tags: []string{fmt.Sprint("pair ", i)}}); err != nil {
			return nil, err
		}
	}
	for _, socket := range []*websocket.Conn{c.from, c.to} {
		m, err := await[*protocol.Matched](socket)
		if err != nil {
			return nil, err
		}
		if c.match != "" && c.match != m.Match {
			return nil, fmt.Errorf("the two are in matches %s and %s", c.match, m.Match)
		}
		c.match = m.Match
	}
	c.sub = c.client.SSubscribe(ctx, c.channel)
	_, err = c.sub.Receive(ctx)
	return c, err
}

func (c *couple) close() {
	_ = c.from.Close()
	_ = c.to.Close()
	_ = c.sub.Close()
	_ = c.client.Close()
}

// talk sends texts at the pace, each beside a bare message, and measures both; one is done before the next begins.
func (c *couple) talk() (text, bare []time.Duration, err error) {
	body := base64.RawURLEncoding.EncodeToString(append([]byte{1}, make([]byte, 260)...))
	payload := make([]byte, 512) // about what an envelope with such a text has
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for range texts {
		<-tick.C
		c.n++
		start := time.Now()
		if err := say(c.from, &protocol.Text{Match: c.match, N: c.n, Body: body}); err != nil {
			return text, bare, err
		}
		m, err := await[*protocol.PartnerText](c.to)
		if err != nil {
			return text, bare, err
		}
		if m.N != c.n {
			return text, bare, fmt.Errorf("text %d came for %d", m.N, c.n)
		}
		text = append(text, time.Since(start))
		start = time.Now()
		if err := c.client.SPublish(context.Background(), c.channel, payload).Err(); err != nil {
			return text, bare, err
		}
		if _, err := c.sub.ReceiveMessage(context.Background()); err != nil {
			return text, bare, err
		}
		bare = append(bare, time.Since(start))
	}
	return text, bare, nil
}
