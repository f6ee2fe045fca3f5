package sfu

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"passerby/sfu/internal/udp"
)

// deserted is for how long nothing comes from the address that is sent to until a nomination of any other one counts. A browser checks
// the pair that it uses every 2.5 s.
const deserted = 3 * time.Second

// choosePair says which pair is sent on beside what the ICE agent decides, which is: a nominated pair (USE-CANDIDATE), but not one of a
// lower priority than the selected one. Firefox nominates every pair whose check succeeds (RFC 5245 §8.1.1.2) and sends on the best of
// them, so the last nomination is often that of a relay, whose address then has received too little to be answered with a whole flight of
// DTLS: the handshake came to no end. Chromium nominates what it uses. Selected is, besides,
//
//   - the pair of the first check of each ICE generation, before the peer nominates one (RFC 8445 §12.1.1 lets an agent send on any valid
//     pair). Chromium begins DTLS when its first check is answered, yet towards an ICE-lite agent it nominates with the next check only:
//     with a round trip of more than three checks (150 ms) that is 900 ms later, and DTLS would wait as long;
//   - the pair on which the peer sends, whatever its priority: who changes from one network to another goes on there;
//   - what is nominated when the selected pair is deserted, or goes over TCP: a connection that replaces another has no higher priority.
//
// The ICE agent calls it for each check that it has answered, from one goroutine.
func choosePair(session *udp.Session) func(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
	var generation []byte // USERNAME: both sides' ufrags
	return func(m *stun.Message, _, remote ice.Candidate, _ *ice.CandidatePair) bool {
		nominated := m.Contains(stun.AttrUseCandidate)
		username, err := m.Get(stun.AttrUsername)
		switch {
		case err != nil:
			return false
		case !bytes.Equal(username, generation):
			generation = bytes.Clone(username)
			return !nominated
		case nominated && session.Silent() > deserted:
			return true
		}
		addr, err := netip.ParseAddr(remote.Address())
		return err == nil && remote.NetworkType().IsUDP() && session.Speaks(netip.AddrPortFrom(addr.Unmap(), uint16(remote.Port())))
	}
}
