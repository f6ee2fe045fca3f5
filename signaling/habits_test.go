package signaling_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/habit"
	"passerby/signaling/protocol"
)

// A program that says the same long thing to everybody at once is slowed down, and its network suspected; nobody is banned, and those whom
// it met are not touched.
func TestAProgramIsSlowedDown(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	var mu sync.Mutex
	acts, verdicts := map[string][]signaling.Act{}, []string{}
	w.allow = func(act signaling.Act, who string) (bool, time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		acts[who] = append(acts[who], act)
		return act != signaling.ActSlowFind, 10 * time.Second
	}
	w.judged = func(user string, network netip.Prefix, v habit.Verdict) {
		mu.Lock()
		defer mu.Unlock()
		verdicts = append(verdicts, fmt.Sprint(user, " of ", network, ": ", v))
	}
	n := w.nodes[0]
	const network = "203.0.113.7/32"
	bot, _ := n.connectFrom(t, "bot", network)
	bot.hello("user-bot/s-bot", "")
	for i := range 6 {
		ann := n.enter(t, fmt.Sprint("ann", i)) // six matches like these would make a program of her, too
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
	if n.metric(t, "suspects_total", "") != 1 || !slices.Equal(verdicts, []string{"user-bot of " + network + ": program"}) {
		t.Errorf("verdicts: %v", verdicts)
	}
	for i := range 6 {
		if slices.Contains(acts[fmt.Sprint("user-ann", i)], signaling.ActSlowFind) {
			t.Error("whom it met is slowed down, too")
		}
	}
	if got := acts[network]; len(got) != 6 || got[0] != signaling.ActNetworkFind {
		t.Errorf("the network's finds count as %v", got)
	}
}

// Who was found to behave like a program is slowed down in his next session, from any network, and a few matches of another kind do not
// change that. Others of his network are not slowed down.
func TestAProgramIsKnownAgain(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	var mu sync.Mutex
	slow, asked := map[string]int{}, 0
	w.allow = func(act signaling.Act, who string) (bool, time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if act == signaling.ActSlowFind {
			slow[who]++
		}
		return true, 0
	}
	w.suspected = func(user string) bool {
		mu.Lock()
		defer mu.Unlock()
		if user == "user-bot" {
			asked++
		}
		return user == "user-bot"
	}
	n := w.nodes[0]
	bot, _ := n.connectFrom(t, "bot", "198.51.100.9/32")
	bot.hello("user-bot/s-bot", "")
	ann, _ := n.connectFrom(t, "ann", "198.51.100.9/32")
	ann.hello("user-ann/s-ann", "")
	for range 4 {
		meet(ann, bot)
		bot.send(&protocol.Leave{Head: protocol.Re("l")})
		expect[*protocol.Left](bot)
		expect[*protocol.Ended](ann)
	}
	mu.Lock()
	defer mu.Unlock()
	if slow["user-bot"] != 4 || slow["user-ann"] != 0 || asked != 1 {
		t.Errorf("slowed down %v, asked %d times; want the program alone, in 4 matches, asked once", slow, asked)
	}
}
