package signaling_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// shelf is where moderators' words lie.
type shelf struct {
	mu    sync.Mutex
	words map[string][]protocol.Notice // by user
	fails error
}

func (s *shelf) Of(_ context.Context, user string) ([]protocol.Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]protocol.Notice(nil), s.words[user]...), s.fails
}

func (s *shelf) Understood(_ context.Context, user, notice string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, n := range s.words[user] {
		if n.Notice == notice {
			s.words[user] = append(s.words[user][:i:i], s.words[user][i+1:]...)
			return nil
		}
	}
	return errors.New("there is none")
}

func (s *shelf) put(user string, n protocol.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words[user] = append(s.words[user], n)
}

func (s *shelf) left(user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.words[user])
}

// A warning comes with each welcome and at once when it is made, until its person has understood it; nobody else hears of it.
func TestWarningsComeUntilTheyAreUnderstood(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	s := &shelf{words: map[string][]protocol.Notice{}}
	w.notices = s
	n := w.nodes[0]
	s.put("user-ann", protocol.Notice{Notice: "n1", Reason: "hate", Message: "Be kind.", At: 7})

	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	if got := expect[*protocol.Notice](ann); got.Notice != "n1" || got.Reason != "hate" || got.Message != "Be kind." || got.At != 7 {
		t.Fatalf("got %+v", got)
	}
	ann = n.resume(t, ann)
	expect[*protocol.Notice](ann) // it was not understood

	s.put("user-ann", protocol.Notice{Notice: "n2", Reason: "spam", At: 8})
	n.hub.Notify([]string{"user-ann", "user-nobody"})
	for _, want := range []string{"n1", "n2"} {
		if got := expect[*protocol.Notice](ann); got.Notice != want {
			t.Fatalf("got %+v, want %s", got, want)
		}
	}
	bob.send(&protocol.Understood{Notice: "n1"}) // not his
	ann.send(&protocol.Understood{Notice: "n1"})
	ann.send(&protocol.Understood{Notice: "n2"})
	until(t, "both are understood", func() bool { return s.left("user-ann") == 0 })
	n.hub.Notify([]string{"user-ann"})
	ann = n.resume(t, ann)
	ann.quiet()
	bob.quiet()
}

// A database that is away keeps nobody from coming in.
func TestWarningsThatCannotBeReadAreNoWall(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	w.notices = &shelf{fails: errors.New("the database is away")}
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[0].enter(t, "bob")
	meet(ann, bob)
}
