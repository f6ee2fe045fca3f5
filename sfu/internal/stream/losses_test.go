package stream_test

import (
	"slices"
	"testing"
	"time"

	"passerby/sfu/internal/stream"
)

func TestLosses(t *testing.T) {
	var l stream.Losses
	ms := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Millisecond) }
	due := func(at int) []uint16 {
		t.Helper()
		got, lost := l.Due(ms(at), nil)
		if lost {
			t.Errorf("at %d ms: given up", at)
		}
		slices.Sort(got)
		return got
	}
	l.Received(65534, true, ms(0))
	l.Received(1, true, ms(0)) // 65535 and 0 are missing
	if got := due(7); got != nil {
		t.Errorf("asked before a reordered packet could come: %v", got)
	}
	l.Received(0, true, ms(7))
	if got := due(8); !slices.Equal(got, []uint16{65535}) {
		t.Errorf("at 8 ms: %v", got)
	}
	if got := due(50); got != nil {
		t.Errorf("asked again at once: %v", got)
	}
	l.Received(4, true, ms(60))
	if got := due(69); !slices.Equal(got, []uint16{2, 3, 65535}) {
		t.Errorf("at 69 ms: %v", got)
	}
	l.Received(65535, true, ms(70))
	l.Received(2, true, ms(70))
	l.Received(3, true, ms(70))
	l.Received(3, true, ms(70))
	if got := due(1000); got != nil {
		t.Errorf("nothing is missing: %v", got)
	}
}

func TestLossesGiveUp(t *testing.T) {
	var l stream.Losses
	l.Received(1, true, epoch)
	l.Received(3, true, epoch)
	asked, gaveUp := 0, false
	for ms := range 2000 {
		got, lost := l.Due(epoch.Add(time.Duration(ms)*time.Millisecond), nil)
		asked += len(got)
		gaveUp = gaveUp || lost
	}
	if asked != 6 || !gaveUp {
		t.Errorf("asked %d times, gave up %v", asked, gaveUp)
	}
	l.Received(1000, true, epoch) // far too much
	if got, lost := l.Due(epoch.Add(time.Hour), nil); len(got) != 0 || !lost {
		t.Errorf("after a gap of 996: asked for %d, lost %v", len(got), lost)
	}
	l.Received(1002, true, epoch)
	if got, _ := l.Due(epoch.Add(time.Hour), nil); !slices.Equal(got, []uint16{1001}) {
		t.Errorf("after the gap: %v", got)
	}
}

// TestLossesFarAway: over a long way a packet is not given up before its repair can be there, and soon no longer asked for
// twice.
func TestLossesFarAway(t *testing.T) {
	const trip = 480 // ms, there and back
	var l stream.Losses
	repairs := map[int][]uint16{} // by the millisecond of their arrival
	asked, seq := map[uint16]int{}, uint16(0)
	for ms := range 20_000 {
		now := epoch.Add(time.Duration(ms) * time.Millisecond)
		if ms%10 == 0 {
			if seq++; seq%60 != 0 { // every sixtieth is lost
				l.Received(seq, true, now)
			}
		}
		for _, s := range repairs[ms] {
			l.Received(s, true, now)
		}
		due, lost := l.Due(now, nil)
		if lost {
			t.Fatalf("at %d ms a packet is given up", ms)
		}
		for _, s := range due {
			asked[s]++
			repairs[ms+trip] = append(repairs[ms+trip], s)
		}
	}
	late := 0
	for s, n := range asked {
		if s > 500 && n > 1 {
			late++
		}
	}
	if late > 0 {
		t.Errorf("%d of %d packets were asked for twice after five seconds", late, len(asked))
	}
}

// TestLossesOfRequests: on a way that loses many packets each request is made twice, a little apart, and counts once.
func TestLossesOfRequests(t *testing.T) {
	var l stream.Losses
	asked := map[uint16][]int{} // by number, at which milliseconds
	seq := uint16(0)
	for ms := range 20_000 {
		now := epoch.Add(time.Duration(ms) * time.Millisecond)
		if ms%10 == 0 {
			if seq++; seq%20 != 0 {
				l.Received(seq, true, now)
			}
		}
		due, _ := l.Due(now, nil)
		for _, s := range due {
			if asked[s] = append(asked[s], ms); len(asked[s]) == 2 {
				l.Received(s, true, now) // the first request was lost
			}
		}
	}
	for s, at := range asked {
		if s > 500 && (len(at) != 2 || at[1]-at[0] > 20) {
			t.Fatalf("packet %d was asked for at %v ms", s, at)
		}
	}
	if len(asked) < 90 {
		t.Fatalf("%d packets were asked for", len(asked))
	}
}

// TestLossOfTheEnd: where packets are lost, the last one of a picture is asked for before the next picture comes, and only then; how slow
// a way is is learnt.
func TestLossOfTheEnd(t *testing.T) {
	const every, packets, trip = 200, 5, 100 // ms between pictures, in each, ms there and back
	for name, tt := range map[string]struct {
		lost  func(picture, packet int) bool
		pace  int // ms between the packets of a picture
		asked func(after int) bool
	}{
		"the last of each fourth":              {func(picture, packet int) bool { return picture%4 == 0 && packet == packets-1 }, 4, func(after int) bool { return after <= 30 }},
		"none":                                 {func(int, int) bool { return false }, 40, func(int) bool { return false }},
		"one in each fourth, and all are slow": {func(picture, packet int) bool { return picture%4 == 0 && packet == 1 }, 30, func(int) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			var l stream.Losses
			type arrival struct {
				seq  uint16
				ends bool
			}
			arrives, due := map[int][]arrival{}, map[uint16]int{} // by millisecond; when it was due, by number
			for picture := range 200 {
				for packet := range packets {
					seq, at := uint16(picture*packets+packet), picture*every+packet*tt.pace
					if due[seq] = at; !tt.lost(picture, packet) {
						arrives[at] = append(arrives[at], arrival{seq, packet == packets-1})
					}
				}
			}
			asked := map[uint16]bool{}
			for ms := range 200 * every {
				now := epoch.Add(time.Duration(ms) * time.Millisecond)
				for _, a := range arrives[ms] {
					l.Received(a.seq, a.ends, now)
				}
				wanted, gaveUp := l.Due(now, nil)
				if gaveUp {
					t.Fatalf("at %d ms a packet is given up", ms)
				}
				for _, seq := range wanted {
					if ms > 80*every && !asked[seq] && !tt.asked(ms-due[seq]) { // before, it is not known how much is lost
						t.Errorf("%d, due at %d ms, is asked for at %d", seq, due[seq], ms)
					}
					asked[seq] = true
					if due[seq] > ms { // not sent yet
						continue
					}
					arrives[ms+trip] = append(arrives[ms+trip], arrival{seq, seq%packets == packets-1})
				}
			}
			lost, needless := 0, 0
			for picture := range 200 {
				for packet := range packets {
					switch gone := tt.lost(picture, packet); {
					case gone:
						lost++
					case asked[uint16(picture*packets+packet)]:
						needless++
					}
				}
			}
			if len(asked)-needless < lost-1 || needless > 10 {
				t.Errorf("of %d lost packets %d were asked for, and %d others", lost, len(asked)-needless, needless)
			}
		})
	}
}

// lossy is a way that is known to lose packets, in the middle of a picture: when its last packet came, and under which number.
func lossy(seq uint16) (l *stream.Losses, now time.Time, last uint16) {
	l, now = &stream.Losses{}, epoch
	for range 200 {
		now = now.Add(10 * time.Millisecond)
		seq += 2
		l.Received(seq, false, now)
		l.Received(seq-1, false, now)
	}
	return l, now, seq
}

// A sender who stops in the middle of a picture has lost nothing: no key frame is wanted for what never was.
func TestWhatNeverWasIsNotLost(t *testing.T) {
	l, now, _ := lossy(0)
	asked := 0
	for range 3000 {
		now = now.Add(time.Millisecond)
		due, lost := l.Due(now, nil)
		asked += len(due)
		if lost {
			t.Fatal("something is given up")
		}
	}
	if asked == 0 || asked > 12 {
		t.Errorf("asked %d times", asked)
	}
}

// What was suspected and given up is an ordinary loss once more has come: all of a gap is asked for, and what cannot be had costs a key
// frame.
func TestSuspectsAreNotForgotten(t *testing.T) {
	for name, after := range map[string]struct {
		comes uint16 // the next packet, so many after the last one
		when  time.Duration
		lost  bool
	}{
		"a gap after the end of trying": {comes: 20, when: 3 * time.Second},
		"pictures that go on meanwhile": {comes: 2, when: 100 * time.Millisecond, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			l, now, seq := lossy(65500)
			begin, came, asked, gaveUp := now, false, map[uint16]bool{}, false
			for range 6000 {
				now = now.Add(time.Millisecond)
				if !came && now.Sub(begin) > after.when {
					came = true
					l.Received(seq+after.comes, true, now)
				}
				due, lost := l.Due(now, nil)
				for _, s := range due {
					if came {
						asked[s-seq] = true
					}
				}
				gaveUp = gaveUp || lost
				if came && !after.lost && now.Sub(begin) > after.when+20*time.Millisecond {
					break
				}
			}
			if after.lost && !gaveUp {
				t.Error("no key frame is wanted")
			}
			for s := uint16(1); s < after.comes; s++ {
				if !asked[s] {
					t.Errorf("the packet %d after the last one is not asked for", s)
				}
			}
		})
	}
}
