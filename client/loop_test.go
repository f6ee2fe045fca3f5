package client

import (
	"context"
	"errors"
	"testing"
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
