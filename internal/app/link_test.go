package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"passerby/client/e2ee"
	"passerby/internal/stack"
	"passerby/internal/testenv"
)

// caller is a stranger in a call.
type caller struct {
	*testenv.Stranger
	matched testenv.Matched
	keys    *e2ee.Keys
	frames  uint64
}

func arrive(t *testing.T, ctx context.Context, node *stack.Node) *caller {
	t.Helper()
	s, err := testenv.Arrive(ctx, "http://"+node.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &caller{Stranger: s}
}

func (c *caller) meet(t *testing.T) {
	t.Helper()
	var err error
	if c.matched, c.keys, err = c.Meet(); err != nil {
		t.Error(err)
	}
}

// film sends a key frame and a packet of audio.
func (c *caller) film(t *testing.T, picture string) {
	t.Helper()
	c.frames++
	head := []byte{0x10, 2, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0} // RFC 6386 §9.1: a key frame
	video := c.keys.Send.Video.Seal(append(head, picture...), len(head), c.keys.ID, c.frames)
	audio := c.keys.Send.Audio.Seal(append([]byte{0x78}, picture...), e2ee.ClearOpus, c.keys.ID, c.frames)
	for _, f := range []testenv.Frame{{Kind: "video", Data: video}, {Kind: "audio", Data: audio}} {
		if err := c.Film(f); err != nil {
			t.Error(err)
		}
	}
}

// sees waits until the partner's picture and sound came and open under the keys of the match.
func (c *caller) sees(t *testing.T, ctx context.Context, partner *caller, picture string) {
	t.Helper()
	seen := map[string]bool{}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !seen["video"] || !seen["audio"] {
		select {
		case <-tick.C:
			partner.film(t, picture)
		case f := <-c.Frames:
			clear, key := e2ee.ClearOpus, c.keys.Receive.Audio
			if f.Kind == "video" {
				clear, _ = e2ee.ClearVP8(f.Data)
				key = c.keys.Receive.Video
			}
			s, err := e2ee.Split(f.Data, clear)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := key.Open(s)
			if err != nil {
				t.Fatalf("%s: %v", f.Kind, err)
			}
			seen[f.Kind] = seen[f.Kind] || bytes.HasSuffix(plain, []byte(picture))
		case <-ctx.Done():
			t.Fatalf("of %q came only %v", picture, seen)
		}
	}
}

// says sends a text over the data channel, which comes out of the partner's.
func (c *caller) says(t *testing.T, ctx context.Context, partner *caller, text string) {
	t.Helper()
	raw := fmt.Appendf(append([]byte{1}, make([]byte, bodyHead-1)...), "%s", text)
	body := base64.RawURLEncoding.EncodeToString(raw)
	if err := c.Say(ctx, fmt.Sprintf(`{"type":"text","match":%q,"n":1,"body":%q}`, c.matched.Match, body)); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case m := <-partner.Texts:
			if strings.Contains(m, `"type":"text"`) && strings.Contains(m, body) {
				return
			}
		case <-ctx.Done():
			t.Fatalf("%q did not come", text)
		}
	}
}

// TestCallBetweenNodes: strangers on different nodes have picture, sound and text through their own nodes.
func TestCallBetweenNodes(t *testing.T) {
	redis, dir := testenv.Redis(t), t.TempDir()
	one, two := startNode(t, redis, dir, "one"), startNode(t, redis, dir, "two")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ann, bob := arrive(t, ctx, one), arrive(t, ctx, two)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ann.meet(t)
	}()
	bob.meet(t)
	<-done
	if t.Failed() || ann.matched.Match != bob.matched.Match {
		t.Fatalf("matches %q and %q", ann.matched.Match, bob.matched.Match)
	}
	for _, c := range []*caller{ann, bob} {
		if err := c.Keyed(c.matched.Match); err != nil {
			t.Fatal(err)
		}
	}
	bob.sees(t, ctx, ann, "ann's face")
	ann.sees(t, ctx, bob, "bob's face")
	ann.says(t, ctx, bob, "hello")
	bob.says(t, ctx, ann, "hello yourself")
}
