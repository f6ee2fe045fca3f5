package evidence

import (
	"errors"
	"fmt"

	"passerby/sfu/tape"
)

// Reasons why a recording is not proven.
var (
	// ErrMediaKey says that the keys are not those that the sender committed to.
	ErrMediaKey = errors.New("the media keys are not those that the partner committed to")
	// ErrEmpty says that nothing in the recording opens under the keys.
	ErrEmpty = errors.New("nothing in the recording opens under the keys")
)

// Media is a recording as it was opened.
type Media struct {
	Video, Audio  []Frame
	Width, Height int
	Failed        int // frames that did not open: of other keys, damaged, or never whole
}

// Frame is one encoded frame: VP8 or Opus.
type Frame struct {
	At   int64 // ms since the recording began
	Key  bool
	Data []byte
}

// Span is how long the recording is, in ms.
func (m *Media) Span() int64 {
	var first, last int64 = -1, 0
	for _, frames := range [][]Frame{m.Video, m.Audio} {
		for _, f := range frames {
			if first < 0 || f.At < first {
				first = f.At
			}
			last = max(last, f.At)
		}
	}
	return max(0, last-max(0, first))
}

// Open decrypts a recording (package tape) with the keys of its sender. Video begins with a key frame. ErrEmpty when
// nothing opens.
func Open(recording []byte, keys MediaKeys) (*Media, error) {
	head, records, err := tape.Parse(recording)
	if err != nil {
		return nil, fmt.Errorf("open a recording: %w", err)
	}
	var sorted [2][]tape.Record
	for _, r := range records {
		kind := 0
		if r.Video {
			kind = 1
		}
		sorted[kind] = append(sorted[kind], r)
	}
	m := &Media{}
	audio, err1 := newOpener(keys.Audio, head.KeyID)
	video, err2 := newOpener(keys.Video, head.KeyID)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("open a recording: %w", err)
	}
	for _, f := range assemble(sorted[0], false) {
		if plain, err := audio.open(f.data, clearOpus); err == nil {
			m.Audio = append(m.Audio, Frame{At: f.at, Key: true, Data: plain})
		} else {
			m.Failed++
		}
	}
	for _, f := range assemble(sorted[1], true) {
		m.picture(video, f)
	}
	if len(m.Audio)+len(m.Video) == 0 {
		return nil, ErrEmpty
	}
	return m, nil
}

// picture opens one video frame.
func (m *Media) picture(with *opener, f frame) {
	clear, key := clearVideo(f.data)
	if !key && len(m.Video) == 0 {
		return // nothing could decode it
	}
	plain, err := with.open(f.data, clear)
	if err != nil {
		m.Failed++
		return
	}
	if key { // RFC 6386 §9.1: 14 bits each, behind tag and start code
		m.Width, m.Height = int(plain[6])|int(plain[7]&0x3f)<<8, int(plain[8])|int(plain[9]&0x3f)<<8
	}
	m.Video = append(m.Video, Frame{At: f.at, Key: key, Data: plain})
}
