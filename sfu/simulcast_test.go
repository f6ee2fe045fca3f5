package sfu_test

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"
)

// extension is the id that the server's answer gives a header extension.
func (c *client) extension(uri string) uint8 {
	for line := range strings.SplitSeq(c.pc.RemoteDescription().SDP, "\r\n") {
		if v, ok := strings.CutPrefix(line, "a=extmap:"); ok && strings.HasSuffix(v, " "+uri) {
			id, _, _ := strings.Cut(v, " ")
			n, _ := strconv.ParseUint(id, 10, 8)
			return uint8(n)
		}
	}
	c.t.Fatalf("no %s in the answer", uri)
	return 0
}

// sendLayers sends a key frame of one packet in each encoding, marked by the encoding's name.
func (c *client) sendLayers(rid uint8) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq[1]++
	c.ts[1] += 3000
	c.pic = (c.pic + 1) & 0x7fff
	for n, track := range c.layers {
		payload := []byte{0x90, 0xc0, byte(c.pic>>8) | 0x80, byte(c.pic), 0, 0, 0, 0, 0x9d, 0x01, 0x2a}
		payload = binary.LittleEndian.AppendUint16(payload, 160<<n)
		payload = binary.LittleEndian.AppendUint16(payload, 120<<n)
		payload = append(payload, make([]byte, 50)...)
		payload = append(payload, track.RID()[0])
		p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: c.seq[1] + uint16(1000*n), Timestamp: c.ts[1], Marker: true}, Payload: payload}
		if err := p.SetExtension(rid, []byte(track.RID())); err != nil {
			c.t.Fatal(err)
		}
		if err := track.WriteRTP(p); err != nil {
			c.t.Errorf("write: %v", err)
		}
	}
}

// TestSimulcast: a sender of three encodings, negotiated and sent as browsers do; the receiver gets one at a time, in one stream.
func TestSimulcast(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{rids: []string{"l", "m", "h"}})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	rid := a.extension("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id")
	var last *received
	see := func(what string, done func(received) bool) {
		t.Helper()
		camera := time.NewTicker(20 * time.Millisecond)
		defer camera.Stop()
		for deadline := time.After(patience); ; {
			select {
			case <-camera.C:
				a.sendLayers(rid)
			case p := <-b.packets[1]:
				if last != nil && (p.SSRC != last.SSRC || p.SequenceNumber != last.SequenceNumber+1 || int32(p.Timestamp-last.Timestamp) <= 0) {
					t.Fatalf("%s: number %d at %d after %d at %d", what, p.SequenceNumber, p.Timestamp, last.SequenceNumber, last.Timestamp)
				}
				last = &p
				if done(p) {
					return
				}
			case <-deadline:
				t.Fatalf("%s: not seen; %+v; taken %q", what, s.Stats(), s.Taken("a"))
			}
		}
	}
	shows := func(layer byte) func(received) bool { return func(p received) bool { return p.tag() == layer } }
	see("the best", shows('h'))
	if err := s.View("b", 0, 160, 120); err != nil {
		t.Fatal(err)
	}
	see("as small as it is shown", shows('l'))
	see("what is taken", func(received) bool { return cmp.Equal(s.Taken("a"), []string{"l"}) })
	if err := s.View("b", 0, 320, 240); err != nil {
		t.Fatal(err)
	}
	see("larger", shows('m'))
	if err := s.View("b", 99, 1, 1); err == nil {
		t.Error("a slot that there is not")
	}
}
