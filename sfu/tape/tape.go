package tape

import (
	"encoding/binary"
	"errors"
)

// Sizes, in bytes.
const (
	HeadSize   = 20
	RecordSize = 17      // of a record without its payload
	MaxPayload = 1 << 12 // no RTP packet that a network carries is longer
)

const magic = "PBT1"

// ErrMalformed says that bytes are no tape.
var ErrMalformed = errors.New("tape: malformed")

// Head begins a tape.
type Head struct {
	KeyID uint64 // of the SFrame headers that belong to it
	Began int64  // Unix ms
}

// Record is one RTP packet.
type Record struct {
	Video     bool
	Marker    bool
	Key       bool   // the first packet of a video key frame
	Source    uint32 // changes when the sender begins anew
	Seq       uint16
	Timestamp uint32
	At        uint32 // ms since the beginning
	Payload   []byte
}

// Append appends a head to dst.
func (h Head) Append(dst []byte) []byte {
	dst = append(dst, magic...)
	dst = binary.BigEndian.AppendUint64(dst, h.KeyID)
	return binary.BigEndian.AppendUint64(dst, uint64(h.Began))
}

// Append appends a record to dst. Its payload is at most MaxPayload long.
func (r *Record) Append(dst []byte) []byte {
	var flags byte
	if r.Video {
		flags |= 1
	}
	if r.Marker {
		flags |= 2
	}
	if r.Key {
		flags |= 4
	}
	dst = append(dst, flags)
	dst = binary.BigEndian.AppendUint32(dst, r.Source)
	dst = binary.BigEndian.AppendUint16(dst, r.Seq)
	dst = binary.BigEndian.AppendUint32(dst, r.Timestamp)
	dst = binary.BigEndian.AppendUint32(dst, r.At)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(r.Payload)))
	return append(dst, r.Payload...)
}

// Cut reads the record at the start of data; its payload points into data.
func Cut(data []byte) (r Record, rest []byte, err error) {
	if len(data) < RecordSize || data[0] > 7 {
		return r, nil, ErrMalformed
	}
	size := RecordSize + int(binary.BigEndian.Uint16(data[15:]))
	if size > RecordSize+MaxPayload || size > len(data) {
		return r, nil, ErrMalformed
	}
	return Record{
		Video: data[0]&1 != 0, Marker: data[0]&2 != 0, Key: data[0]&4 != 0,
		Source: binary.BigEndian.Uint32(data[1:]), Seq: binary.BigEndian.Uint16(data[5:]),
		Timestamp: binary.BigEndian.Uint32(data[7:]), At: binary.BigEndian.Uint32(data[11:]),
		Payload: data[RecordSize:size],
	}, data[size:], nil
}

// Parse reads a whole tape. Payloads point into data.
func Parse(data []byte) (Head, []Record, error) {
	if len(data) < HeadSize || string(data[:4]) != magic {
		return Head{}, nil, ErrMalformed
	}
	h := Head{KeyID: binary.BigEndian.Uint64(data[4:]), Began: int64(binary.BigEndian.Uint64(data[12:]))}
	var all []Record
	for rest := data[HeadSize:]; len(rest) > 0; {
		r, more, err := Cut(rest)
		if err != nil {
			return Head{}, nil, err
		}
		all, rest = append(all, r), more
	}
	return h, all, nil
}
