package evidence

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/at-wat/ebml-go"
	"github.com/at-wat/ebml-go/webm"
)

// clusterMost is how long a WebM cluster may be, in ms: blocks count from its beginning in 16 bits.
const clusterMost = 5000

// WebM writes the recording as a file that browsers play.
func (m *Media) WebM() ([]byte, error) {
	type block struct {
		track uint64
		Frame
	}
	var blocks []block
	var tracks []webm.TrackEntry
	if len(m.Video) > 0 {
		tracks = append(tracks, webm.TrackEntry{
			Name: "picture", TrackNumber: 1, TrackUID: 1, CodecID: "V_VP8", TrackType: 1,
			Video: &webm.Video{PixelWidth: uint64(m.Width), PixelHeight: uint64(m.Height)},
		})
	}
	if len(m.Audio) > 0 {
		tracks = append(tracks, webm.TrackEntry{
			Name: "sound", TrackNumber: 2, TrackUID: 2, CodecID: "A_OPUS", TrackType: 2, CodecPrivate: opusHead,
			Audio: &webm.Audio{SamplingFrequency: 48000, Channels: 2},
		})
	}
	for _, f := range m.Video {
		blocks = append(blocks, block{1, f})
	}
	for _, f := range m.Audio {
		blocks = append(blocks, block{2, f})
	}
	slices.SortStableFunc(blocks, func(a, b block) int { return cmp.Compare(a.At, b.At) })
	var clusters []webm.Cluster
	var began int64
	for _, b := range blocks {
		at := b.At - blocks[0].At
		if len(clusters) == 0 || at-began > clusterMost {
			began = at
			clusters = append(clusters, webm.Cluster{Timecode: uint64(at)})
		}
		last := &clusters[len(clusters)-1]
		last.SimpleBlock = append(last.SimpleBlock, ebml.Block{
			TrackNumber: b.track, Timecode: int16(at - began), Keyframe: b.Key, Data: [][]byte{b.Data},
		})
	}
	file := struct {
		Header  webm.EBMLHeader `ebml:"EBML"`
		Segment webm.Segment    `ebml:"Segment"`
	}{
		webm.EBMLHeader{EBMLVersion: 1, EBMLReadVersion: 1, EBMLMaxIDLength: 4, EBMLMaxSizeLength: 8, DocType: "webm", DocTypeVersion: 4, DocTypeReadVersion: 2},
		webm.Segment{
			Info:    webm.Info{TimecodeScale: 1_000_000, MuxingApp: "passerby", WritingApp: "passerby", Duration: float64(m.Span())},
			Tracks:  webm.Tracks{TrackEntry: tracks},
			Cluster: clusters,
		},
	}
	var out bytes.Buffer
	if err := ebml.Marshal(&file, &out); err != nil {
		return nil, fmt.Errorf("write a recording: %w", err)
	}
	return out.Bytes(), nil
}

// opusHead is the codec's private data (RFC 7845 §5.1): version 1, two channels, no skip, 48 kHz.
var opusHead = []byte("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00")
