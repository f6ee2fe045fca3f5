package tape_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/sfu/tape"
)

var records = []tape.Record{
	{Video: true, Marker: true, Key: true, Source: 7, Seq: 65535, Timestamp: 1 << 31, At: 20, Payload: []byte("picture")},
	{Source: 8, Seq: 1, At: 40, Payload: []byte{}},
}

func written() []byte {
	data := tape.Head{KeyID: 0xa1b2c3d4e5f6, Began: 1_800_000_000_000}.Append(nil)
	for i := range records {
		data = records[i].Append(data)
	}
	return data
}

func TestTape(t *testing.T) {
	data := written()
	head, all, err := tape.Parse(data)
	if err != nil || head != (tape.Head{KeyID: 0xa1b2c3d4e5f6, Began: 1_800_000_000_000}) {
		t.Fatalf("%+v, %v", head, err)
	}
	if diff := cmp.Diff(records, all); diff != "" {
		t.Error(diff)
	}
	long := tape.Record{Payload: make([]byte, tape.MaxPayload+1)}
	for name, bad := range map[string][]byte{
		"nothing": nil, "no head": data[:tape.HeadSize-1], "another format": append([]byte("PBT2"), data[4:]...), "cut off": data[:len(data)-1],
		"flags of another version": append(data[:tape.HeadSize:tape.HeadSize], bytes.Repeat([]byte{9}, 40)...), "a long payload": long.Append(data),
	} {
		if _, _, err := tape.Parse(bad); !errors.Is(err, tape.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(written())
	f.Fuzz(func(t *testing.T, data []byte) {
		head, all, err := tape.Parse(data)
		if err != nil {
			return
		}
		again := head.Append(nil)
		for i := range all {
			again = all[i].Append(again)
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%x was read as %x", data, again)
		}
	})
}
