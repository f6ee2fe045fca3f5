package post

import (
	"bytes"
	"testing"
	"time"
)

func TestEnvelopesOfASenderOnlyGrow(t *testing.T) {
	s, now := seen{}, time.Unix(0, 0)
	a, b := sender{1}, sender{2}
	for _, tt := range []struct {
		from   sender
		number uint64
		fresh  bool
		missed uint64
	}{
		{a, 5, true, 0}, {a, 5, false, 0}, {a, 6, true, 0}, {b, 1, true, 0}, {a, 9, true, 2}, {a, 7, false, 0}, {b, 2, true, 0},
	} {
		if fresh, missed := s.next(tt.from, tt.number, now); fresh != tt.fresh || missed != tt.missed {
			t.Errorf("%v %d: %t, %d missed", tt.from[0], tt.number, fresh, missed)
		}
	}
}

func TestSilentSendersAreForgotten(t *testing.T) {
	s, now := seen{}, time.Unix(0, 0)
	for i := range 10_000 {
		s.next(sender{byte(i), byte(i >> 8)}, 1, now.Add(time.Duration(i)*time.Second))
	}
	if len(s) > manySenders+1 {
		t.Errorf("%d senders are remembered", len(s))
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add(appendLetter(appendLetter(appendHead(nil, sender{1, 2}, 300), "session", []byte("data")), "", nil))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, envelope []byte) {
		from, number, letters, err := parseHead(envelope)
		if err != nil {
			return
		}
		again := appendHead(nil, from, number)
		for len(letters) > 0 {
			session, data, rest, err := parseLetter(letters)
			if err != nil {
				return
			}
			again = appendLetter(again, string(session), data)
			letters = rest
		}
		from2, number2, _, err := parseHead(again)
		if err != nil || from2 != from || number2 != number || len(again) > len(envelope) {
			t.Errorf("%x became %x", envelope, again)
		}
	})
}
