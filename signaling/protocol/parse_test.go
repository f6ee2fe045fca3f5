package protocol_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"passerby/signaling/protocol"
)

func TestFrameLimit(t *testing.T) {
	const start, end = `{"type":"ping","x":"`, `"}`
	fits := start + strings.Repeat("x", protocol.FrameBytes-len(start)-len(end)) + end
	if _, err := protocol.Parse([]byte(fits)); err != nil {
		t.Errorf("%d bytes: %v", len(fits), err)
	}
	_, err := protocol.Parse([]byte(fits + " "))
	var e *protocol.Error
	if !errors.As(err, &e) || e.Code != protocol.TooLarge || !e.Fatal {
		t.Errorf("%d bytes: got %v, want a fatal too_large", len(fits)+1, err)
	}
}

func TestErrorsRepeatTheID(t *testing.T) {
	for _, frame := range []string{
		`{"type":"teleport","id":"7"}`, `{"type":"find","id":"7"}`, `{"type":"ack","id":"7","n":"x"}`, `{"id":"7"}`,
	} {
		_, err := protocol.Parse([]byte(frame))
		var e *protocol.Error
		if !errors.As(err, &e) || e.ID != "7" {
			t.Errorf("%s: got %v, want an error that answers 7", frame, err)
		}
	}
}

func TestErrorsRepeatNoContent(t *testing.T) {
	for _, frame := range []string{
		`{"type":"hello","token":["hunter2"]}`, `{"type":"hello","token":"hunter2`, `{"type":"text","match":"m","n":1,"body":"hunter2"}`,
		`{"type":"find","mode":"hunter2"}`,
	} {
		if _, err := protocol.Parse([]byte(frame)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", frame, err)
		}
	}
}

func TestParseKeepsNothingOfTheFrame(t *testing.T) {
	frame := []byte(`{"type":"signal","match":"m","data":"secret"}`)
	m, err := protocol.Parse(frame)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frame {
		frame[i] = 'x'
	}
	if s := m.(*protocol.Signal); s.Data != "secret" || s.Match != "m" {
		t.Errorf("got %+v", s)
	}
}

func TestCommitmentIsInsideTheBody(t *testing.T) {
	m, err := protocol.Parse(readGolden(t)["client-text"].Valid[0])
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, protocol.CommitmentSize)
	for i := range want {
		want[i] = byte(i)
	}
	if got := m.(*protocol.Text).Commitment(); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	if got := (&protocol.Text{Body: "?"}).Commitment(); got != nil {
		t.Errorf("got %x of a body that is none", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range readGolden(f) {
		for _, frame := range g.Valid {
			f.Add([]byte(frame))
		}
		for _, c := range g.Invalid {
			f.Add([]byte(c.Frame))
		}
		for _, c := range g.Raw {
			f.Add([]byte(c.Text))
		}
	}
	f.Add([]byte("{\"type\":\"text\",\"match\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := protocol.Parse(frame)
		if err != nil {
			var e *protocol.Error
			if !errors.As(err, &e) {
				t.Fatalf("%T is no *protocol.Error", err)
			}
			if out := protocol.Append(nil, e); !utf8.Valid(out) || len(out) > 2<<10 {
				t.Fatalf("the error is not fit to be sent: %q", out)
			}
			return
		}
		again, err := protocol.Parse(protocol.Append(nil, m))
		if err != nil && len(frame) < protocol.FrameBytes/8 { // escapes may make it longer
			t.Fatalf("what was parsed is refused when encoded: %v", err)
		}
		if err == nil && string(protocol.Append(nil, m)) != string(protocol.Append(nil, again)) {
			t.Fatalf("encoded differently: %s and %s", protocol.Append(nil, m), protocol.Append(nil, again))
		}
	})
}
