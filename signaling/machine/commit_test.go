package machine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// keys names those of the match m1 between ann, who has the key ka, and bob.
var keys = machine.FormatKeyID(machine.KeyID("m1", "ka", bob.Key))

// What a side commits to is told to the partner as a fact, which is told again until he has it; the first counts.
func TestCommitmentsTravel(t *testing.T) {
	commit := func(id, hash string) machine.Event {
		return req(&protocol.Keyed{Match: "m1", KeyID: id, Commit: hash})
	}
	state, effects := machine.Step(matched, commit(keys, "c1"))
	own := machine.Commit{KeyID: keys, Hash: "c1"}
	want := []machine.Effect{
		tell(machine.PeerMessage{Facts: &machine.Facts{Version: 1, Online: true, Key: "ka", Node: "n1", Commit: own}}), machine.Keyed{},
	}
	if diff := cmp.Diff(want, effects); diff != "" || state.Match.Own != own {
		t.Errorf("%+v (-want +got):\n%s", state.Match.Own, diff)
	}
	for name, ev := range map[string]machine.Event{"another for the same keys": commit(keys, "c2"), "for other keys": commit("000000000000", "c2"), "nothing": commit("", "")} {
		next, effects := machine.Step(state, ev)
		if diff := cmp.Diff([]machine.Effect{machine.Keyed{}}, effects); diff != "" || next.Match.Own != own {
			t.Errorf("%s: %+v (-want +got):\n%s", name, next.Match.Own, diff)
		}
	}

	// Bob's arrives.
	news := func(version uint64, c machine.Commit) machine.Event {
		return fromBob(machine.PeerMessage{Facts: &machine.Facts{Version: version, Online: true, Key: bob.Key, Commit: c}})
	}
	theirs := machine.Commit{KeyID: keys, Hash: "c3"}
	told := send(&protocol.Committed{Match: "m1", KeyID: keys, Commit: "c3"})
	state, effects = machine.Step(state, news(1, theirs))
	if diff := cmp.Diff([]machine.Effect{told, tell(machine.PeerMessage{Seen: 1})}, effects); diff != "" || state.Match.Theirs != theirs {
		t.Errorf("%+v (-want +got):\n%s", state.Match.Theirs, diff)
	}
	state, effects = machine.Step(state, news(2, machine.Commit{KeyID: keys, Hash: "c4"}))
	if diff := cmp.Diff([]machine.Effect{tell(machine.PeerMessage{Seen: 2})}, effects); diff != "" || state.Match.Theirs != theirs {
		t.Errorf("he has changed his mind: %+v (-want +got):\n%s", state.Match.Theirs, diff)
	}

	// It is in the snapshot, and in what a report says when the match is over.
	_, effects = machine.Step(state, machine.Attach{})
	if len(effects) < 2 || !cmp.Equal(effects[1], told) {
		t.Errorf("the snapshot is %+v", effects)
	}
	state, _ = machine.Step(state, req(&protocol.Leave{}))
	_, effects = machine.Step(state, req(&protocol.Report{Match: "m1"}))
	if r, ok := effects[0].(machine.Record); !ok || r.About.Theirs != theirs {
		t.Errorf("reported: %+v", effects)
	}
}

// One that is for keys that we do not have yet waits for them.
func TestCommitmentOvertakesItsKeys(t *testing.T) {
	later := machine.FormatKeyID(machine.KeyID("m1", "k9", bob.Key))
	state, effects := machine.Step(matched, fromBob(machine.PeerMessage{
		Facts: &machine.Facts{Version: 1, Online: true, Key: bob.Key, Commit: machine.Commit{KeyID: later, Hash: "c"}},
	}))
	for _, e := range effects {
		if s, ok := e.(machine.Send); ok {
			t.Errorf("told at once: %+v", s.Message)
		}
	}
	_, effects = machine.Step(state, req(&protocol.Rekey{Match: "m1", Key: "k9"}))
	if !cmp.Equal(effects[2], send(&protocol.Committed{Match: "m1", KeyID: later, Commit: "c"})) {
		t.Errorf("after the rekey: %+v", effects)
	}
}
