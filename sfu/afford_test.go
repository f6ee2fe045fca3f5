package sfu

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerby/sfu/internal/congestion"
)

// floors is what three pictures take at least.
var floors = [3]int64{congestion.Floor, congestion.Floor, congestion.Floor}

// TestAfford tells the story of a receiver with three pictures, by second: what the network carries, in floors, and how many
// pictures are held back.
func TestAfford(t *testing.T) {
	var a afford
	start := time.Now()
	limits := []float64{0, 4, 2.5, 2.5, 2.5, 2.5, 1.5, 1.5, 1.5, 1.5, 3, 3.1, 5, 0, 0, 0}
	want := []int{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0}
	var got []int
	for s, n := range limits {
		got = append(got, a.decide(floors[:], int64(n*congestion.Floor), start.Add(time.Duration(s)*time.Second)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("held back (-want +got):\n%s", diff)
	}
}

// TestAffordWants: what is asked for, once it is found, lets one picture more through; with all of them shown nothing is asked for.
func TestAffordWants(t *testing.T) {
	var a afford
	now := time.Now()
	for a.held < len(floors) {
		a.decide(floors[:], 1, now)
		now = now.Add(time.Second)
	}
	for held := len(floors) - 1; held >= 0; held-- {
		want := a.want(floors[:])
		if still := a.decide(floors[:], want-1, now); still != held+1 {
			t.Errorf("with less than is wanted %d are held back, not %d", still, held+1)
		}
		if a.decide(floors[:], want, now); a.held != held {
			t.Fatalf("with %d bit/s %d are held back, not %d", want, a.held, held)
		}
	}
	if want := a.want(floors[:]); want != 0 {
		t.Errorf("%d bit/s are wanted", want)
	}
}

// TestAffordTries: with nothing but sound on the way nobody knows whether there is room for a picture; it is tried now and
// then, more rarely each time.
func TestAffordTries(t *testing.T) {
	var a afford
	start := time.Now()
	var shown []int
	for s := range 200 {
		// A little over half of what a picture takes; half of that when it is sent after all.
		limit := int64(1.2 * congestion.Floor)
		if a.held == 0 {
			limit = congestion.Floor / 2
		}
		if was := a.held; a.decide(floors[:1], limit, start.Add(time.Duration(s)*time.Second)) < was {
			shown = append(shown, s)
		}
	}
	if diff := cmp.Diff([]int{12, 35, 78, 161}, shown); diff != "" {
		t.Errorf("tried at (-want +got):\n%s", diff)
	}
}

// TestHeldPicture: a picture that is held back asks for nothing and begins with a key frame again; the sound goes on.
func TestHeldPicture(t *testing.T) {
	from, d, w := receiver(t)
	now := time.Now()
	b := rtpBytes(t, video, 500)
	send := func(key bool) {
		b[3]++
		b[17] = 0
		if !key {
			b[17] = 1
		}
		now = now.Add(30 * time.Millisecond)
		from.receiveRTP(b, now)
	}
	send(true)
	send(false)
	d.hold(true, now)
	send(false)
	send(true)
	if d.asker.Active() {
		t.Error("a key frame is asked for that nobody is sent")
	}
	d.hold(false, now)
	if !d.asker.Active() {
		t.Error("no key frame is asked for")
	}
	send(false)
	send(true)
	if len(w.packets) != 3 || w.packets[2].SequenceNumber != w.packets[0].SequenceNumber+2 {
		t.Errorf("%d packets: %v", len(w.packets), w.packets)
	}
	d.hold(true, now)
	from.server.Route("to", "from", 5)
	if d.held {
		t.Error("a new partner is held back from the start")
	}
}
