package udp_test

import (
	"net/netip"
	"testing"
	"time"

	"passerby/sfu/internal/udp"
)

// Media goes to its own taker and everything else to pion; what is sent goes to the selected pair.
func TestMediaBesidePion(t *testing.T) {
	m, at := mustMux(t, "127.0.0.1:0", 1, plenty)
	media := make(chan string, 8)
	a := newAgentOf(t, m.Session(func(b []byte) { media <- string(b) }), "a")
	b := newBrowser(t, "127.0.0.1", at)
	send := func(s string) {
		p := udp.NewPacket()
		p.SetLen(copy(p.Room(), s))
		a.session.Send(p)
	}
	send("to nobody")
	b.check("a")
	b.send(rtp("picture"))
	if got := <-media; got != rtp("picture") {
		t.Errorf("media %q", got)
	}
	handshake := dtls(40)
	b.send(handshake)
	a.mustGet(handshake)
	send("nothing is selected")
	a.session.Select(b.addr())
	send(rtp("answer"))
	if got := b.mustRead(); got != rtp("answer") {
		t.Errorf("the browser read %q", got)
	}
	other := newBrowser(t, "127.0.0.1", at)
	a.session.Select(other.addr())
	send("no check came from there")
	if st := m.Stats(); st.Unproven != 3 {
		t.Errorf("%d packets were held back, want 3", st.Unproven)
	}
	other.check("a")
	b.send(rtp("not yet"))
	<-media
	if a.session.Speaks(other.addr()) || !a.session.Speaks(b.addr()) {
		t.Error("a check is taken for speech, or speech is not heard")
	}
	other.send(rtp("moved"))
	<-media
	if a.session.Speaks(other.addr()) || a.session.Speaks(b.addr()) {
		t.Error("who speaks from where it is sent to speaks elsewhere")
	}
	m.late.Add(int64(4 * time.Second))
	if d := a.session.Silent(); d < 4*time.Second {
		t.Errorf("silent for %v", d)
	}
	for what, speak := range map[string]func(){"a check": func() { other.check("a") }, "media": func() { other.send(rtp("more")); <-media }} {
		m.late.Add(int64(4 * time.Second))
		if speak(); a.session.Silent() >= 4*time.Second {
			t.Errorf("silent for %v after %s", a.session.Silent(), what)
		}
	}
	send(rtp("followed"))
	if a.session.Select(netip.AddrPort{}); a.session.Silent() < time.Hour || a.session.Speaks(netip.AddrPort{}) {
		t.Errorf("over TCP it is silent for %v", a.session.Silent())
	}
	if got := other.mustRead(); got != rtp("followed") {
		t.Errorf("the other address read %q", got)
	}
}
