package signaling_test

import (
	"testing"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

func TestNewestTabWins(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)

	second := n.resume(t, ann) // with the secret: the match goes on, and the partner notices nothing
	if e := ann.refused(protocol.Replaced); !e.Fatal {
		t.Fatalf("replaced: %+v", e)
	}
	ann.closed()
	if snap := expect[*protocol.Matched](second); snap.Match != m.Match {
		t.Fatalf("snapshot: %+v", snap)
	}
	bob.quiet()

	third := n.connect(t, "ann") // without it: the session starts afresh
	if got := third.hello("user-ann/s-ann", "wrong"); got.Resumed || got.Session != "s-ann" {
		t.Fatalf("welcome: %+v", got)
	}
	second.refused(protocol.Replaced)
	second.closed()
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndLeft {
		t.Fatalf("ended: %+v", e)
	}
	third.quiet()
	if s := n.hub.Stats(); s.Sessions != 2 || s.Matched != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestResumeSecrets(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	first := ann.resume

	second := n.resume(t, ann)
	ann.refused(protocol.Replaced)
	// The welcome with the second secret may have been lost: the first is still good.
	lost := n.connect(t, "ann")
	if got := lost.hello("expired:user-ann/s-ann", first); !got.Resumed {
		t.Fatal("the secret before was refused")
	}
	second.refused(protocol.Replaced)
	third := n.resume(t, lost) // shows that the newest arrived
	lost.refused(protocol.Replaced)
	fourth := n.resume(t, third)
	third.refused(protocol.Replaced)

	dead := n.connect(t, "ann") // the first is over now
	dead.send(&protocol.Hello{Token: "expired:user-ann/s-ann", Resume: first})
	dead.refused(protocol.TokenExpired)
	dead.closed()
	fourth.quiet()
}

func TestTokens(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	n.enter(t, "ann")
	for name, c := range map[string]struct {
		token, resume string
		want          protocol.Code
	}{
		"forged":                        {"forged", "", protocol.TokenInvalid},
		"expired, nothing to resume":    {"expired:user-bob/s-bob", "", protocol.TokenExpired},
		"expired, wrong secret":         {"expired:user-ann/s-ann", "wrong", protocol.TokenExpired},
		"session of somebody else":      {"expired:user-eve/s-ann", "", protocol.TokenInvalid},
		"no user":                       {"/s-ann", "", protocol.TokenInvalid},
		"no session":                    {"user-ann/", "", protocol.TokenInvalid},
		"another user's valid token":    {"user-eve/s-ann", "", protocol.TokenInvalid},
		"another user, with any secret": {"user-eve/s-ann", "x", protocol.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			eve := n.connect(t, "eve")
			eve.send(&protocol.Hello{Head: protocol.Re("h"), Token: c.token, Resume: c.resume})
			if e := eve.refused(c.want); e.ID != "h" || !e.Fatal {
				t.Errorf("error: %+v", e)
			}
			eve.closed()
		})
	}
	if s := n.hub.Stats(); s.Sessions != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestTokenThatCannotBeIssued(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	w.token.broken = true
	ann := w.nodes[0].connect(t, "ann")
	ann.send(&protocol.Hello{Token: "user-ann/s-ann"})
	ann.refused(protocol.Internal)
	ann.closed()
	until(t, "no session is left", func() bool { return w.nodes[0].hub.Stats().Sessions == 0 })
}
