package records_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"passerby/internal/records"
	"passerby/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type away struct {
	err    error
	chats  []store.Chat
	users  []store.User
	blocks []store.Block
}

func (a *away) SaveChats(_ context.Context, c []store.Chat) error {
	if a.err == nil {
		a.chats = append(a.chats, c...)
	}
	return a.err
}

func (a *away) SaveUsers(_ context.Context, u []store.User) error {
	if a.err == nil {
		a.users = append(a.users, u...)
	}
	return a.err
}

func (a *away) SaveBlock(_ context.Context, b store.Block) error {
	if a.err == nil {
		a.blocks = append(a.blocks, b)
	}
	return a.err
}

func TestWhileTheDatabaseIsAway(t *testing.T) {
	s := &away{err: errors.New("away")}
	registry := prometheus.NewRegistry()
	faults := 0
	r := records.New(s, 1000, func(error) { faults++ }, registry)
	for i := range 1200 {
		r.Chat(store.Chat{ID: fmt.Sprint(i)})
	}
	r.User(store.User{ID: "u"})
	r.Block(store.Block{User: "a", Other: "b"})
	r.Write(t.Context())
	if faults != 1 {
		t.Errorf("told of %d faults, want 1", faults)
	}
	s.err = nil
	r.Write(t.Context())
	if len(s.chats) != 1000 || s.chats[999].ID != "999" || len(s.users) != 1 || len(s.blocks) != 1 {
		t.Errorf("written: %d chats, %d users, %d blocks", len(s.chats), len(s.users), len(s.blocks))
	}
	if n, err := testutil.GatherAndCount(registry, "passerby_records_dropped_total"); err != nil || n != 1 {
		t.Errorf("%d kinds were dropped, want 1; %v", n, err)
	}
	r.Write(t.Context())
	if len(s.chats) != 1000 {
		t.Error("written twice")
	}
}

func TestRunWritesBeforeItEnds(t *testing.T) {
	s := &away{}
	r := records.New(s, 10, nil, prometheus.NewRegistry())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r.Block(store.Block{User: "a", Other: "b"})
	if err := r.Run(ctx); err != nil || len(s.blocks) != 1 {
		t.Errorf("%d blocks, %v", len(s.blocks), err)
	}
}
