package sfu

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"passerby/sfu/tape"
)

const tapedKey = 0xa1b2c3d4e5f6

// recorded is a pair whose receiver's route is recorded.
func recorded(tb testing.TB, cfg Config) (*Server, *peer) {
	tb.Helper()
	from, _ := pair(tb)
	s := from.server
	s.cfg = cfg.withDefaults()
	s.deck = newDeck(s.cfg)
	s.Route("to", "from", tapedKey)
	return s, from
}

// plays sends so many seconds: sound each 20 ms, a picture each 40 ms, a key frame every four seconds.
func plays(tb testing.TB, from *peer, seconds, size int) {
	sound, key := rtpBytes(tb, audio, 100), rtpBytes(tb, video, size)
	delta := append([]byte(nil), key...)
	delta[12+5] |= 1 // the frame's first byte
	var seqs [2]uint16
	send := func(b []byte, kind int) {
		seqs[kind]++
		binary.BigEndian.PutUint16(b[2:], seqs[kind])
		from.receiveRTP(b, time.Now())
	}
	for ms := 0; ms < 1000*seconds; ms += 20 {
		send(sound, audio)
		switch {
		case ms%4000 == 0:
			send(key, video)
		case ms%40 == 0:
			send(delta, video)
		}
		time.Sleep(20 * time.Millisecond) // inside a bubble
	}
}

func recording(tb testing.TB, s *Server, keyID uint64) (tape.Head, []tape.Record) {
	tb.Helper()
	data := s.Recording("to", keyID)
	if data == nil {
		return tape.Head{}, nil
	}
	head, records, err := tape.Parse(data)
	if err != nil {
		tb.Fatal(err)
	}
	return head, records
}

func TestRecordingHoldsTheLastSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, from := recorded(t, Config{Tape: 10 * time.Second})
		began := time.Now()
		plays(t, from, 60, 500)
		head, records := recording(t, s, tapedKey)
		if head.KeyID != tapedKey || head.Began != began.UnixMilli() || len(records) == 0 {
			t.Fatalf("%+v and %d records", head, len(records))
		}
		first, last := records[0], records[len(records)-1]
		if !first.Key || first.At > 50_000 || first.At < 46_000 || last.At < 59_900 {
			t.Errorf("from %d to %d ms, beginning with a key frame: %t", first.At, last.At, first.Key)
		}
		if held := s.deck.held.Load(); held > 8 { // 10 s and slack of 17.5 kB/s, in chunks of 64 KiB
			t.Errorf("%d chunks are held", held)
		}
		if s.Recording("to", tapedKey+1) != nil || s.Recording("from", tapedKey) != nil {
			t.Error("there are recordings of what was never shown")
		}

		// Who leaves can still report, for a minute; nothing is added.
		s.Route("to", "", 0)
		plays(t, from, 20, 500)
		if _, after := recording(t, s, tapedKey); len(after) != len(records) {
			t.Errorf("%d records became %d", len(records), len(after))
		}
		time.Sleep(tapeAfter)
		if _, after := recording(t, s, tapedKey); after != nil || s.deck.held.Load() != 0 {
			t.Errorf("%d records and %d chunks are left", len(after), s.deck.held.Load())
		}
	})
}

func TestRecordingsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, from := recorded(t, Config{Tape: 10 * time.Second, TapeBytes: 3 * chunkSize, TapeTotal: 5 * chunkSize})
		for keyID := uint64(tapedKey); keyID < tapedKey+4; keyID++ {
			s.Route("to", "from", keyID)
			plays(t, from, 10, 1000)
			if held := s.deck.held.Load(); held > 5 {
				t.Errorf("%d chunks are held", held)
			}
			if _, records := recording(t, s, keyID); len(records) < 100 || records[len(records)-1].At < 9900 {
				t.Errorf("the newest has %d records", len(records))
			}
		}
		if s.Recording("to", tapedKey) != nil {
			t.Error("the oldest has not given way")
		}
		s.Route("to", "", 0)
		s.deck.close()
		if held := s.deck.held.Load(); held != 0 {
			t.Errorf("%d chunks are held in the end", held)
		}
	})
}

// Senders are asked for key frames, since a recording without one shows nothing.
func TestRecordingAsksForKeyFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, from := recorded(t, Config{Tape: 4 * time.Second})
		delta := rtpBytes(t, video, 500)
		delta[12+5] |= 1
		for seq := range uint16(500) { // ten seconds without any
			binary.BigEndian.PutUint16(delta[2:], seq)
			from.receiveRTP(delta, time.Now())
			time.Sleep(20 * time.Millisecond)
		}
		if asked := from.up[video].requests.Load(); asked < 4 {
			t.Errorf("asked %d times", asked)
		}
		s.Route("to", "", 0)
		s.deck.close()
	})
}

func TestRecordingDoesNotAllocateForLong(t *testing.T) {
	s, from := recorded(t, Config{Tape: 10 * time.Second, TapeBytes: 2 * chunkSize})
	b := rtpBytes(t, video, 1000)
	seq := uint16(0)
	now := time.Now()
	forward := func() {
		seq++
		binary.BigEndian.PutUint16(b[2:], seq)
		now = now.Add(time.Millisecond)
		from.receiveRTP(b, now)
	}
	for range 300 { // fills both chunks
		forward()
	}
	if n := testing.AllocsPerRun(1000, forward); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if s.Recording("to", tapedKey) == nil {
		t.Error("nothing is recorded")
	}
}
