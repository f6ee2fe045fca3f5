package turn_test

import (
	"testing"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// STUN only: whatever else is asked, signed or not, is forbidden, by an answer that is no longer than the request; what expects none gets none, and nothing is
// relayed or held. No secret is needed.
func TestSTUNOnlyForbids(t *testing.T) {
	for name, cfg := range map[string]turn.Config{"batched": {}, "plain": {Plain: true}, "single port": {SinglePort: freePort(t), Mobility: true}} {
		t.Run(name, func(t *testing.T) {
			cfg.Listen, cfg.STUNOnly = "127.0.0.1:0", true
			s, err := turn.Listen(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, network := range []string{"udp", "tcp"} {
				c := mustRawOver(t, network, s, credentials{"ada", "a guess"})
				binding := c.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
				if got := turn.MappedAddress(binding.Raw); got.String() != c.conn.LocalAddr().String() || len(binding.Raw) != 32 {
					t.Errorf("seen as %v, in %d bytes", got, len(binding.Raw))
				}
				c.nonce = "obMatJos2AAABaaaaaaaaaaaaaaa"
				for _, method := range []stun.Method{stun.MethodAllocate, stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind} {
					kind := stun.NewType(method, stun.ClassRequest)
					bare, printed := stun.MustBuild(stun.TransactionID, kind, udp).Raw, stun.MustBuild(stun.TransactionID, kind, udp, stun.Fingerprint).Raw
					for _, b := range [][]byte{bare, printed, c.request(method, udp), c.request(method, shows(make([]byte, 32)), udp)} {
						m := c.send(b)
						if code(m) != 403 || len(m.Raw) > len(b) {
							t.Errorf("%s, %v: %d, %d bytes for %d", network, method, code(m), len(m.Raw), len(b))
						}
					}
				}
			}
			c, before := mustRaw(t, s, credentials{}), s.Stats().Dropped
			for _, b := range [][]byte{{0x40, 1, 0, 1, 'x'}, sendIndication(peer("9.9.9.9:9"), attribute{stun.AttrData, []byte("x")})} {
				if _, err := c.conn.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			await(t, "both are dropped", func() bool { return s.Stats().Dropped == before+2 })
			if st := s.Stats(); st.Allocations != 0 || st.ToPeers != 0 || len(st.Failed) != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}
