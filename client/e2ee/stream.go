package e2ee

import "fmt"

// Sender seals the frames of one kind, each under a counter of its own. For one goroutine.
type Sender struct {
	key     FrameKey
	kid     uint64
	counter uint64
	video   bool
	started bool
}

// Senders are those of a match, one for each kind.
func (k *Keys) Senders() (video, audio *Sender) {
	return &Sender{key: k.Send.Video, kid: k.ID, video: true}, &Sender{key: k.Send.Audio, kid: k.ID}
}

// Seal answers what to send in place of a frame; nil before the first key frame, without which nothing can be decoded.
func (s *Sender) Seal(frame []byte) []byte {
	clear := ClearOpus
	if s.video {
		var key bool
		if clear, key = ClearVP8(frame); !key && !s.started {
			return nil
		}
	}
	s.started = true
	sealed := s.key.Seal(frame, clear, s.kid, s.counter)
	s.counter++
	return sealed
}

// Receiver opens the frames of one kind and refuses those that come again. For one goroutine.
type Receiver struct {
	key     FrameKey
	kid     uint64
	video   bool
	started bool
	window  replay
}

// Receivers are those of a match.
func (k *Keys) Receivers() (video, audio *Receiver) {
	return &Receiver{key: k.Receive.Video, kid: k.ID, video: true}, &Receiver{key: k.Receive.Audio, kid: k.ID}
}

// Open answers the encoder's frame.
func (r *Receiver) Open(frame []byte) ([]byte, error) {
	clear, key := ClearOpus, true
	if r.video {
		clear, key = ClearVP8(frame)
	}
	s, err := Split(frame, clear)
	switch {
	case err != nil:
		return nil, err
	case s.KID != r.kid:
		return nil, fmt.Errorf("frame: %w: it is of another match", ErrSealed)
	case !r.window.fresh(s.CTR):
		return nil, fmt.Errorf("frame: %w: it came before", ErrSealed)
	case !r.started && !key:
		return nil, fmt.Errorf("frame: %w: no key frame came before it", ErrSealed)
	}
	plain, err := r.key.Open(s)
	if err == nil {
		r.started = true
		r.window.add(s.CTR)
	}
	return plain, err
}

// replay knows the counters seen among the last 1024 below the highest.
type replay struct {
	bits [16]uint64
	next uint64 // one above the highest
}

const window = 1024

func (r *replay) fresh(ctr uint64) bool {
	switch {
	case ctr >= r.next:
		return ctr+1 != 0
	case r.next-ctr > window:
		return false
	}
	return r.bits[ctr/64%16]&(1<<(ctr%64)) == 0
}

func (r *replay) add(ctr uint64) {
	if ctr >= r.next {
		if ctr-r.next >= window {
			r.bits = [16]uint64{}
		} else {
			for c := r.next; c <= ctr; c++ {
				r.bits[c/64%16] &^= 1 << (c % 64)
			}
		}
		r.next = ctr + 1
	}
	r.bits[ctr/64%16] |= 1 << (ctr % 64)
}
