package stream_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"passerby/sfu/internal/stream"
)

func marshal(t testing.TB, p *rtp.Packet) []byte {
	t.Helper()
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	oneByte := &rtp.Packet{
		Header:  rtp.Header{Version: 2, Marker: true, PayloadType: 96, SequenceNumber: 65535, Timestamp: 1 << 31, SSRC: 7, CSRC: []uint32{1, 2}},
		Payload: []byte{1, 2, 3},
	}
	oneByte.SetExtension(3, []byte{0xab, 0xcd})
	oneByte.SetExtension(5, []byte{9})
	twoByte := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{1}}
	twoByte.Header.ExtensionProfile = rtp.ExtensionProfileTwoByte
	twoByte.Header.Extension = true
	twoByte.SetExtension(20, []byte{0xab, 0xcd})
	tests := []struct {
		name    string
		in      []byte
		ext     uint8
		want    stream.Packet
		payload []byte
		extWant []byte
	}{
		{"one-byte extension", marshal(t, oneByte), 3,
			stream.Packet{Marker: true, PayloadType: 96, Seq: 65535, Timestamp: 1 << 31, SSRC: 7}, []byte{1, 2, 3}, []byte{0xab, 0xcd}},
		{"absent extension", marshal(t, oneByte), 4,
			stream.Packet{Marker: true, PayloadType: 96, Seq: 65535, Timestamp: 1 << 31, SSRC: 7}, []byte{1, 2, 3}, nil},
		{"two-byte extension", marshal(t, twoByte), 20, stream.Packet{}, []byte{1}, []byte{0xab, 0xcd}},
		{"padding only", []byte{0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 3}, 1,
			stream.Packet{PayloadType: 96, Seq: 1, Timestamp: 2, SSRC: 3}, nil, nil},
		{"padding after payload", []byte{0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 8, 9, 1}, 1,
			stream.Packet{PayloadType: 96, Seq: 1, Timestamp: 2, SSRC: 3}, []byte{8, 9}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := stream.Parse(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Payload, test.payload) {
				t.Errorf("payload %x, want %x", got.Payload, test.payload)
			}
			if e := got.Extension(test.ext); !bytes.Equal(e, test.extWant) {
				t.Errorf("extension %x, want %x", e, test.extWant)
			}
			same := got.Marker == test.want.Marker && got.PayloadType == test.want.PayloadType &&
				got.Seq == test.want.Seq && got.Timestamp == test.want.Timestamp && got.SSRC == test.want.SSRC
			if !same {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestParseMalformed(t *testing.T) {
	header := []byte{0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}
	with := func(first byte, rest ...byte) []byte {
		b := append(append([]byte(nil), header...), rest...)
		b[0] = first
		return b
	}
	for name, in := range map[string][]byte{
		"empty":               {},
		"short":               header[:11],
		"version 1":           with(0x40),
		"missing CSRC":        with(0x82, 0, 0, 0, 1),
		"no extension header": with(0x90, 0xbe),
		"extension too long":  with(0x90, 0xbe, 0xde, 0, 2, 1, 2, 3, 4),
		"padding of nothing":  with(0xa0),
		"padding of zero":     with(0xa0, 1, 0),
		"padding too long":    with(0xa0, 1, 3),
	} {
		if _, err := stream.Parse(in); !errors.Is(err, stream.ErrMalformed) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzParse holds the parser to pion's, where pion accepts.
func FuzzParse(f *testing.F) {
	p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 5, CSRC: []uint32{1}}, Payload: []byte{1, 2}}
	p.SetExtension(1, []byte{1})
	f.Add(marshal(f, p))
	f.Add([]byte{0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 3})
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0, 0, 1, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := stream.Parse(b)
		for id := range 256 {
			got.Extension(uint8(id))
		}
		if err != nil {
			return
		}
		var want rtp.Packet
		if want.Unmarshal(b) != nil {
			return // pion looks into extensions at once
		}
		if got.Seq != want.SequenceNumber || got.SSRC != want.SSRC || got.Timestamp != want.Timestamp {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if diff := cmp.Diff(want.Payload, got.Payload); diff != "" && len(want.Payload)+len(got.Payload) > 0 {
			t.Errorf("payload (-pion +ours):\n%s", diff)
		}
	})
}
