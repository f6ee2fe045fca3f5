package client

import (
	"encoding/json"
	"time"

	"passerby/client/e2ee"
	"passerby/signaling/protocol"
)

// typingLasts is how long a partner's typing is believed.
const typingLasts = 6 * time.Second

// talk is one match, as this side lives it.
type talk struct {
	match       string
	mode        Mode
	flow        flow
	partner     Partner
	rekeys      int
	committed   *protocol.Committed
	said, heard uint64    // signals: sent, and the partner's newest under these keys
	typingUntil time.Time // zero: the partner does not type
	verifier    *e2ee.Verifier
	verified    *Verification // as it was told last
	verifyAt    time.Time     // when to say a step of it again; zero: the other side's turn
}

func newTalk(m *protocol.Matched) *talk {
	return &talk{match: m.Match, mode: m.Mode, partner: Partner{Match: m.Match, Online: true, Audio: true, Video: true}}
}

func (l *loop) send(text string) (uint64, error) {
	if l.talk == nil {
		return 0, ErrNoMatch
	}
	if !fits(text, l.limits.TextBytes) {
		return 0, ErrTooLong
	}
	n := l.talk.flow.send(text)
	l.transmit(time.Now())
	return n, nil
}

// transmit sends the texts that are due.
func (l *loop) transmit(now time.Time) {
	if l.talk == nil || l.socket == nil && !l.channelOpen() {
		return
	}
	texts, err := l.talk.flow.transmit(now)
	if err != nil {
		l.distrust(err)
		return
	}
	for _, t := range texts {
		l.toPartner(t)
	}
}

// flush: the way to the partner changed or came back.
func (l *loop) flush() {
	if l.talk == nil || l.talk.flow.keys == nil {
		return
	}
	l.talk.flow.flush()
	if l.talk.flow.received > 0 {
		l.toPartner(&protocol.Ack{Match: l.talk.match, N: l.talk.flow.received})
	}
	l.tellMedia()
	l.transmit(time.Now())
}

// toPartner sends over the data channel if it is open, else over the WebSocket.
func (l *loop) toPartner(m protocol.Message) {
	if l.channelOpen() && l.media.channel.SendText(string(protocol.Append(nil, m))) == nil {
		return
	}
	_ = l.write(m)
}

func (l *loop) fromPartner(message protocol.Message) {
	t := l.talk
	switch m := message.(type) {
	case *protocol.PartnerText:
		if t == nil || t.match != m.Match {
			return // its sender will send it again
		}
		told, ack := t.flow.receive(m)
		for _, message := range told {
			l.typing(false)
			l.tell(message)
		}
		if ack {
			l.toPartner(&protocol.Ack{Match: t.match, N: t.flow.received})
		}
	case *protocol.Ack:
		if t == nil || t.match != m.Match {
			return
		}
		for _, n := range t.flow.ack(m.N) {
			l.tell(Delivered{t.match, n})
		}
		l.transmit(time.Now())
	case *protocol.Signal:
		if t != nil && t.match == m.Match && t.flow.keys != nil {
			l.signalled(m.Data)
		}
	}
}

// signalled opens what the partner's client says.
func (l *loop) signalled(data string) {
	var sealed struct {
		E string     `json:"e"`
		V *e2ee.Step `json:"v"`
	}
	if json.Unmarshal([]byte(data), &sealed) != nil {
		return
	}
	if sealed.V != nil {
		l.verifyStep(*sealed.V)
		return
	}
	s, err := l.talk.flow.keys.OpenSignal(sealed.E)
	if err != nil || s.N != 0 && s.N < l.talk.heard {
		return
	}
	l.talk.heard = max(l.talk.heard, s.N)
	if s.Typing != nil {
		l.typing(*s.Typing)
	}
	if s.Media != nil && (s.Media.Audio != l.talk.partner.Audio || s.Media.Video != l.talk.partner.Video) {
		l.talk.partner.Audio, l.talk.partner.Video = s.Media.Audio, s.Media.Video
		l.tell(l.talk.partner)
	}
}

func (l *loop) typing(on bool) {
	t := l.talk
	if was := !t.typingUntil.IsZero(); was != on {
		l.tell(Typing{t.match, on})
	}
	t.typingUntil = time.Time{}
	if on {
		t.typingUntil = time.Now().Add(typingLasts)
	}
}

func (l *loop) signalTyping(on bool) error {
	if l.talk == nil {
		return ErrNoMatch
	}
	l.signal(e2ee.Signal{Typing: &on})
	return nil
}

// tellMedia tells the partner that there is a picture and sound, or may be.
func (l *loop) tellMedia() {
	if l.talk.mode == Video {
		has := l.media != nil
		l.signal(e2ee.Signal{Media: &e2ee.Media{Audio: has, Video: has}})
	}
}

// Verification begins at once in text and by the first picture in video, or when that takes long, so that it is in no
// picture's way. Steps are said again as long as the other side does not move on.
const (
	verifyLatest = 3 * time.Second
	verifyRepeat = 2 * time.Second
)

// beginVerifying: the keys are there, or others.
func (l *loop) beginVerifying(m *protocol.Matched) {
	t := l.talk
	if t.verified != nil {
		t.verified = nil
		l.tell(Verification{Match: t.match})
	}
	first, second := l.publicKeys(m)
	t.heard = 0
	t.verifier = e2ee.NewVerifier(t.flow.keys, m.Initiator, first, second)
	if t.verifyAt = time.Now(); t.mode == Video {
		t.verifyAt = t.verifyAt.Add(verifyLatest)
	}
}

// verify says a step that is due.
func (l *loop) verify(now time.Time) {
	t := l.talk
	if t == nil || t.verifyAt.IsZero() || now.Before(t.verifyAt) {
		return
	}
	t.verifyAt = time.Time{}
	if step := t.verifier.Pending(); step != nil {
		l.sayStep(step)
		t.verifyAt = now.Add(verifyRepeat)
	}
}

func (l *loop) verifyStep(s e2ee.Step) {
	t := l.talk
	if answer := t.verifier.Receive(s); answer != nil {
		l.sayStep(answer)
		t.verifyAt = time.Now().Add(verifyRepeat)
	}
	emoji, failed := t.verifier.Outcome()
	if emoji == nil && !failed || t.verified != nil && t.verified.Failed == failed {
		return
	}
	t.verified = &Verification{t.match, emoji, failed}
	l.tell(*t.verified)
}

func (l *loop) sayStep(s *e2ee.Step) {
	if data, err := json.Marshal(map[string]*e2ee.Step{"v": s}); err == nil {
		l.toPartner(&protocol.Signal{Match: l.talk.match, Data: string(data)})
	}
}

func (l *loop) signal(s e2ee.Signal) {
	if l.talk.flow.keys == nil {
		return
	}
	l.talk.said++
	s.N = l.talk.said
	sealed, err := l.talk.flow.keys.SealSignal(s)
	if err != nil {
		return
	}
	data, err := json.Marshal(map[string]string{"e": sealed})
	if err == nil {
		l.toPartner(&protocol.Signal{Match: l.talk.match, Data: string(data)})
	}
}
