package turn_test

import (
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// A reserved port counts as an allocation: while it waits, for who takes it, and no longer when its time is up.
func TestReservedPortsCount(t *testing.T) {
	clock := newClock()
	for name, tt := range map[string]struct {
		cfg  turn.Config
		want int
	}{
		"a user":     {turn.Config{Quota: 3}, 486},
		"an address": {turn.Config{MaxPerAddress: 3}, 486},
		"all":        {turn.Config{MaxAllocations: 3}, 508},
		"portable":   {turn.Config{Quota: 3, Plain: true}, 486},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for the second in which what has run out is looked for
			s := mustListenAt(t, tt.cfg, clock.now)
			client := func() *raw { return mustRaw(t, s, good("ada")) }
			first := client()
			key, err := first.must(stun.MethodAllocate, udp, evenPort(0x80)).Get(stun.AttrReservationToken)
			if err != nil {
				t.Fatal(err)
			}
			if got := code(client().ask(stun.MethodAllocate, udp, evenPort(0x80))); got != tt.want {
				t.Errorf("another pair: %d, want %d", got, tt.want)
			}
			third := client()
			third.must(stun.MethodAllocate, udp)
			if got := code(client().ask(stun.MethodAllocate, udp)); got != tt.want {
				t.Errorf("a fourth port: %d, want %d", got, tt.want)
			}
			if st := s.Stats(); st.Allocations != 2 || st.Reserved != 1 {
				t.Errorf("%d allocations and %d reserved ports, want 2 and 1", st.Allocations, st.Reserved)
			}
			second := client()
			second.must(stun.MethodAllocate, udp, token(key))
			if st := s.Stats(); st.Allocations != 3 || st.Reserved != 0 {
				t.Errorf("%d allocations and %d reserved ports, want 3 and 0", st.Allocations, st.Reserved)
			}
			for _, c := range []*raw{first, second, third} {
				c.must(stun.MethodRefresh, lifetime(0))
			}
			client().must(stun.MethodAllocate, udp, evenPort(0x80))
			if got := code(client().ask(stun.MethodAllocate, udp, evenPort(0x80))); got != tt.want {
				t.Errorf("a second pair: %d, want %d", got, tt.want)
			}
		})
	}
	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		clock := newClock()
		s := mustListenAt(t, turn.Config{Quota: 2}, clock.now)
		mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp, evenPort(0x80))
		clock.pass(31 * time.Second)
		await(t, "the port is free again", func() bool { return s.Stats().Reserved == 0 })
		mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp)
	})
}

// A reservation that is taken from another address counts there from then on, if it has room.
func TestReservedPortMoves(t *testing.T) {
	s := mustListen(t, turn.Config{MaxPerAddress: 2})
	full := mustRawFrom(t, s, good("ben"), "127.0.0.2:0")
	full.must(stun.MethodAllocate, udp)
	mustRawFrom(t, s, good("ben"), "127.0.0.2:0").must(stun.MethodAllocate, udp)
	key, err := mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp, evenPort(0x80)).Get(stun.AttrReservationToken)
	if err != nil {
		t.Fatal(err)
	}
	c := mustRawFrom(t, s, good("ada"), "127.0.0.2:0")
	if got := code(c.ask(stun.MethodAllocate, udp, token(key))); got != 486 {
		t.Errorf("where there is no room: %d, want 486", got)
	}
	full.must(stun.MethodRefresh, lifetime(0))
	c.must(stun.MethodAllocate, udp, token(key))
	mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp) // its place is free
	if got := code(mustRawFrom(t, s, good("ada"), "127.0.0.2:0").ask(stun.MethodAllocate, udp)); got != 486 {
		t.Errorf("one more where it counts now: %d, want 486", got)
	}
}
