package stream

import "time"

// ntpEpoch is 1900-01-01 in Unix seconds.
const ntpEpoch = -2208988800

// NTP is t as the 64-bit timestamp of RFC 3550 §4.
func NTP(t time.Time) uint64 {
	sec := uint64(t.Unix() - ntpEpoch)
	frac := uint64(t.Nanosecond()) << 32 / 1e9
	return sec<<32 | frac
}

// FromNTP is the reverse, good until 2036.
func FromNTP(v uint64) time.Time {
	nanos := (v & 0xffffffff * 1e9) >> 32
	return time.Unix(int64(v>>32)+ntpEpoch, int64(nanos))
}

// ClockOffset estimates how far the server's clock is ahead of a sender's,
// one-way delay included: the least seen is nearest to the truth. One is
// shared by the audio and video of a sender, so that they stay together.
type ClockOffset struct {
	offset time.Duration
	known  bool
}

// Sample notes that a report written at sent (sender's clock) arrived at now.
func (c *ClockOffset) Sample(sent, now time.Time) time.Duration {
	d := now.Sub(sent)
	switch {
	case !c.known, d < c.offset, d > c.offset+5*time.Second: // the sender's clock was set
		c.offset, c.known = d, true
	default:
		c.offset += (d - c.offset) / 64 // follow a drift upwards slowly
	}
	return c.offset
}

// Anchor says that a source's RTP time RTP was at time At on the server's clock.
type Anchor struct {
	At  time.Time
	RTP uint32
}

// RTPAt is the RTP time of the source at now.
func (a Anchor) RTPAt(now time.Time, clock uint32) uint32 {
	micros := now.Sub(a.At).Microseconds()
	return a.RTP + uint32(micros*int64(clock)/1e6)
}
