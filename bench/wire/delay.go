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
	TextP50, TextP99, RelayP50, RelayP99, BareP50, BareP99 float64
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
	relays, err := startRelays(redisServer.addr)
	for _, r := range relays {
		if r != nil {
			defer r.stop()
		}
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var couples []*couple
	for i := range pairsAtOnce {
		c, err := newCouple(ctx, nodes, relays, redisServer.addr, i)
		if err != nil {
			return nil, err
		}
		defer c.close()
		couples = append(couples, c)
	}
	fmt.Printf("\nW2: a text across two nodes, %d pairs, one text each %v, beside the barest relay and PUBLISH → SUBSCRIBE; ms\n%8s %10s %10s %10s %10s %10s %10s %12s %12s\n",
		pairsAtOnce, pace, "round", "text p50", "text p99", "relay p50", "relay p99", "bare p50", "bare p99", "text ÷ bare", "relay ÷ bare")
	var results []delay
	var ratios, least []float64
	for round := range rounds {
		d, err := measureRound(couples)
		if err != nil {
			return nil, err
		}
		own, theirs := d.TextP50/d.BareP50, d.RelayP50/d.BareP50
		fmt.Printf("%8d %10.3f %10.3f %10.3f %10.3f %10.3f %10.3f %12.2f %12.2f\n",
			round+1, d.TextP50, d.TextP99, d.RelayP50, d.RelayP99, d.BareP50, d.BareP99, own, theirs)
		results, ratios, least = append(results, d), append(ratios, own), append(least, theirs)
	}
	fmt.Printf("text ÷ bare, p50, min / median / max: %s (aim: 2); relay ÷ bare: %s\n", show(spread(ratios)), show(spread(least)))
	return results, nil
}

func measureRound(couples []*couple) (delay, error) {
	var mu sync.Mutex
	var sum times
	var g errgroup.Group
	for i, c := range couples {
		g.Go(func() error {
			time.Sleep(pace * time.Duration(i) / pairsAtOnce) // not all at once
			t, err := c.talk()
			mu.Lock()
			defer mu.Unlock()
			sum.text, sum.relay, sum.bare = append(sum.text, t.text...), append(sum.relay, t.relay...), append(sum.bare, t.bare...)
			return err
		})
	}
	err := g.Wait()
	return delay{
		quantile(sum.text, 50), quantile(sum.text, 99), quantile(sum.relay, 50), quantile(sum.relay, 99),
		quantile(sum.bare, 50), quantile(sum.bare, 99),
	}, err
}

// times are the delays of one kind of message each.
type times struct{ text, relay, bare []time.Duration }

func quantile(d []time.Duration, percent int) float64 {
	slices.Sort(d)
	if len(d) == 0 {
		return 0
	}
	return float64(d[len(d)*percent/100].Microseconds()) / 1000
}

// couple is two people on two nodes, and beside them a socket on each relay, and a publisher and subscriber.
type couple struct {
	from, to *websocket.Conn
	in, out  *websocket.Conn // of the relays
	match    string
	n        uint64
	client   *redis.Client
	channel  string
	sub      *redis.PubSub
}

func newCouple(ctx context.Context, nodes []*process, relays [2]*process, redisAddr string, i int) (c *couple, err error) {
	c = &couple{client: redis.NewClient(&redis.Options{Addr: redisAddr, DisableIdentity: true}), channel: fmt.Sprint("bare-", i)}
	if c.from, err = enter(ctx, nodes[0].addr, 2*i); err != nil {
		return nil, err
	}
	if c.to, err = enter(ctx, nodes[1].addr, 2*i+1); err != nil {
		return nil, err
	}
	if c.in, err = connect(ctx, fmt.Sprintf("ws://%s/%d", relays[0].addr, i), 2*i); err != nil {
		return nil, err
	}
	if c.out, err = connect(ctx, fmt.Sprintf("ws://%s/%d", relays[1].addr, i), 2*i+1); err != nil {
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
	_ = c.in.Close()
	_ = c.out.Close()
	_ = c.sub.Close()
	_ = c.client.Close()
}

// talk sends texts at the pace, each beside a message by the relays and a bare one; one is done before the next begins,
// and each kind is as often the first, which finds everybody asleep, as the others.
func (c *couple) talk() (t times, err error) {
	body := base64.RawURLEncoding.EncodeToString(append([]byte{1}, make([]byte, 260)...))
	payload := make([]byte, 512) // about what an envelope with such a text has
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for i := range texts {
		<-tick.C
		c.n++
		frame := protocol.Append(nil, &protocol.Text{Match: c.match, N: c.n, Body: body})
		ways := []struct {
			pass  func() (time.Time, error)
			times *[]time.Duration
		}{
			{func() (time.Time, error) { return c.say(frame) }, &t.text},
			{func() (time.Time, error) { return c.relay(frame) }, &t.relay},
			{func() (time.Time, error) { return c.publish(payload) }, &t.bare},
		}
		for k := range ways {
			way := ways[(i+k)%len(ways)]
			start := time.Now()
			end, err := way.pass()
			if err != nil {
				return t, err
			}
			*way.times = append(*way.times, end.Sub(start))
		}
	}
	return t, nil
}

// say passes one text, and answers when it was there.
func (c *couple) say(frame []byte) (end time.Time, err error) {
	if err := c.from.WriteMessage(websocket.TextMessage, frame); err != nil {
		return end, err
	}
	_, data, err := c.to.ReadMessage()
	end = time.Now()
	if err != nil {
		return end, err
	}
	m, err := protocol.ParseServer(data)
	if text, ok := m.(*protocol.PartnerText); err == nil && (!ok || text.N != c.n) {
		err = fmt.Errorf("%s came for text %d", data, c.n)
	}
	return end, err
}

func (c *couple) relay(frame []byte) (end time.Time, err error) {
	if err := c.in.WriteMessage(websocket.TextMessage, frame); err != nil {
		return end, err
	}
	_, _, err = c.out.ReadMessage()
	return time.Now(), err
}

func (c *couple) publish(payload []byte) (end time.Time, err error) {
	if err := c.client.SPublish(context.Background(), c.channel, payload).Err(); err != nil {
		return end, err
	}
	_, err = c.sub.ReceiveMessage(context.Background())
	return time.Now(), err
}
