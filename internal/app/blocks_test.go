package app_test

import (
	"context"
	"testing"

	"passerby/client"
	"passerby/internal/app"
	"passerby/internal/config"
)

// lives starts a server; end stops it cleanly.
func lives(t *testing.T, c config.Config) (s *app.Server, end func()) {
	t.Helper()
	s, err := app.Start(c, &log{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	over := false
	end = func() {
		if over {
			return
		}
		over = true
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(end)
	return s, end
}

// TestBlocksOutliveTheServer: one node, its queue in memory and its database in a file. Ann blocks Ben; the server is started anew, which
// forgets whom it paired; both come again with their devices, in either order, and never meet. A device that nobody blocked does meet them.
func TestBlocksOutliveTheServer(t *testing.T) {
	c := local(t)
	c.DrainTimeout = 0
	ann, ben := client.Config{Device: newKey(t)}, client.Config{Device: newKey(t)}
	in := func(s *app.Server, who client.Config) *client.Client {
		t.Helper()
		who.URL = s.URL()
		return come(t, who)
	}

	s, end := lives(t, c)
	a, b := in(s, ann), in(s, ben)
	match := pair(t, a, b)
	if err := a.Block(match); err != nil {
		t.Fatal(err)
	}
	hears[client.Blocked](t, a)
	hears[client.Ended](t, b)
	a.Close()
	b.Close()
	end()

	for name, order := range map[string][2]client.Config{"who blocked comes first": {ann, ben}, "who was blocked comes first": {ben, ann}} {
		s, end := lives(t, c)
		one, two := in(s, order[0]), in(s, order[1])
		if looks(t, one) != nil || looks(t, two) != nil {
			t.Fatalf("%s: they meet", name)
		}
		met := map[string]bool{}
		for range 2 { // Ben with another device is somebody else, as the server knows people
			fresh := in(s, client.Config{Device: newKey(t)})
			m := looks(t, fresh)
			if m == nil {
				found := hears[client.Matched](t, fresh)
				m = &found
			}
			met[m.Match] = true
		}
		if x, y := hears[client.Matched](t, one).Match, hears[client.Matched](t, two).Match; x == y || !met[x] || !met[y] {
			t.Errorf("%s: they have matches %s and %s, the others %v", name, x, y, met)
		}
		end()
	}
}

// TestNobodyIsBlockedByAStart is what the test above would see without the block: after a start, two who met before meet again.
func TestNobodyIsBlockedByAStart(t *testing.T) {
	c := local(t)
	c.DrainTimeout = 0
	devices := [2]client.Config{{Device: newKey(t)}, {Device: newKey(t)}}
	for range 2 {
		s, end := lives(t, c)
		for i := range devices {
			devices[i].URL = s.URL()
		}
		a, b := come(t, devices[0]), come(t, devices[1])
		pair(t, a, b)
		a.Close()
		b.Close()
		end()
	}
}
