package stream

// Gate decides which packets of a source may pass to a receiver.
//
//	           first packet of a key frame (video)
//	           any packet (audio), under the wanted key id
//	┌────────┐ ─────────────────────────────────────────→ ┌──────┐
//	│ closed │                                            │ open │
//	└────────┘ ←───────────────────────────────────────── └──────┘
//	           Reset; a frame under another key id begins
//
// The zero value is closed and asks for no key id.
type Gate struct {
	keyID uint64
	video bool
	open  bool
}

// NewGate makes a closed gate for audio or video.
func NewGate(video bool) Gate { return Gate{video: video} }

// Reset closes the gate until a frame under keyID comes; 0 means any.
func (g *Gate) Reset(keyID uint64) { g.keyID, g.open = keyID, false }

// Open says whether packets pass.
func (g *Gate) Open() bool { return g.open }

// Matches says whether the frame bears the wanted key id.
func (g *Gate) Matches(f *Frame) bool { return g.keyID == 0 || f.Keyed && f.KeyID == g.keyID }

// Pass decides about one packet. opened is true on the packet that opens the
// gate: the source's stream begins there. closed is true on the packet that
// closes it.
func (g *Gate) Pass(f *Frame) (pass, opened, closed bool) {
	switch {
	case !g.open:
		if f.Start && (f.Key || !g.video) && g.Matches(f) {
			g.open = true
			return true, true, false
		}
		return false, false, false
	case f.Start && !g.Matches(f):
		g.open = false
		return false, false, true
	}
	return true, false, false
}
