// Command eavesdrop meets whoever waits on a server and tells, as JSON, what the media server forwarded: whether
// somebody without the key can decode it, and whether somebody with the key can. Tests in browsers run it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"time"

	"passerby/client/e2ee"
	"passerby/internal/testenv"

	"golang.org/x/image/vp8"
)

// report is what was found.
type report struct {
	KeyFrames, DeltaFrames, AudioFrames int
	OtherKeyID                          int     // frames whose key id is not the match's
	NotSealed                           int     // frames that are no encrypted frames
	Opened, Refused                     int     // with the key of this match
	RepeatedCounters                    int     // a counter seen before under the same key
	Entropy                             float64 // bits per byte of all ciphertext
	Width, Height                       int     // from the clear bytes of the last key frame
	SealedPicture, OpenedPicture        picture
	Match                               string
	Initiator                           bool
}

// picture is what a VP8 decoder makes of a key frame.
type picture struct {
	Decoded int // of the key frames
	Error   string
	RGB     [3]int  // mean colour of the last one
	Spread  float64 // mean distance of its pixels from that colour
}

func main() {
	url := flag.String("url", "http://localhost:8080", "the server")
	frames := flag.Int("frames", 60, "video frames to collect")
	limit := flag.Duration("limit", 30*time.Second, "give up after")
	flag.Parse()
	r, err := eavesdrop(*url, *frames, *limit)
	if err != nil {
		fmt.Fprintln(os.Stderr, "eavesdrop:", err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(r)
}

func eavesdrop(url string, frames int, limit time.Duration) (report, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	s, err := testenv.Arrive(ctx, url)
	if err != nil {
		return report{}, err
	}
	defer s.Close()
	m, keys, err := s.Meet()
	if err != nil {
		return report{}, err
	}
	if want := keys.String(); m.KeyID != want {
		return report{}, fmt.Errorf("the server names key id %s, the keys say %s", m.KeyID, want)
	}
	if err := s.Keyed(m.Match); err != nil {
		return report{}, err
	}
	r := report{Match: m.Match, Initiator: m.Initiator}
	seen := map[string]map[uint64]bool{"audio": {}, "video": {}}
	var counts [256]int
	for r.KeyFrames+r.DeltaFrames < frames || r.KeyFrames == 0 || r.AudioFrames < 10 {
		select {
		case f := <-s.Frames:
			r.take(f, keys, seen[f.Kind], &counts)
		case <-ctx.Done():
			return r, fmt.Errorf("too little came: %+v", r)
		}
	}
	r.Entropy = entropy(counts)
	return r, nil
}

func (r *report) take(f testenv.Frame, keys *e2ee.Keys, seen map[uint64]bool, counts *[256]int) {
	clear, key, isKey := e2ee.ClearOpus, keys.Receive.Audio, false
	if f.Kind == "video" {
		clear, isKey = e2ee.ClearVP8(f.Data)
		key = keys.Receive.Video
	}
	switch {
	case f.Kind == "audio":
		r.AudioFrames++
	case isKey:
		r.KeyFrames++
	default:
		r.DeltaFrames++
	}
	sealed, err := e2ee.Split(f.Data, clear)
	if err != nil {
		r.NotSealed++
		return
	}
	if sealed.KID != keys.ID {
		r.OtherKeyID++
		return
	}
	if seen[sealed.CTR] {
		r.RepeatedCounters++
	}
	seen[sealed.CTR] = true
	for _, b := range sealed.Body {
		counts[b]++
	}
	plain, err := key.Open(sealed)
	if err != nil {
		r.Refused++
		return
	}
	r.Opened++
	if isKey {
		r.Width, r.Height = int(f.Data[6])|int(f.Data[7]&0x3f)<<8, int(f.Data[8])|int(f.Data[9]&0x3f)<<8
		r.SealedPicture.take(f.Data)
		r.OpenedPicture.take(plain)
	}
}

// take decodes a key frame.
func (p *picture) take(frame []byte) {
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(frame), len(frame))
	if _, err := d.DecodeFrameHeader(); err != nil {
		p.Error = err.Error()
		return
	}
	img, err := d.DecodeFrame()
	if err != nil {
		p.Error = err.Error()
		return
	}
	p.Decoded++
	p.RGB, p.Spread = look(img)
}

// look gives the mean colour of a picture and how far its pixels are from it.
func look(img *image.YCbCr) (mean [3]int, spread float64) {
	bounds := img.Bounds()
	var sum [3]float64
	var pixels [][3]float64
	for y := bounds.Min.Y; y < bounds.Max.Y; y += 4 {
		for x := bounds.Min.X; x < bounds.Max.X; x += 4 {
			r, g, b, _ := img.YCbCrAt(x, y).RGBA()
			p := [3]float64{float64(r >> 8), float64(g >> 8), float64(b >> 8)}
			for i := range p {
				sum[i] += p[i]
			}
			pixels = append(pixels, p)
		}
	}
	n := float64(len(pixels))
	for i := range sum {
		sum[i] /= n
		mean[i] = int(sum[i])
	}
	for _, p := range pixels {
		spread += math.Sqrt((p[0]-sum[0])*(p[0]-sum[0])+(p[1]-sum[1])*(p[1]-sum[1])+(p[2]-sum[2])*(p[2]-sum[2])) / n
	}
	return mean, spread
}

// entropy is that of the bytes counted, in bits for each.
func entropy(counts [256]int) (bits float64) {
	total := 0
	for _, c := range counts {
		total += c
	}
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(total)
			bits -= p * math.Log2(p)
		}
	}
	return bits
}
