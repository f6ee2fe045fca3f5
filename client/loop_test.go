package client

import (
	"context"
	"errors"
	"slices"
	"testing"

	"passerby/client/e2ee"
	"passerby/signaling/protocol"
)

func TestEventsThatNobodyReads(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := newLoop(&Client{ctx: ctx, cancel: cancel})
	for range maxEvents {
		l.tell(Waiting{})
	}
	if l.failed {
		t.Fatal("there was room")
	}
	l.tell(Waiting{})
	if f, ok := l.queue[0].(Failed); !ok || len(l.queue) != 1 || !errors.Is(f.Err, ErrEventsNotRead) {
		t.Errorf("%d events are left, the first is %+v", len(l.queue), l.queue[0])
	}
}

// TestKeysOfAMatch: when they change, what was compared counts no more; and who committed to others is left.
func TestKeysOfAMatch(t *testing.T) {
	l := newLoop(&Client{})
	l.carryOut(l.machine.welcome(false, false))
	l.machine.wished()
	key := func() *e2ee.KeyPair {
		k, err := e2ee.NewKeyPair(e2ee.X25519)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	l.own = key()
	for range 2 {
		partner := key()
		m := &protocol.Matched{
			Head: protocol.Re(searchID(1)), Match: "m1", Mode: Text, Initiator: true, Peer: protocol.Peer{Key: partner.Public()},
			KeyID: keyID(l.own, partner),
		}
		l.hear(m)
		keys, err := partner.Agree(m.Match, l.own.Public(), false)
		if err != nil || l.talk == nil || l.talk.flow.keys.String() != keys.String() {
			t.Fatal("no keys", err)
		}
		v := e2ee.NewVerifier(keys, false, l.own.Public(), partner.Public())
		l.verifyStep(*v.Receive(*l.talk.verifier.Pending()))
	}
	var told []bool // whether there were emoji
	for _, e := range l.queue {
		if v, ok := e.(Verification); ok {
			told = append(told, v.Emoji != nil)
		}
	}
	if !slices.Equal(told, []bool{true, false, true}) {
		t.Errorf("emoji were told of so: %v", told)
	}

	partner := key()
	keys, err := partner.Agree("m1", l.own.Public(), false)
	if err != nil {
		t.Fatal(err)
	}
	l.hear(&protocol.Committed{Match: "m1", KeyID: keys.String(), Commit: keys.Receive.Commit()})
	l.hear(&protocol.Matched{Match: "m1", Mode: Text, Initiator: true, Peer: protocol.Peer{Key: partner.Public()}, KeyID: keyID(l.own, partner)})
	if end, ok := l.queue[len(l.queue)-1].(Ended); !ok || end.Match != "m1" || l.talk != nil {
		t.Errorf("after keys that were not committed to: %+v", l.queue[len(l.queue)-1])
	}
}

func keyID(initiator, responder *e2ee.KeyPair) string {
	return (&e2ee.Keys{ID: e2ee.KeyID("m1", initiator.Public(), responder.Public())}).String()
}
