package client

import (
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"passerby/client/e2ee"
)

// Frame is an opened frame of the partner: VP8 if Video, else Opus.
type Frame struct {
	Match string
	Video bool
	Data  []byte
}

// stage holds what media of the current match are sealed and opened with, for goroutines that are not the loop's.
type stage struct {
	mu           sync.Mutex
	keys         *e2ee.Keys
	video, audio *e2ee.Sender
	seen, heard  *e2ee.Receiver
	tracks       [2]*webrtc.TrackLocalStaticSample // audio, video
	pictured     bool
}

// connect gives the tracks of a new connection; nil for none.
func (s *stage) connect(audio, video *webrtc.TrackLocalStaticSample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracks = [2]*webrtc.TrackLocalStaticSample{audio, video}
}

// install begins a match. The same keys again change nothing: their counters must go on.
func (s *stage) install(keys *e2ee.Keys) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys != nil && s.keys.ID == keys.ID {
		return
	}
	s.keys, s.pictured = keys, false
	s.video, s.audio = keys.Senders()
	s.seen, s.heard = keys.Receivers()
}

func (s *stage) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = nil
}

func (s *stage) send(video bool, frame []byte, lasts time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sender, track := s.audio, s.tracks[0]
	if video {
		sender, track = s.video, s.tracks[1]
	}
	if s.keys == nil || track == nil {
		return ErrNoMedia
	}
	sealed := sender.Seal(frame)
	if sealed == nil {
		return nil
	}
	return track.WriteSample(media.Sample{Data: sealed, Duration: lasts})
}

// open opens a frame; first says that it is the first picture of its match. ok is false for one of another match, or that
// came before the keys.
func (s *stage) open(video bool, sealed []byte) (f Frame, first, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		return f, false, false
	}
	receiver := s.heard
	if video {
		receiver = s.seen
	}
	plain, err := receiver.Open(sealed)
	if err != nil {
		return f, false, false
	}
	first = video && !s.pictured
	s.pictured = s.pictured || video
	return Frame{s.keys.Match, video, plain}, first, true
}
