package habit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"passerby/signaling/habit"
)

// one is one match as somebody has it.
type one struct {
	delay, dwell time.Duration // delay 0: nothing is written
	length       int
	typed        bool
}

func live(matches []one) *habit.Trace {
	t, now := &habit.Trace{}, time.Unix(1_800_000_000, 0)
	for _, m := range matches {
		t.Met(now)
		if m.delay > 0 {
			if m.typed {
				t.Signalled(now.Add(m.delay - 500*time.Millisecond))
			}
			t.Wrote(now.Add(m.delay), m.length)
		}
		now = now.Add(m.dwell)
		t.Parted(now)
		now = now.Add(2 * time.Second)
	}
	return t
}

func repeat(n int, f func(i int) one) []one {
	all := make([]one, n)
	for i := range all {
		all[i] = f(i)
	}
	return all
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestPeopleAndPrograms(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func(least, most float64) time.Duration { return seconds(least + r.Float64()*(most-least)) }
	for _, tt := range []struct {
		name    string
		matches []one
		program bool
	}{
		{"a talker", repeat(12, func(i int) one { return one{some(2, 20), some(20, 400), 190 + i*13, true} }), false},
		{"who says hi to everybody", repeat(12, func(int) one { return one{some(1.6, 4), some(4, 60), 187, true} }), false},
		{"who pastes the same long greeting", repeat(12, func(int) one { return one{some(2, 6), some(5, 90), 320, true} }), false},
		{"who talks by voice alone", repeat(12, func(int) one { return one{0, some(3, 300), 0, false} }), false},
		{"who skips as fast as he can", repeat(12, func(int) one { return one{0, some(0.5, 3), 0, false} }), false},
		{"with a page that tells nothing of typing", repeat(12, func(i int) one { return one{some(2, 20), some(10, 100), 190 + i*7, false} }), false},
		{"who has just come", repeat(5, func(int) one { return one{seconds(1), seconds(1), 320, false} }), false},

		{"an advertiser", repeat(12, func(int) one { return one{some(0.2, 1), some(2, 9), 400, false} }), true},
		{"an advertiser that waits", repeat(12, func(int) one { return one{some(3, 9), some(4, 30), 400, false} }), true},
		{"an advertiser that pretends to type, by the clock", repeat(12, func(int) one { return one{seconds(3), some(4, 30), 400, true} }), true},
		{"a harvester that cycles by the clock", repeat(12, func(int) one { return one{0, seconds(0.4), 0, false} }), true},
	} {
		if score := live(tt.matches).Score(); (score >= habit.Suspicious) != tt.program {
			t.Errorf("%s: score %.2f, program %t", tt.name, score, tt.program)
		}
	}
}

// Who changes his ways is no suspect any more after a dozen matches.
func TestOldHabitsAreForgotten(t *testing.T) {
	bot := repeat(30, func(int) one { return one{seconds(0.3), seconds(4), 400, false} })
	person := repeat(12, func(i int) one { return one{seconds(float64(2 + i)), seconds(float64(20 + 17*i)), 190 + i, true} })
	if s := live(bot).Score(); s < habit.Suspicious {
		t.Errorf("the program: %.2f", s)
	}
	if s := live(append(bot, person...)).Score(); s >= habit.Suspicious/2 {
		t.Errorf("after that: %.2f", s)
	}
}

// A verdict needs a dozen matches, but for that of a program; a person's also the time that people spend.
func TestVerdict(t *testing.T) {
	talker := func(i int) one { return one{seconds(float64(2 + i)), seconds(float64(20 + 17*i)), 190 + i*13, true} }
	skipper := func(i int) one { return one{0, seconds(0.5 + 0.2*float64(i%12)), 0, false} }
	advertiser := func(i int) one { return one{seconds(0.3), seconds(3 + 2*float64(i%5)), 400, false} }
	for _, tt := range []struct {
		name    string
		matches []one
		want    habit.Verdict
	}{
		{"nobody yet", nil, habit.Unknown},
		{"a talker who has just come", repeat(11, talker), habit.Unknown},
		{"a talker", repeat(12, talker), habit.Person},
		{"who skips as fast as he can", repeat(12, skipper), habit.Plain},
		{"an advertiser, soon", repeat(6, advertiser), habit.Program},
		{"a talker who became one", append(repeat(12, talker), repeat(12, advertiser)...), habit.Program},
		{"an advertiser who talks now, not long", append(repeat(12, advertiser), repeat(3, talker)...), habit.Program},
		{"an advertiser who talks now", append(repeat(12, advertiser), repeat(12, talker)...), habit.Person},
	} {
		if got := live(tt.matches).Verdict(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Suspicion stays until a dozen matches say otherwise.
func TestSuspicionStays(t *testing.T) {
	for v, want := range map[habit.Verdict][2]bool{habit.Unknown: {false, true}, habit.Program: {true, true}, habit.Plain: {}, habit.Person: {}} {
		if got := [2]bool{v.Suspect(false), v.Suspect(true)}; got != want {
			t.Errorf("%q: %t, want %t", v, got, want)
		}
	}
}

// Any history has a score from 0 to 1.
func FuzzScore(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		tr, now := &habit.Trace{}, time.Unix(0, 0)
		for _, b := range data {
			now = now.Add(time.Duration(b) * 37 * time.Millisecond)
			switch b % 5 {
			case 0:
				tr.Met(now)
			case 1:
				tr.Signalled(now)
			case 2, 3:
				tr.Wrote(now, int(b)*3)
			case 4:
				tr.Parted(now)
			}
			if s := tr.Score(); !(s >= 0 && s <= 1) {
				t.Fatalf("score %v", s)
			}
			if (tr.Verdict() == habit.Program) != (tr.Score() >= habit.Suspicious) {
				t.Fatalf("score %v, verdict %q", tr.Score(), tr.Verdict())
			}
		}
	})
}
