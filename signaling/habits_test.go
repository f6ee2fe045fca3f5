package signaling_test

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// A program that says the same long thing to everybody at once is slowed down, and its network suspected; nobody is banned, and those whom
// it met are not touched.
func TestAProgramIsSlowedDown(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	var mu sync.Mutex
	acts, suspects := map[string][]signaling.Act{}, []netip.Prefix{}
	w.allow = func(act signaling.Act, who string) (bool, time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		acts[who] = append(acts[who], act)
		return act != signaling.ActSlowFind, 10 * time.Second
	}
	w.suspected = func(network netip.Prefix) {
		mu.Lock()
		defer mu.Unlock()
		suspects = append(suspects, network)
	}
	n := w.nodes[0]
	const network = "203.0.113.7/32"
	bot, _ := n.connectFrom(t, "bot", network)
	bot.hello("user-bot/s-bot", "")
	ann := n.enter(t, "ann")
	for i := range 6 {
		m, _ := meet(ann, bot)
		bot.send(&protocol.Text{Match: m.Match, N: 1, Body: body(strings.Repeat("buy this ", 30))})
		expect[*protocol.PartnerText](ann)
		bot.send(&protocol.Leave{Head: protocol.Re("l")})
		expect[*protocol.Left](bot)
		expect[*protocol.Ended](ann)
		if i < 5 && n.metric(t, "suspects_total", "") != 0 {
			t.Fatalf("suspected after %d matches: anybody can have those", i+1)
		}
	}
	bot.send(&protocol.Find{Head: protocol.Re("f"), Mode: protocol.ModeVideo, Key: "p256:bot"})
	if e := bot.refused(protocol.RateLimited); e.Fatal || e.RetryAfterMS != 10_000 {
		t.Errorf("the program hears %+v", e)
	}
	mu.Lock()
	defer mu.Unlock()
	if n.metric(t, "suspects_total", "") != 1 || !slices.Equal(suspects, []netip.Prefix{netip.MustParsePrefix(network)}) {
		t.Errorf("suspects: %v", suspects)
	}
	if slices.ContainsFunc(acts["user-ann"], func(a signaling.Act) bool { return a == signaling.ActSlowFind }) {
		t.Error("whom it met is slowed down, too")
	}
	if got := acts[network]; len(got) != 6 || got[0] != signaling.ActNetworkFind {
		t.Errorf("the network's finds count as %v", got)
	}
}
