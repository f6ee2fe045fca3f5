package post

import (
	"encoding/binary"
	"errors"
)

// An envelope is what travels to one node at once:
//
//	sender 16 bytes │ number uvarint │ letter … letter
//	letter: length uvarint │ session │ length uvarint │ data
//
// sender is drawn at random when a node joins; number counts its envelopes to one channel from 1.

// senderBytes is the length of a sender's name.
const senderBytes = 16

type sender [senderBytes]byte

var errEnvelope = errors.New("malformed envelope")

func appendHead(dst []byte, from sender, number uint64) []byte {
	return binary.AppendUvarint(append(dst, from[:]...), number)
}

func appendLetter(dst []byte, session string, data []byte) []byte {
	dst = append(binary.AppendUvarint(dst, uint64(len(session))), session...)
	return append(binary.AppendUvarint(dst, uint64(len(data))), data...)
}

// parseHead takes the head off an envelope.
func parseHead(b []byte) (from sender, number uint64, letters []byte, err error) {
	if len(b) < senderBytes {
		return from, 0, nil, errEnvelope
	}
	copy(from[:], b)
	number, n := binary.Uvarint(b[senderBytes:])
	if n <= 0 {
		return from, 0, nil, errEnvelope
	}
	return from, number, b[senderBytes+n:], nil
}

// parseLetter takes one letter off; session and data are parts of b.
func parseLetter(b []byte) (session, data, rest []byte, err error) {
	if session, b, err = parsePart(b); err != nil {
		return nil, nil, nil, err
	}
	data, rest, err = parsePart(b)
	return session, data, rest, err
}

func parsePart(b []byte) (part, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, errEnvelope
	}
	end := n + int(size)
	return b[n:end:end], b[end:], nil
}
