package signaling_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

const attacker, honest = "203.0.113.7/32", "2001:db8::/64"

// crowd opens connections from one network until it is refused; each said hello, or none.
func (n *node) crowd(t *testing.T, network string, hello bool) (in []*client, refusal *http.Response) {
	t.Helper()
	for i := range 200 {
		c, resp := n.connectFrom(t, fmt.Sprint(network, i), network)
		if c == nil {
			return in, resp
		}
		if in = append(in, c); hello {
			c.hello(fmt.Sprintf("user-%d/s-%s-%d", i, network, i), "")
		}
	}
	t.Fatalf("%s was never refused", network)
	return nil, nil
}

func (n *node) admits(t *testing.T, name, network string) *client {
	t.Helper()
	c, resp := n.connectFrom(t, name, network)
	if c == nil {
		t.Fatalf("%s from %s was refused with status %d", name, network, resp.StatusCode)
	}
	c.hello("user-"+name+"/s-"+name, "")
	return c
}

func TestOneNetworkCannotShutOthersOut(t *testing.T) {
	for _, tt := range []struct {
		name  string
		hello bool
		cfg   signaling.Config
		want  int
	}{
		{"before hello", false, signaling.Config{MaxSessions: 100}, 41 / 8},
		{"after hello", true, signaling.Config{MaxSessions: 100, PerNetwork: 6}, 6},
		{"half of all", true, signaling.Config{MaxSessions: 40, PerNetwork: 1000}, (40 + 26) / 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newWorld(t, 1, tt.cfg).nodes[0]
			in, refusal := n.crowd(t, attacker, tt.hello)
			if len(in) != tt.want {
				t.Errorf("%d connections of one network, want %d", len(in), tt.want)
			}
			if refusal.Header.Get("Retry-After") == "" {
				t.Error("the refusal does not say when to come again")
			}
			wantHTTPError(t, refusal, http.StatusTooManyRequests, protocol.RateLimited)
			n.admits(t, "ann", honest).quiet()
			n.admits(t, "operator", "").quiet()
			_ = in[0].ws.Close()
			until(t, "the one that left makes room for one", func() bool { return n.hub.Stats().Connections == len(in)+1 })
			n.admits(t, "eve", attacker).quiet()
		})
	}
}

// Even together, networks that say nothing leave those alone who are in.
func TestPoolOfNewcomers(t *testing.T) {
	n := newWorld(t, 1, signaling.Config{MaxSessions: 10}).nodes[0] // 18 newcomers, 2 of a network
	ann := n.admits(t, "ann", honest)
	for i := range 9 {
		if in, _ := n.crowd(t, fmt.Sprintf("198.51.100.%d/32", i), false); len(in) != 2 {
			t.Fatalf("%d newcomers of network %d, want 2", len(in), i)
		}
	}
	c, refusal := n.connectFrom(t, "late", "198.51.100.200/32")
	if c != nil {
		t.Fatal("a newcomer beyond the pool came in")
	}
	wantHTTPError(t, refusal, http.StatusServiceUnavailable, protocol.ServerFull)
	ann.quiet()
}

func TestHelloTimeoutMakesRoom(t *testing.T) {
	n := newWorld(t, 1, signaling.Config{MaxSessions: 10, Hello: 50 * time.Millisecond}).nodes[0]
	for range 3 {
		for range 2 {
			if c, _ := n.connectFrom(t, "silent", attacker); c == nil {
				t.Fatal("the time-out of hello did not make room")
			}
		}
		until(t, "the silent ones are gone", func() bool { return n.hub.Stats().Connections == 0 })
	}
}

// A request that does not become a connection takes no room.
func TestFailedUpgradesTakeNoRoom(t *testing.T) {
	n := newWorld(t, 1, signaling.Config{MaxSessions: 10}).nodes[0]
	for range 40 {
		_, resp, err := n.dial(t, http.Header{"Test-Network": {attacker}, "Origin": {"https://evil.example"}})
		if err == nil {
			t.Fatal("accepted")
		}
		wantHTTPError(t, resp, http.StatusForbidden, protocol.OriginForbidden)
	}
	n.admits(t, "eve", attacker).quiet()
}
