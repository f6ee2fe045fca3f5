package sfu_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"passerby/sfu"
)

const audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

// crowdClient is a client with several slots.
type crowdClient struct {
	*client
	shown [][2]chan received // by slot and kind
}

func newCrowdClient(t testing.TB, s *sfu.Server, id string, slots int) *crowdClient {
	t.Helper()
	c := &crowdClient{client: newClient(t, s, id, clientOptions{})}
	for n := range slots {
		c.shown = append(c.shown, [2]chan received{make(chan received, 4096), make(chan received, 4096)})
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if n == 0 {
				continue // sends, too: newClient made it
			}
			if _, err := c.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		slot := 0
		if _, n, ok := strings.Cut(track.StreamID(), "-"); ok {
			slot, _ = strconv.Atoi(n)
		}
		isVideo := track.Kind() == webrtc.RTPCodecTypeVideo
		c.work.Go(func() {
			for {
				p, _, err := track.ReadRTP()
				if err != nil {
					return
				}
				select {
				case c.shown[slot][index(isVideo)] <- received{isVideo, *p}:
				case <-c.stop:
					return
				}
			}
		})
	})
	return c
}

// sees waits for a packet of a kind in a slot.
func (c *crowdClient) sees(slot int, isVideo bool) received {
	c.t.Helper()
	select {
	case p := <-c.shown[slot][index(isVideo)]:
		return p
	case <-time.After(patience):
		c.t.Fatalf("%s: nothing in slot %d (video %v); stats %+v", c.id, slot, isVideo, c.server.Stats())
		panic("unreachable")
	}
}

// speak sends a packet of audio that says how loud it is.
func (c *crowdClient) speak(level uint8, tag byte) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ts[0] += 960
	c.seq[0]++
	p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: c.seq[0], Timestamp: c.ts[0]}, Payload: []byte{0x78, tag}}
	if err := p.SetExtension(c.levelID(), []byte{level}); err != nil {
		c.t.Fatal(err)
	}
	if err := c.audio.WriteRTP(p); err != nil {
		c.t.Errorf("write: %v", err)
	}
}

func (c *crowdClient) levelID() uint8 {
	for _, line := range strings.Split(c.pc.RemoteDescription().SDP, "\r\n") {
		if v, ok := strings.CutPrefix(line, "a=extmap:"); ok && strings.HasSuffix(v, audioLevel) {
			id, _, _ := strings.Cut(v, " ")
			n, _ := strconv.ParseUint(id, 10, 8)
			return uint8(n)
		}
	}
	return 0
}

// TestSlots: four people see the three others at once, each in a stream of its own, and one of them is swapped for another
// without touching the rest.
func TestSlots(t *testing.T) {
	s, events := mustListen(t)
	names := []string{"a", "b", "c", "d"}
	people := map[string]*crowdClient{}
	for _, id := range names {
		c := newCrowdClient(t, s, id, 3)
		if err := c.offer(nil); err != nil {
			t.Fatal(err)
		}
		events.await(t, "open "+id, 1)
		<-c.open // so that the client can send, too
		people[id] = c
	}
	for _, to := range names {
		slot := 0
		for _, from := range names {
			if to == from {
				continue
			}
			if err := s.RouteSlot(to, slot, from, 0); err != nil {
				t.Fatal(err)
			}
			slot++
		}
	}
	for _, id := range names {
		people[id].sendVideo(true, 0, id[0], 2)
		people[id].speak(20, id[0])
	}
	for _, to := range names {
		slot := 0
		ssrcs := map[uint32]bool{}
		for _, from := range names {
			if to == from {
				continue
			}
			for _, isVideo := range []bool{false, true} {
				p := people[to].sees(slot, isVideo)
				if p.tag() != from[0] {
					t.Errorf("%s sees %q in slot %d, not %s", to, p.tag(), slot, from)
				}
				ssrcs[p.SSRC] = true
			}
			slot++
		}
		if len(ssrcs) != 6 {
			t.Errorf("%s gets %d streams, not 6", to, len(ssrcs))
		}
	}
	a := people["a"]
	last := a.sees(2, true) // the second packet of d's frame
	if err := s.RouteSlot("a", 2, "b", 0); err != nil {
		t.Fatal(err)
	}
	people["b"].sendVideo(true, 0, 'B', 1)
	p := a.sees(2, true)
	if p.tag() != 'B' || p.SequenceNumber != last.SequenceNumber+1 || p.SSRC != last.SSRC {
		t.Errorf("slot 2 goes on with %q, number %d after the last", p.tag(), p.SequenceNumber-last.SequenceNumber)
	}
	_ = a.sees(0, true) // the second packet of b's first frame
	if p := a.sees(0, true); p.tag() != 'B' {
		t.Errorf("slot 0 shows %q: b feeds two slots", p.tag())
	}
	if err := s.RouteSlot("a", sfu.MaxSlots, "b", 0); err == nil {
		t.Error("a slot too many")
	}
	if v := s.Voice("b"); v.Packets != 1 || v.Loudness != 107 {
		t.Errorf("b's voice: %+v", v)
	}
	s.Remove("b")
	if err := s.RouteSlot("a", 0, "", 0); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Routes != 8 { // of 12: b's own three are gone, and one of a's; those from b wait for it
		t.Errorf("%d routes: %+v", st.Routes, st)
	}
}

// A call of two does not tell the server how loud anybody is.
func TestLevelsOnlyAmongSeveral(t *testing.T) {
	s, _ := mustListen(t)
	for _, slots := range []int{1, 2} {
		c := newCrowdClient(t, s, strconv.Itoa(slots), slots)
		if err := c.offer(nil); err != nil {
			t.Fatal(err)
		}
		if asked := c.levelID() != 0; asked != (slots > 1) {
			t.Errorf("%d slots: the server asks for levels: %v", slots, asked)
		}
	}
}
