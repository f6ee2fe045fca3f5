package signaling_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// clear makes the body of a text that is not encrypted, as clients do.
func clear(kind, text string) string {
	kf := sha256.Sum256([]byte(text))
	mac := hmac.New(sha256.New, kf[:])
	mac.Write([]byte(text))
	plain, _ := json.Marshal(protocol.Content{Kind: kind, Text: text, KF: base64.RawURLEncoding.EncodeToString(kf[:])})
	return base64.RawURLEncoding.EncodeToString(append(mac.Sum([]byte{0}), plain...))
}

// tribunal judges, counts, and can be made to hesitate.
type tribunal struct {
	mu    sync.Mutex
	heard []signaling.Said
	holds chan struct{} // non-nil: texts that begin with "slow" wait for it
}

func (j *tribunal) judge(said signaling.Said) signaling.Verdict {
	j.mu.Lock()
	j.heard = append(j.heard, said)
	j.mu.Unlock()
	if strings.HasPrefix(said.Text, "slow") {
		<-j.holds
	}
	switch {
	case strings.Contains(said.Text, "bad"):
		return signaling.Refused
	case strings.Contains(said.Text, "odd"):
		return signaling.Unchecked
	}
	return signaling.Passes
}

func (j *tribunal) count() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.heard)
}

func TestTextsInClearAreFiltered(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{ClearText: true})
	j := &tribunal{holds: make(chan struct{})}
	w.filter = j.judge
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.connect(t, "bob")
	if !bob.hello("user-bob/s-bob", "").Limits.ClearText {
		t.Error("clients are not told that texts are read")
	}
	m, _ := meet(ann, bob)
	say := func(number uint64, text string) {
		ann.send(&protocol.Text{Match: m.Match, N: number, Body: clear("text", text)})
	}
	say(1, "hello")
	got := expect[*protocol.PartnerText](bob)
	if tag, _ := base64.RawURLEncoding.DecodeString(got.Tag); got.N != 1 || got.Body != clear("text", "hello") || string(tag) != m.Match+"|s-ann|1|32" {
		t.Errorf("delivered: %+v", got)
	}
	if h := j.heard[0]; h.Match != m.Match || h.User != "user-ann" || h.Session != "s-ann" || h.N != 1 || h.Text != "hello" {
		t.Errorf("the filter heard %+v", h)
	}

	// What is refused goes back to its sender, again when it is sent again, and is not judged twice.
	for range 2 {
		say(2, "a bad word")
		if r := expect[*protocol.Refused](ann); r.Match != m.Match || r.N != 2 || r.Reason != protocol.RefusedFilter {
			t.Errorf("refused: %+v", r)
		}
	}
	say(1, "hello")
	expect[*protocol.PartnerText](bob)
	if j.count() != 2 {
		t.Errorf("judged %d times", j.count())
	}
	// Another text under the number of one that passed is judged anew.
	say(1, "a bad one")
	expect[*protocol.Refused](ann)
	// The gap that takes its number says nothing, and needs no judge.
	ann.send(&protocol.Text{Match: m.Match, N: 2, Body: clear("gap", "")})
	if got := expect[*protocol.PartnerText](bob); got.N != 2 {
		t.Errorf("gap: %+v", got)
	}
	// A filter that cannot tell, where nothing passes unchecked: it may be tried again.
	say(3, "odd")
	if r := expect[*protocol.Refused](ann); r.Reason != protocol.RefusedUnchecked {
		t.Errorf("refused: %+v", r)
	}
	say(3, "odd")
	expect[*protocol.Refused](ann)
	if j.count() != 5 {
		t.Errorf("judged %d times", j.count())
	}

	// One that takes its time keeps neither the others nor the match, and is judged once however often it is sent.
	say(4, "slow")
	say(4, "slow")
	say(5, "quick")
	if got := expect[*protocol.PartnerText](bob); got.N != 5 {
		t.Errorf("delivered: %+v", got)
	}
	j.holds <- struct{}{}
	if got := expect[*protocol.PartnerText](bob); got.N != 4 {
		t.Errorf("delivered: %+v", got)
	}
	// A verdict that comes after its match is about nothing.
	say(6, "slow")
	until(t, "the judge has it", func() bool { return j.count() == 8 })
	ann.send(&protocol.Leave{Head: protocol.Re("l")})
	expect[*protocol.Left](ann)
	j.holds <- struct{}{}
	expect[*protocol.Ended](bob)
	ann.quiet()
	bob.quiet()
	if n := n.metric(t, "texts_refused_total", "filter"); n != 3 {
		t.Errorf("%v refused", n)
	}
}

// Clear where the server must not read, encrypted where it reads, a commitment that does not open: none is delivered.
func TestTextsOfTheWrongFormAreRefused(t *testing.T) {
	for _, c := range []struct {
		clear bool
		body  string
	}{{false, clear("text", "hi")}, {true, body("hi")}} {
		w := newWorld(t, 1, signaling.Config{ClearText: c.clear})
		ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[0].enter(t, "bob")
		m, _ := meet(ann, bob)
		ann.send(&protocol.Text{Match: m.Match, N: 1, Body: c.body})
		if r := expect[*protocol.Refused](ann); r.Reason != protocol.RefusedForm || r.N != 1 {
			t.Errorf("clear %v: %+v", c.clear, r)
		}
		bob.quiet()
	}
	w := newWorld(t, 1, signaling.Config{ClearText: true})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[0].enter(t, "bob")
	m, _ := meet(ann, bob)
	forged, _ := base64.RawURLEncoding.DecodeString(clear("text", "hi"))
	forged[1] ^= 1
	for _, raw := range []string{string(forged), clearRaw(`{"kind":"text","text":7}`), clearRaw("hello"), clearRaw(`{"kind":"text","text":"hi","kf":"AA"}`)} {
		ann.send(&protocol.Text{Head: protocol.Re("t"), Match: m.Match, N: 1, Body: base64.RawURLEncoding.EncodeToString([]byte(raw))})
		if e := ann.refused(protocol.BadRequest); e.ID != "t" || !strings.Contains(e.Message, "text.body") || strings.Contains(e.Message, "hi") {
			t.Errorf("refused with %+v", e)
		}
	}
	bob.quiet()
}

func clearRaw(plain string) string { return string(make([]byte, 33)) + plain }

// Over the data channel as over the socket.
func TestTheDataChannelIsFiltered(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{ClearText: true})
	w.filter = (&tribunal{}).judge
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[0].enter(t, "bob")
	m, _ := meet(ann, bob)
	for i, text := range []string{"bad", "good"} {
		w.nodes[0].hub.Data("s-ann", protocol.Append(nil, &protocol.Text{Match: m.Match, N: uint64(i + 1), Body: clear("text", text)}))
	}
	if r := expect[*protocol.Refused](ann); r.N != 1 {
		t.Errorf("refused: %+v", r)
	}
	if got := expect[*protocol.PartnerText](bob); got.N != 2 {
		t.Errorf("delivered: %+v", got)
	}
}
