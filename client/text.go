package client

import (
	"time"

	"passerby/client/e2ee"
	"passerby/signaling/protocol"
)

// The duties of a client (docs/protocol.md, Text), as in web/sdk/src/text.ts.
const (
	window     = 16  // texts under way at once
	ahead      = 256 // how far the partner's may run ahead
	firstRetry = time.Second
	lastRetry  = 8 * time.Second
)

// flow is the text of one match: numbering, acknowledgement, sending again, order, doubles. It knows no clock and no
// network: the owner says what time it is and sends.
//
//	send → number n → sealed → sent, again after 1, 2, 4, 8, 8 … s until an ack covers it
//	receive → opened → in order of n, each once → Message → cumulative ack
type flow struct {
	keys     *e2ee.Keys
	last     uint64
	acked    uint64
	received uint64
	pending  []*outgoing
	early    map[uint64]Message
	held     []*protocol.PartnerText // came before the keys
}

// outgoing is an own text that nobody has acknowledged.
type outgoing struct {
	n     uint64
	text  string
	body  string // sealed; the same each time as long as the keys are
	tries int
	due   time.Time
}

// rekey: the keys are there, or others. sent and acked are what the server remembers of this side.
func (f *flow) rekey(keys *e2ee.Keys, sent, acked uint64) (held []*protocol.PartnerText) {
	f.keys = keys
	f.received = max(f.received, acked)
	f.last = max(f.last, sent)
	for _, p := range f.pending {
		p.body = ""
	}
	f.flush()
	held, f.held = f.held, nil
	return held
}

// send takes a text and answers its number.
func (f *flow) send(text string) uint64 {
	f.last++
	f.pending = append(f.pending, &outgoing{n: f.last, text: text})
	return f.last
}

// transmit answers what is to be sent now.
func (f *flow) transmit(now time.Time) (out []*protocol.Text, err error) {
	if f.keys == nil {
		return nil, nil
	}
	for _, p := range f.pending[:min(window, len(f.pending))] {
		if now.Before(p.due) {
			continue
		}
		if p.body == "" {
			if p.body, err = f.keys.SealText(p.n, p.text, false); err != nil {
				return out, err
			}
		}
		p.due = now.Add(min(lastRetry, firstRetry<<min(p.tries, 3)))
		p.tries++
		out = append(out, &protocol.Text{Match: f.keys.Match, N: p.n, Body: p.body})
	}
	return out, nil
}

// next is when transmit has something to do; zero for never.
func (f *flow) next() (at time.Time) {
	if f.keys == nil {
		return at
	}
	for _, p := range f.pending[:min(window, len(f.pending))] {
		if at.IsZero() || p.due.Before(at) {
			at = p.due
		}
	}
	return at
}

// flush: the way to the partner is another, or back; all that is under way is due.
func (f *flow) flush() {
	for _, p := range f.pending {
		p.due, p.tries = time.Time{}, 0
	}
}

// ack answers the numbers that it confirms.
func (f *flow) ack(n uint64) (delivered []uint64) {
	if n <= f.acked || n > f.last {
		return nil
	}
	f.acked = n
	for len(f.pending) > 0 && f.pending[0].n <= n {
		delivered = append(delivered, f.pending[0].n)
		f.pending = f.pending[1:]
	}
	return delivered
}

// receive takes a text of the partner: what is to be told now, and whether an ack is due. What does not open is dropped;
// its sender will send it again.
func (f *flow) receive(m *protocol.PartnerText) (told []Message, ack bool) {
	switch {
	case f.keys == nil:
		if len(f.held) < ahead {
			f.held = append(f.held, m)
		}
		return nil, false
	case m.N <= f.received:
		return nil, true // the ack was lost
	case m.N > f.received+ahead:
		return nil, false
	}
	if _, known := f.early[m.N]; known {
		return nil, false
	}
	text, err := f.keys.OpenText(m.N, m.Body)
	if err != nil {
		return nil, false
	}
	if f.early == nil {
		f.early = map[uint64]Message{}
	}
	f.early[m.N] = Message{
		Match: m.Match, N: m.N, Text: text.Text, At: time.UnixMilli(m.At),
		Evidence: protocol.Evidence{N: m.N, Text: text.Text, KF: text.KF, Commitment: text.Commitment, Tag: m.Tag, At: m.At},
	}
	if text.Gap {
		f.early[m.N] = Message{}
	}
	for {
		next, ok := f.early[f.received+1]
		if !ok {
			return told, ack
		}
		f.received++
		delete(f.early, f.received)
		ack = true
		if next.N > 0 {
			told = append(told, next)
		}
	}
}

// undelivered are the numbers of own texts that are under way.
func (f *flow) undelivered() (numbers []uint64) {
	for _, p := range f.pending {
		numbers = append(numbers, p.n)
	}
	return numbers
}
