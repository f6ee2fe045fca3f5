package sfu

import "sync/atomic"

// audioLevel is the header extension of RFC 6464: how loud a packet is, in the clear.
const audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

// Voice sums how loud somebody was since he connected, as his browser says. The difference of two tells of the time between.
type Voice struct {
	Packets  uint64 // of audio that said how loud they are
	Loudness uint64 // over these: 127 for full scale, 0 for silence, one per dB between
}

// Voice tells how loud an id was. Browsers tell only the server that asks, and it asks those whose offer has more than one
// slot, since in a call of two there is nobody to choose from.
func (s *Server) Voice(id string) Voice {
	s.mu.Lock()
	m := s.seats[id]
	s.mu.Unlock()
	if m == nil {
		return Voice{}
	}
	p := m.peer.Load()
	if p == nil {
		return Voice{}
	}
	v := &p.up[audio].voice
	return Voice{Packets: v.packets.Load(), Loudness: v.loudness.Load()}
}

// voice counts for Voice, without a lock.
type voice struct{ packets, loudness atomic.Uint64 }

// heard takes the extension of a packet: a bit for voice activity, which browsers set as they like, then −dBov (RFC 6464 §3).
func (v *voice) heard(extension []byte) {
	if len(extension) == 0 {
		return
	}
	v.packets.Add(1)
	v.loudness.Add(uint64(127 - extension[0]&0x7f))
}

// levels keeps the audio level out of offers with one slot.
func (o *offer) levels() {
	several := false
	for i := range o.sections {
		several = several || o.sections[i].slot > 0
	}
	for i := range o.sections {
		if s := &o.sections[i]; !several || s.kind != audio || s.slot > 0 {
			s.headers.level = 0
		}
	}
}
