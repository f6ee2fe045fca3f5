package proof_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"passerby/internal/proof"
	"passerby/signaling/protocol"
)

var key = []byte("a key of thirty-two bytes, or so")

// solved is a challenge of a guard that asks everybody, with its number.
func solved(t *testing.T, g *proof.Guard) *protocol.Proof {
	t.Helper()
	p, ok := proof.Solve(g.Ask(t.Context(), network("203.0.113.7/32"), ""))
	if !ok {
		t.Fatal("the challenge has no solution")
	}
	return p
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*protocol.Proof)
		after  time.Duration
		want   error
	}{
		{"right", func(*protocol.Proof) {}, 0, nil},
		{"at the last moment", func(*protocol.Proof) {}, 119 * time.Second, nil},
		{"too late", func(*protocol.Proof) {}, 2 * time.Minute, proof.ErrExpired},
		{"another number", func(p *protocol.Proof) { p.Number++ }, 0, proof.ErrWrong},
		{"a number before zero", func(p *protocol.Proof) { p.Number = -p.Number - 1 }, 0, proof.ErrWrong},
		{"a challenge of one's own", func(p *protocol.Proof) { p.Challenge = strings.Repeat("0", 64) }, 0, proof.ErrForged},
		{"a signature of one's own", func(p *protocol.Proof) { p.Signature = strings.Repeat("0", 64) }, 0, proof.ErrForged},
		{"no signature", func(p *protocol.Proof) { p.Signature = "" }, 0, proof.ErrForged},
		{"another algorithm", func(p *protocol.Proof) { p.Algorithm = "SHA-1" }, 0, proof.ErrForged},
		{"a salt that lives longer", func(p *protocol.Proof) { p.Salt = strings.Replace(p.Salt, "expires=", "expires=9", 1) }, 0, proof.ErrWrong},
		{"a huge salt", func(p *protocol.Proof) { p.Salt += strings.Repeat("0", 5000) }, 0, proof.ErrWrong},
		{"a digit moved from the number into the expiry", func(p *protocol.Proof) {
			digits := []byte{byte('0' + p.Number%10)}
			p.Salt, p.Number = p.Salt+string(digits), p.Number/10
		}, 0, proof.ErrWrong},
		{"nothing", func(p *protocol.Proof) { *p = protocol.Proof{} }, 0, proof.ErrForged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := proof.New(proof.Config{Key: key, Mode: proof.On})
				p := solved(t, g)
				tt.change(p)
				time.Sleep(tt.after)
				if err := g.Check(t.Context(), p); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			})
		})
	}
}

// A leading digit of the number cannot be passed off as the last of the expiry: the same bytes would be hashed, and the puzzle live for centuries.
func TestSaltAndNumberCannotBeSpliced(t *testing.T) {
	g := proof.New(proof.Config{Key: key, Mode: proof.On})
	for {
		p := solved(t, g)
		if p.Number < 10 {
			continue
		}
		first := p.Number
		var divisor int64 = 1
		for first >= 10 {
			first, divisor = first/10, divisor*10
		}
		if rest := p.Number % divisor; rest >= divisor/10 { // no leading zero is lost
			p.Salt, p.Number = p.Salt+string(rune('0'+first)), rest
			if err := g.Check(t.Context(), p); !errors.Is(err, proof.ErrForged) {
				t.Fatalf("a spliced salt: %v", err)
			}
			return
		}
	}
}

func TestAProofCountsOnce(t *testing.T) {
	g := proof.New(proof.Config{Key: key, Mode: proof.On})
	p := solved(t, g)
	if err := g.Check(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := g.Check(t.Context(), p); !errors.Is(err, proof.ErrUsed) {
		t.Errorf("a second time: %v", err)
	}
	if err := proof.New(proof.Config{Key: []byte("another")}).Check(t.Context(), solved(t, g)); !errors.Is(err, proof.ErrForged) {
		t.Errorf("by a server with another key: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	g := proof.New(proof.Config{Key: key, Mode: proof.On})
	c := g.Ask(f.Context(), network("203.0.113.7/32"), "")
	f.Add(c.Challenge, c.Salt, c.Signature, int64(1))
	f.Add("", "?expires=&", "", int64(-1))
	f.Fuzz(func(t *testing.T, challenge, salt, signature string, n int64) {
		p := &protocol.Proof{Algorithm: "SHA-256", Challenge: challenge, Salt: salt, Signature: signature, Number: n}
		if err := g.Check(t.Context(), p); err == nil && (challenge != c.Challenge || salt != c.Salt) {
			t.Errorf("accepted %+v", p)
		}
	})
}
