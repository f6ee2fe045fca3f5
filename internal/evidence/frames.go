package evidence

import (
	"slices"

	"github.com/pion/rtp/codecs"

	"passerby/sfu/tape"
)

// frame is one encoded frame, still sealed.
type frame struct {
	at   int64 // ms since the tape began
	data []byte
}

// clocks are those of RTP, in ticks a millisecond.
const (
	ticksAudio = 48
	ticksVideo = 90
)

// assemble puts the packets of one kind into order and joins them to frames. Frames with a missing packet are left out.
func assemble(records []tape.Record, video bool) []frame {
	var frames []frame
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].Source == records[0].Source {
			n++
		}
		if video {
			frames = append(frames, joinVideo(order(records[:n]))...)
		} else {
			frames = append(frames, takeAudio(order(records[:n]))...)
		}
		records = records[n:]
	}
	return frames
}

// packet is a record with the numbers that wrap around unrolled.
type packet struct {
	*tape.Record
	seq int64
	at  int64 // ms since the tape began, by the sender's clock
}

// order sorts the packets of one source, each once.
func order(records []tape.Record) []packet {
	packets := make([]packet, 0, len(records))
	first := records[0]
	var seq, ticks int64
	lastSeq, lastTime := first.Seq, first.Timestamp
	for i := range records {
		r := &records[i]
		seq += int64(int16(r.Seq - lastSeq))
		ticks += int64(int32(r.Timestamp - lastTime))
		lastSeq, lastTime = r.Seq, r.Timestamp
		per := int64(ticksAudio)
		if r.Video {
			per = ticksVideo
		}
		packets = append(packets, packet{r, seq, int64(first.At) + ticks/per})
	}
	slices.SortStableFunc(packets, func(a, b packet) int { return int(max(-1, min(1, a.seq-b.seq))) })
	return slices.CompactFunc(packets, func(a, b packet) bool { return a.seq == b.seq })
}

// takeAudio: each Opus packet is a frame (RFC 7587).
func takeAudio(packets []packet) []frame {
	frames := make([]frame, len(packets))
	for i, p := range packets {
		frames[i] = frame{p.at, p.Payload}
	}
	return frames
}

// joinVideo joins VP8 payloads (RFC 7741): a frame goes from the packet with its beginning to the one with the marker.
func joinVideo(packets []packet) []frame {
	var frames []frame
	var part frame
	open := false
	for i, p := range packets {
		var vp8 codecs.VP8Packet
		body, err := vp8.Unmarshal(p.Payload)
		begins := err == nil && vp8.S == 1 && vp8.PID == 0
		follows := i > 0 && packets[i-1].seq+1 == p.seq && packets[i-1].Timestamp == p.Timestamp
		switch {
		case err != nil || !begins && (!open || !follows):
			open = false
			continue
		case begins:
			part, open = frame{at: p.at}, true
		}
		part.data = append(part.data, body...)
		if p.Marker {
			frames, open = append(frames, part), false
		}
	}
	return frames
}
