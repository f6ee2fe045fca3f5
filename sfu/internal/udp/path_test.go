package udp_test

import (
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/sfu/internal/udp"
)

// flood makes the agent send 100 packets of 500 bytes to the browser and gives how many bytes of these came.
func flood(a *agent, b *browser) (bytes int) {
	b.t.Helper()
	for range 100 {
		a.send(dtls(500))
	}
	// A check's answer goes the same way, after what was sent before.
	m := request(a.ufrag, password)
	b.send(string(m.Raw))
	for {
		got := &stun.Message{Raw: []byte(b.mustRead())}
		if stun.IsMessage(got.Raw) && got.Decode() == nil && got.TransactionID == m.TransactionID {
			return bytes
		}
		if got.Raw[0] >= 4 {
			bytes += len(got.Raw)
		}
	}
}

// To an address that is not proven go at most three times the bytes that came from it.
func TestAmplification(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	a := newAgent(t, m, "a")
	b := newBrowser(t, "127.0.0.1", at)
	received := len(request("a", password).Raw)
	b.check("a")
	b.send(dtls(200))
	a.mustGet(dtls(200))
	received += 200
	if sent := flood(a, b); sent == 0 || sent > 3*received {
		t.Errorf("%d bytes sent for %d received", sent, received)
	}
	if m.Stats().Unproven == 0 {
		t.Error("nothing was counted as held back")
	}
	// The handshake ends: it all went here, so the address is proven.
	a.session.Established()
	if sent := flood(a, b); sent != 50000 {
		t.Errorf("%d of 50,000 bytes came after the handshake", sent)
	}
}

// A handshake that went to two addresses proves neither: its end may have come from the other.
func TestHandshakeFromTwoAddresses(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	a := newAgent(t, m, "a")
	attacker, victim := newBrowser(t, "127.0.0.1", at), newBrowser(t, "127.0.0.1", at)
	for _, b := range []*browser{attacker, victim} {
		b.check("a")
		b.send(dtls(100))
		a.mustGet(dtls(100))
		a.send(dtls(100))
	}
	a.session.Established()
	if sent := flood(a, victim); sent > 3*400 {
		t.Errorf("%d bytes to an address that proved nothing", sent)
	}
}

// After the handshake the session moves: the new address gets three times what came, until it answers our check.
func TestMovedAddressIsAsked(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	a := newAgent(t, m, "a")
	a.session.Remote("browser", "the browser's own password")
	home, away := newBrowser(t, "127.0.0.1", at), newBrowser(t, "127.0.0.1", at)
	home.check("a")
	home.send(dtls(100))
	a.mustGet(dtls(100))
	a.send(dtls(100))
	a.session.Established()

	away.check("a")
	ask := &stun.Message{Raw: []byte(away.mustRead())}
	if err := ask.Decode(); err != nil || ask.Type != stun.BindingRequest {
		t.Fatalf("got %v (%v), want a binding request", ask, err)
	}
	var username stun.Username
	if err := username.GetFrom(ask); err != nil || username.String() != "browser:a" {
		t.Errorf("username %q (%v)", username, err)
	}
	if err := stun.NewShortTermIntegrity("the browser's own password").Check(ask); err != nil {
		t.Error(err)
	}
	away.send(rtp("hello"))
	a.mustGet(rtp("hello"))
	if sent := flood(a, away); sent > 3*400 {
		t.Errorf("%d bytes before the check was answered", sent)
	}
	// A wrong answer changes nothing, the right one from elsewhere neither.
	wrong := stun.MustBuild(stun.TransactionID, stun.BindingSuccess, stun.Fingerprint)
	right := stun.MustBuild(ask, stun.BindingSuccess, stun.Fingerprint)
	away.send(string(wrong.Raw))
	home.send(string(right.Raw))
	away.send(rtp("so far"))
	a.mustGet(rtp("so far"))
	if sent := flood(a, away); sent > 3*400 {
		t.Errorf("%d bytes after a wrong answer", sent)
	}
	away.send(string(right.Raw))
	away.send(rtp("mine"))
	a.mustGet(rtp("mine"))
	if sent := flood(a, away); sent != 50000 {
		t.Errorf("%d of 50,000 bytes came after the right answer", sent)
	}
}

// One session floods; what is over its rate is dropped before pion sees it, and the other loses nothing.
func TestRate(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, udp.Rate{Bits: 1e6, Packets: 100})
	loud, quiet := newAgent(t, m, "loud"), newAgent(t, m, "quiet")
	b, c := newBrowser(t, "127.0.0.1", at), newBrowser(t, "127.0.0.1", at)
	b.check("loud")
	c.check("quiet")
	start := time.Now()
	for i := range 1000 {
		b.send(rtp("noise"))
		if i%20 == 0 {
			c.send(rtp("voice"))
			quiet.mustGet(rtp("voice"))
		}
	}
	eventually(t, "all packets", func() bool { return int(m.Stats().Limited)+len(loud.got) == 1000 })
	if most := 101 + int(100*time.Since(start).Seconds()); len(loud.got) < 100 || len(loud.got) > most {
		t.Errorf("%d packets of the flood passed, want 100 to %d", len(loud.got), most)
	}
}

func TestLimit(t *testing.T) {
	const second = int64(time.Second)
	var l udp.Limit
	now := 1000 * second
	passed := func(n int) (k int) {
		for range n {
			if l.Take(now, 1, 10) {
				k++
			}
		}
		return k
	}
	if k := passed(30); k != 10 {
		t.Errorf("%d at once, want one second's worth", k)
	}
	now += second / 2
	if k := passed(30); k != 5 {
		t.Errorf("%d after half a second, want 5", k)
	}
	now += 60 * second
	if k := passed(30); k != 10 {
		t.Errorf("%d after a minute, want no more than 10", k)
	}
	if l.Take(now, 11, 10) {
		t.Error("took more than there ever is")
	}
}
