package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"testing"

	"passerby/internal/httpapi"
	"passerby/signaling/protocol"
)

// prover asks everybody; the right number is 7.
type prover struct {
	counted int
	user    string
}

func (p *prover) Count(netip.Prefix) { p.counted++ }
func (p *prover) Ask(_ context.Context, _ netip.Prefix, user string) *protocol.Challenge {
	p.user = user
	return &protocol.Challenge{Algorithm: "SHA-256", Challenge: "c", MaxNumber: 9, Salt: "s", Signature: "x"}
}

func (p *prover) Check(_ context.Context, proof *protocol.Proof) error {
	if proof.Number != 7 {
		return errors.New("wrong")
	}
	return nil
}

func TestProofOfWork(t *testing.T) {
	asks := &prover{}
	h := handler(func(c *httpapi.Config) {
		c.Proof = asks
		c.Claimed = func(d *protocol.Device) string {
			if d == nil {
				return ""
			}
			return "user of " + d.Key
		}
	})
	for _, tt := range []struct {
		name, body string
		status     int
		counted    int
	}{
		{"none", `{"adult": true}`, 428, 1},
		{"wrong", `{"adult": true, "proof": {"number": 6}}`, 428, 1},
		{"no number", `{"adult": true, "proof": {}}`, 428, 1},
		{"right", `{"adult": true, "proof": {"number": 7}}`, 200, 0},
		{"right, but no adult", `{"proof": {"number": 7}}`, 403, 0},
		{"not a number", `{"adult": true, "proof": {"number": "7"}}`, 400, 0},
		{"a fraction", `{"adult": true, "proof": {"number": 7.5}}`, 400, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asks.counted = 0
			w := do(h, request{method: "POST", path: "/v1/session", body: tt.body})
			var got protocol.ErrorAnswer
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if w.Code != tt.status || asks.counted != tt.counted {
				t.Errorf("status %d, counted %d; want %d, %d: %s", w.Code, asks.counted, tt.status, tt.counted, w.Body)
			}
			if tt.status == 428 && (got.Error.Code != protocol.ProofRequired || got.Challenge == nil || got.Challenge.MaxNumber != 9) {
				t.Errorf("answer %s", w.Body)
			}
		})
	}
	do(h, request{method: "POST", path: "/v1/session", body: `{"adult": true, "device": {"key": "k"}}`})
	if asks.user != "user of k" {
		t.Errorf("the puzzle is for %q", asks.user)
	}
}
