package evidence_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/pion/rtp/codecs"

	"passerby/internal/evidence"
	"passerby/sfu/tape"
)

const keyID = 0xa1b2c3d4e5f6

var (
	bobs  = evidence.MediaKeys{Audio: bytes.Repeat([]byte{1}, 32), Video: bytes.Repeat([]byte{2}, 32)}
	other = evidence.MediaKeys{Audio: bytes.Repeat([]byte{3}, 32), Video: bytes.Repeat([]byte{4}, 32)}
)

// keyFrame and delta look like VP8 as far as anybody here reads it.
func keyFrame(size int) []byte {
	f := append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01}, make([]byte, size)...) // 640 by 480
	for i := range f[10:] {
		f[10+i] = byte(i)
	}
	return f
}

func delta(n byte, size int) []byte {
	return append([]byte{0x31, n, 0}, bytes.Repeat([]byte{n}, size)...)
}

// taped is what the server recorded of a sender.
type taped struct {
	records  []tape.Record
	payload  codecs.VP8Payloader
	seq      [2]uint16
	counters [2]uint64
}

func (r *taped) video(keys evidence.MediaKeys, at uint32, frame []byte) {
	sealed := evidence.Seal(keys.Video, keyID, true, frame, r.counters[1])
	r.counters[1]++
	r.sealed(at, sealed)
}

func (r *taped) sealed(at uint32, sealed []byte) {
	parts := r.payload.Payload(1100, sealed)
	for i, p := range parts {
		r.records = append(r.records, tape.Record{
			Video: true, Marker: i == len(parts)-1, Key: i == 0 && sealed[0]&1 == 0, Source: 9, Seq: 65530 + r.seq[1], Timestamp: 1<<32 - 900 + 90*at, At: at, Payload: p,
		})
		r.seq[1]++
	}
}

func (r *taped) audio(keys evidence.MediaKeys, at uint32, frame []byte) {
	sealed := evidence.Seal(keys.Audio, keyID, false, frame, r.counters[0])
	r.counters[0]++
	r.records = append(r.records, tape.Record{Source: 8, Seq: r.seq[0], Timestamp: 48 * at, At: at, Payload: sealed})
	r.seq[0]++
}

func (r *taped) tape() []byte {
	out := tape.Head{KeyID: keyID, Began: at}.Append(nil)
	for i := range r.records {
		out = r.records[i].Append(out)
	}
	return out
}

// second is one second of Bob: a picture each 40 ms, sound each 20 ms.
func second() *taped {
	r := &taped{}
	r.payload.EnablePictureID = true
	for ms := uint32(0); ms < 1000; ms += 20 {
		r.audio(bobs, ms, []byte{0xfc, byte(ms / 20), 7, 7})
		switch {
		case ms == 0 || ms == 520:
			r.video(bobs, ms, keyFrame(5000))
		case ms%40 == 0:
			r.video(bobs, ms, delta(byte(ms/40), 1500))
		}
	}
	return r
}

func TestRecordingIsOpened(t *testing.T) {
	m, err := evidence.Open(second().tape(), bobs)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Audio) != 50 || len(m.Video) != 25 || m.Failed != 0 || m.Width != 640 || m.Height != 480 || m.Span() != 980 {
		t.Fatalf("%d of sound, %d of picture, %d failed, %d by %d, %d ms", len(m.Audio), len(m.Video), m.Failed, m.Width, m.Height, m.Span())
	}
	if !bytes.Equal(m.Video[0].Data, keyFrame(5000)) || !m.Video[0].Key || !bytes.Equal(m.Video[1].Data, delta(1, 1500)) || m.Video[1].At != 40 {
		t.Error("the pictures are others")
	}
	if !bytes.Equal(m.Audio[7].Data, []byte{0xfc, 7, 7, 7}) || m.Audio[7].At != 140 {
		t.Errorf("the sound is another: %+v", m.Audio[7])
	}
}

// A network loses packets, and brings them late or twice; a source begins anew; a former partner's frames stray in.
func TestRecordingOfABadNetwork(t *testing.T) {
	r := second()
	whole := len(r.records)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := 0; i+3 < len(r.records); i += 4 {
		rng.Shuffle(3, func(a, b int) { r.records[i+a], r.records[i+b] = r.records[i+b], r.records[i+a] })
	}
	r.records = append(r.records, r.records[:20]...) // sent again
	r.video(other, 1000, delta(1, 100))              // under other keys
	late := second()
	for i := range late.records {
		late.records[i].Source += 10
		late.records[i].At += 2000
	}
	r.records = append(r.records, late.records...)
	m, err := evidence.Open(r.tape(), bobs)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Audio) != 100 || len(m.Video) != 50 || m.Failed != 1 {
		t.Errorf("%d packets: %d of sound, %d of picture, %d failed", whole, len(m.Audio), len(m.Video), m.Failed)
	}
	lost := second()
	for i := range lost.records { // a packet of the first key frame
		if lost.records[i].Video && !lost.records[i].Key {
			lost.records = append(lost.records[:i], lost.records[i+1:]...)
			break
		}
	}
	if m, err = evidence.Open(lost.tape(), bobs); err != nil || !m.Video[0].Key || m.Video[0].At != 520 {
		t.Errorf("the picture does not begin with a key frame that is whole: %+v, %v", m.Video[0].At, err)
	}
}

func TestRecordingUnderOtherKeysIsEmpty(t *testing.T) {
	data := second().tape()
	for name, k := range map[string]evidence.MediaKeys{"others": other, "swapped": {Audio: bobs.Video, Video: bobs.Audio}} {
		if _, err := evidence.Open(data, k); !errors.Is(err, evidence.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	changed := second()
	for i := range changed.records {
		changed.records[i].Payload[len(changed.records[i].Payload)-1] ^= 1
	}
	if _, err := evidence.Open(changed.tape(), bobs); !errors.Is(err, evidence.ErrEmpty) {
		t.Errorf("changed: %v", err)
	}
}

// AES-GCM opens one ciphertext under two keys, if its maker wants it to. That is why keys are committed to: of two that
// open a recording only one is the sender's.
func TestTwoKeysOpenOneFrameAndOneIsBound(t *testing.T) {
	clear := keyFrame(0)
	frame := evidence.Salamander(bobs.Video, other.Video, keyID, 5, clear, []byte("a harmless thing"), []byte("a nasty thing ☠"))
	one, err1 := evidence.Unseal(bobs.Video, keyID, true, frame)
	two, err2 := evidence.Unseal(other.Video, keyID, true, frame)
	if err1 != nil || err2 != nil || !bytes.Contains(one, []byte("a harmless thing")) || bytes.Contains(one, []byte("nasty")) || bytes.Equal(one, two) {
		t.Fatalf("the attack itself does not work: %q, %v; %q, %v", one, err1, two, err2)
	}
	commit := bobs.Commit(match, evidence.Responder, "a1b2c3d4e5f6")
	framed := evidence.MediaKeys{Audio: bobs.Audio, Video: other.Video}
	if !evidence.Same(bobs.Commit(match, evidence.Responder, "a1b2c3d4e5f6"), commit) || evidence.Same(framed.Commit(match, evidence.Responder, "a1b2c3d4e5f6"), commit) {
		t.Error("the commitment does not tell the keys apart")
	}
	for name, c := range map[string][]byte{
		"match": bobs.Commit("other", evidence.Responder, "a1b2c3d4e5f6"), "side": bobs.Commit(match, evidence.Initiator, "a1b2c3d4e5f6"),
		"key id": bobs.Commit(match, evidence.Responder, "000000000000"), "swapped": evidence.MediaKeys{Audio: bobs.Video, Video: bobs.Audio}.Commit(match, evidence.Responder, "a1b2c3d4e5f6"),
	} {
		if evidence.Same(c, commit) {
			t.Errorf("%s is not in the commitment", name)
		}
	}
	if evidence.Same(nil, nil) {
		t.Error("no commitment is one")
	}
}

func TestWebM(t *testing.T) {
	m, err := evidence.Open(second().tape(), bobs)
	if err != nil {
		t.Fatal(err)
	}
	file, err := m.WebM()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(file, []byte{0x1a, 0x45, 0xdf, 0xa3}) || !bytes.Contains(file, []byte("V_VP8")) || !bytes.Contains(file, []byte("A_OPUS")) || !bytes.Contains(file, keyFrame(5000)) {
		t.Error("not a WebM file with both tracks")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(second().tape())
	f.Add(tape.Head{KeyID: keyID}.Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := evidence.Open(data, bobs)
		if err != nil {
			return
		}
		if _, err := m.WebM(); err != nil {
			t.Errorf("opened, and cannot be written: %v", err)
		}
	})
}

// The recording that tests of other packages use is this one.
func TestSharedRecordingIsFresh(t *testing.T) {
	const name = "testdata/bob.tape"
	want := short().tape()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %v: UPDATE=1 go test ./internal/evidence writes it", name, err)
	}
}

func short() *taped {
	r := &taped{}
	r.payload.EnablePictureID = true
	r.video(bobs, 0, keyFrame(300))
	r.audio(bobs, 10, []byte{0xfc, 1, 2, 3})
	r.video(bobs, 40, delta(1, 200))
	return r
}

func TestMediaVectors(t *testing.T) {
	v := readVectors(t).Media
	k := evidence.MediaKeys{Audio: b64(t, v.Audio), Video: b64(t, v.Video)}
	if got := base64.RawURLEncoding.EncodeToString(k.Commit(v.Match, evidence.Side(v.Side), v.KeyID)); got != v.Commit {
		t.Errorf("commitment %s, want %s", got, v.Commit)
	}
	id, err := strconv.ParseUint(v.KeyID, 16, 48)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Frames {
		base, video := k.Audio, f.Kind == "video"
		if video {
			base = k.Video
		}
		if got, err := evidence.Unseal(base, id, video, b64(t, f.Sealed)); err != nil || !bytes.Equal(got, b64(t, f.Plain)) {
			t.Errorf("%s: %x, %v", f.Kind, got, err)
		}
	}
}
