package client

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"passerby/client/e2ee"
	"passerby/signaling/protocol"
)

// TestTextOverABadWay lets two sides write over a way that loses, doubles, delays and reorders: each text comes once and in
// order, and is confirmed.
func TestTextOverABadWay(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		var flows [2]*flow
		var pairs [2]*e2ee.KeyPair
		for i := range pairs {
			var err error
			if pairs[i], err = e2ee.NewKeyPair(e2ee.X25519); err != nil {
				t.Fatal(err)
			}
			flows[i] = &flow{}
		}
		rekey := func() {
			for i := range flows {
				keys, err := pairs[i].Agree("m", pairs[1-i].Public(), i == 0)
				if err != nil {
					t.Fatal(err)
				}
				for range flows[i].rekey(keys, 0, 0) {
					t.Fatal("texts before the first keys")
				}
			}
		}
		rekey()
		type packet struct {
			to      int
			at      time.Time
			message protocol.Message
		}
		var way []packet
		now := time.Unix(1, 0)
		send := func(from int, m protocol.Message) {
			for range r.IntN(3) { // lost, once, twice
				way = append(way, packet{1 - from, now.Add(time.Duration(r.IntN(3000)) * time.Millisecond), m})
			}
		}
		var wrote, got [2][]string
		var confirmed [2]int
		for range 4000 {
			now = now.Add(50 * time.Millisecond)
			for i, f := range flows {
				if len(wrote[i]) < 60 && r.IntN(10) == 0 {
					text := fmt.Sprint(i, " says ", len(wrote[i]))
					wrote[i] = append(wrote[i], text)
					f.send(text)
				}
				texts, err := f.transmit(now)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range texts {
					send(i, &protocol.PartnerText{Match: m.Match, N: m.N, Body: m.Body})
				}
				if len(f.pending) > 0 && f.next().Before(now) {
					t.Fatal("something is due that was not sent")
				}
			}
			for _, p := range slices.Clone(way) {
				if p.at.After(now) {
					continue
				}
				switch m := p.message.(type) {
				case *protocol.PartnerText:
					told, ack := flows[p.to].receive(m)
					for _, message := range told {
						got[p.to] = append(got[p.to], message.Text)
					}
					if ack {
						send(p.to, &protocol.Ack{N: flows[p.to].received})
					}
				case *protocol.Ack:
					confirmed[p.to] += len(flows[p.to].ack(m.N))
				}
			}
			way = slices.DeleteFunc(way, func(p packet) bool { return !p.at.After(now) })
			if r.IntN(700) == 0 { // both have new keys; what is under way under the old ones does not open
				for i := range pairs {
					pairs[i], _ = e2ee.NewKeyPair(e2ee.X25519)
				}
				rekey()
			}
		}
		for i := range flows {
			if !slices.Equal(got[1-i], wrote[i]) || confirmed[i] != len(wrote[i]) || len(wrote[i]) < 60 {
				t.Errorf("seed %d, side %d: wrote %d, the other got %d, %d are confirmed", seed, i, len(wrote[i]), len(got[1-i]), confirmed[i])
			}
		}
	}
}
