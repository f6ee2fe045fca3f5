package sfu

import (
	"sync"
	"time"

	"passerby/sfu/internal/stream"
	"passerby/sfu/tape"
)

// chunkSize is how much memory a recording takes and gives back at a time, in bytes.
const chunkSize = 64 << 10

type chunk struct {
	size int
	last uint32 // ms of its newest record
	data [chunkSize]byte
}

// recorder keeps the last seconds of what one id was fed on one route, as it came: encrypted between the browsers. It grows
// by chunks, and gives the oldest back when all that it holds is too old, or when there is no room for more.
type recorder struct {
	deck   *deck
	id     string
	keyID  uint64
	began  time.Time
	expiry *time.Timer // when it is over

	mu     sync.Mutex // guards what follows
	chunks []*chunk
	key    uint32    // ms of the last key frame, or of the request for one
	ended  time.Time // zero while it runs
}

// slack is how much is kept beyond the window, so that it can begin with a key frame.
func (k *deck) slack() time.Duration { return k.window/2 + 2*time.Second }

// add records a packet. want: ask for a key frame, without which what follows could not be opened one day.
func (t *recorder) add(kind int, pkt *stream.Packet, f *stream.Frame, now time.Time) (want bool) {
	if len(pkt.Payload) == 0 || len(pkt.Payload) > tape.MaxPayload || f.Codec() != stream.CodecVP8 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended.IsZero() {
		return false
	}
	r := tape.Record{
		Video: kind == video, Marker: pkt.Marker, Key: kind == video && f.Key, Source: pkt.SSRC, Seq: pkt.Seq,
		Timestamp: pkt.Timestamp, At: uint32(max(0, now.Sub(t.began).Milliseconds())), Payload: pkt.Payload,
	}
	c := t.room(tape.RecordSize+len(r.Payload), r.At)
	if c == nil {
		return false
	}
	c.size = len(r.Append(c.data[:c.size]))
	c.last = r.At
	if kind != video {
		return false
	}
	want = !r.Key && r.At-t.key > uint32(t.deck.window.Milliseconds()/2)
	if r.Key || want {
		t.key = r.At
	}
	return want
}

// room gives a chunk with room for size bytes. The caller holds mu.
func (t *recorder) room(size int, at uint32) *chunk {
	old := uint32((t.deck.window + t.deck.slack()).Milliseconds())
	for len(t.chunks) > 1 && at > old && t.chunks[0].last < at-old {
		t.deck.give(t.shift())
	}
	if n := len(t.chunks); n > 0 && t.chunks[n-1].size+size <= chunkSize {
		return t.chunks[n-1]
	}
	var c *chunk
	if len(t.chunks) < t.deck.chunks {
		c = t.deck.take()
	}
	if c == nil {
		if len(t.chunks) == 0 {
			return nil
		}
		c = t.shift()
		c.size = 0
	}
	t.chunks = append(t.chunks, c)
	return c
}

func (t *recorder) shift() *chunk {
	c := t.chunks[0]
	copy(t.chunks, t.chunks[1:])
	t.chunks = t.chunks[:len(t.chunks)-1]
	return c
}

// wipe forgets all.
func (t *recorder) wipe() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended.IsZero() {
		t.ended = t.began
	}
	for _, c := range t.chunks {
		t.deck.give(c)
	}
	t.chunks = nil
}

// cut copies the last seconds: from the newest key frame that is old enough, else from the oldest one; nil when there is nothing.
func (t *recorder) cut(now time.Time) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended.IsZero() {
		now = t.ended
	}
	since := now.Sub(t.began) - t.deck.window
	from, offset, found := 0, 0, false
	for i, c := range t.chunks {
		for at := 0; at < c.size; {
			r, rest, err := tape.Cut(c.data[at:c.size])
			if err != nil { // never: it was written by add
				return nil
			}
			if r.Key && (!found || time.Duration(r.At)*time.Millisecond <= since) {
				from, offset, found = i, at, true
			}
			at = c.size - len(rest)
		}
	}
	if len(t.chunks) == 0 {
		return nil
	}
	out := tape.Head{KeyID: t.keyID, Began: t.began.UnixMilli()}.Append(nil)
	for i, c := range t.chunks[from:] {
		if i > 0 {
			offset = 0
		}
		out = append(out, c.data[offset:c.size]...)
	}
	return out
}
