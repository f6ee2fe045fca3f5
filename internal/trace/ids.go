package trace

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

// TraceID answers the id of a match's trace.
func TraceID(match string) (id [16]byte) {
	sum := sha256.Sum256([]byte("passerby trace\n" + match))
	return [16]byte(sum[:16])
}

// rootID is the id of a match's first span.
func rootID(match string) []byte {
	sum := sha256.Sum256([]byte("passerby root span\n" + match))
	return sum[:8]
}

func freshID() []byte {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	return id[:]
}

// sampled says whether the trace is one of the share that is kept, as OpenTelemetry's TraceIdRatioBased does: all nodes
// with the same share agree.
func sampled(id [16]byte, share float64) bool {
	bound := uint64(share * math.MaxInt64)
	return share >= 1 || binary.BigEndian.Uint64(id[8:])>>1 < bound
}

// Sampled answers the id of a match's trace in hex, "" when it is not sampled.
func (s *Sender) Sampled(match string) string {
	if s == nil {
		return ""
	}
	id := TraceID(match)
	if !sampled(id, s.cfg.Share) {
		return ""
	}
	return hex.EncodeToString(id[:])
}
