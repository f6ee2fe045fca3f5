package app_test

import (
	"context"
	"testing"
	"time"

	"passerby/internal/testenv"
)

// Who floods on the WebSocket loses the data channel too, long before the time for a resume is over.
func TestFloodEndsTheDataChannel(t *testing.T) {
	url, _ := run(t, local(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := testenv.Arrive(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.ChannelOpen(ctx); err != nil { // one that never opened never closes
		t.Fatal(err)
	}
	if code := s.Flood(); code != "flooding" {
		t.Errorf("the last error was %q, want flooding", code)
	}
	select {
	case <-s.ChannelClosed:
	case <-time.After(10 * time.Second): // a session that nobody resumes ends after 30 s
		t.Error("the data channel stays open")
	}
}
