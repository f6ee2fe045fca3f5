package app_test

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"slices"
	"testing"
	"time"

	"passerby/client"
	"passerby/signaling/protocol"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := client.NewDevice()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// come comes in with the client in Go; he leaves when the test ends.
func come(t *testing.T, c client.Config) *client.Client {
	t.Helper()
	in, err := tryToCome(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func tryToCome(t *testing.T, c client.Config) (*client.Client, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c.Adult = true
	in, err := client.Dial(ctx, c)
	if err == nil {
		t.Cleanup(in.Close)
	}
	return in, err
}

// keptOut is the ban for which somebody may not come in; nil: he may.
func keptOut(t *testing.T, c client.Config) *protocol.Ban {
	t.Helper()
	in, err := tryToCome(t, c)
	var refused *client.RefusedError
	switch {
	case err == nil:
		in.Close()
		return nil
	case !errors.As(err, &refused) || refused.Reason.Code != protocol.Banned || refused.Ban == nil:
		t.Fatalf("kept out, and not by a ban: %v", err)
	}
	return refused.Ban
}

// hears waits for an event; others are passed over.
func hears[E client.Event](t *testing.T, c *client.Client) E {
	t.Helper()
	event := hearsAny(t, c, func(e client.Event) bool { _, ok := e.(E); return ok })
	return event.(E)
}

func hearsAny(t *testing.T, c *client.Client, wanted func(client.Event) bool) client.Event {
	t.Helper()
	late := time.After(patience)
	var before []client.Event
	for {
		select {
		case event, open := <-c.Events():
			if !open {
				t.Fatalf("the client ended; before: %+v", before)
			}
			if wanted(event) {
				return event
			}
			before = append(before, event)
		case <-late:
			t.Fatalf("it was not told; before: %+v", before)
		}
	}
}

// looks looks for somebody; the match is nil while nobody is there for him.
func looks(t *testing.T, c *client.Client, tags ...string) *client.Matched {
	t.Helper()
	if err := c.Find(client.Wish{Mode: client.Text, Tags: tags, Widen: true}); err != nil {
		t.Fatal(err)
	}
	event := hearsAny(t, c, func(e client.Event) bool {
		switch e.(type) {
		case client.Waiting, client.Matched:
			return true
		}
		return false
	})
	if m, ok := event.(client.Matched); ok {
		return &m
	}
	return nil
}

// pair brings two together, where nobody else looks, and answers their match.
func pair(t *testing.T, a, b *client.Client, tags ...string) string {
	t.Helper()
	if m := looks(t, a, tags...); m != nil {
		t.Fatalf("somebody else was there: %+v", m)
	}
	one := looks(t, b, tags...)
	if one == nil {
		m := hears[client.Matched](t, b)
		one = &m
	}
	if other := hears[client.Matched](t, a); other.Match != one.Match || !slices.Equal(other.Tags, one.Tags) {
		t.Fatalf("%+v and %+v", other, one)
	}
	return one.Match
}

// says has a text come through.
func says(t *testing.T, from, to *client.Client, text string) {
	t.Helper()
	if _, err := from.Send(text); err != nil {
		t.Fatal(err)
	}
	if m := hears[client.Message](t, to); m.Text != text {
		t.Fatalf("%q came, not %q", m.Text, text)
	}
	hears[client.Delivered](t, from)
}
