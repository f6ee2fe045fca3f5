package sfu

import (
	"bytes"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// firstPair selects the pair of the first connectivity check of each ICE generation, before the peer nominates one (RFC
// 8445 §12.1.1 lets an agent send on any valid pair). Chromium begins DTLS when its first check is answered, yet towards
// an ICE-lite agent it nominates with the next check only: with a round trip of more than three checks (150 ms) that is
// 900 ms later, and DTLS would wait as long. A nomination of another pair overrides.
//
// The ICE agent calls it from one goroutine.
func firstPair() func(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
	var generation []byte // USERNAME: both sides' ufrags
	return func(m *stun.Message, _, _ ice.Candidate, _ *ice.CandidatePair) bool {
		username, err := m.Get(stun.AttrUsername)
		if err != nil || bytes.Equal(username, generation) {
			return false
		}
		generation = bytes.Clone(username)
		return !m.Contains(stun.AttrUseCandidate)
	}
}
