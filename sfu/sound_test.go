package sfu

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"passerby/sfu/link"
)

// wireWriter keeps what is written as it would be encrypted.
type wireWriter struct{ packets [][]byte }

func (w *wireWriter) WriteRTP(h *rtp.Header, payload []byte) error {
	b, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
	w.packets = append(w.packets, b)
	return err
}

// soundDownlink is where the pair's receiver gets sound.
func soundDownlink(from *peer) *downlink {
	return (*from.seat.fed.Load())[0].downlink(audio)
}

// On a way that loses packets each of sound goes out twice, the second time beside the next and without a changed bit: it is encrypted
// under the same nonce.
func TestSoundIsSentTwice(t *testing.T) {
	from, _ := pair(t)
	d, w, now, seq := soundDownlink(from), &wireWriter{}, time.Now(), byte(0)
	d.writer = w
	d.negotiated([]codec{{payload: 100}}, headers{twcc: 3})
	send := func(packets int) {
		for range packets {
			seq++
			b := rtpBytes(t, audio, 80)
			b[1], b[3], b[7], b[20] = b[1]|seq%2<<7, seq, seq*9, seq
			now = now.Add(20 * time.Millisecond)
			from.receiveRTP(b, now)
		}
	}
	sent := func() (order []int) {
		for i := range w.packets {
			p := w.packets[i]
			order = append(order, int(binary.BigEndian.Uint16(p[2:])-binary.BigEndian.Uint16(w.packets[0][2:])))
			if first := w.packets[slices.Index(order, order[i])]; !bytes.Equal(first, p) {
				t.Errorf("%x was sent again as %x", first, p)
			}
		}
		return order
	}
	send(2)
	d.peer.outward.lossy.Store(true)
	send(3)
	d.peer.outward.lossy.Store(false)
	send(2)
	if diff := cmp.Diff([]int{0, 1, 2, 2, 3, 3, 4, 4, 5, 6}, sent()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}

	d.peer.outward.lossy.Store(true)
	send(1)
	now, w.packets = now.Add(echoWorth), nil // nobody spoke
	if send(1); len(w.packets) != 1 {
		t.Errorf("%d packets after a pause", len(w.packets))
	}
	from.server.Route("to", "", 0)
	from.server.Route("to", "from", 0)
	w.packets = nil
	send(1)
	if len(w.packets) != 1 {
		t.Errorf("%d packets begin a route", len(w.packets))
	}
	if n := testing.AllocsPerRun(1000, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.writer = &countWriter{}
		d.keepEcho(make([]byte, 80), 0, now)
		d.sendEcho(now)
	}); n > 1 { // the writer
		t.Errorf("%v allocations a packet", n)
	}
}

// reports keeps what a sender is told.
type reports struct {
	origin
	last rtcp.ReceptionReport
}

func (r *reports) report(told rtcp.ReceptionReport) { r.last = told }

// A sender of sound is told the share that is lost on the whole way, as its receiver reports it, for as long as that is news.
func TestSenderHearsOfTheWholeWay(t *testing.T) {
	from, _ := pair(t)
	to, now := (*from.seat.fed.Load())[0].seat.peer.Load(), time.Now()
	told := map[int]*reports{}
	for kind := range from.up {
		told[kind] = &reports{origin: from}
		from.up[kind].origin = told[kind]
	}
	speak := func() {
		for kind := range from.up {
			b := rtpBytes(t, kind, 80)
			b[3] = byte(from.up[kind].packets.Load())
			from.receiveRTP(b, now)
		}
	}
	tick := func(wait time.Duration) (sound, picture uint8) {
		now = now.Add(wait)
		speak()
		from.up[audio].tick(now)
		from.up[video].tick(now)
		return told[audio].last.FractionLost, told[video].last.FractionLost
	}
	speak()
	if sound, _ := tick(reportEvery); sound != 0 {
		t.Errorf("%d of 256 are lost of nothing", sound)
	}
	hear := func(fraction uint8) {
		rr, err := (&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{
			{SSRC: to.down[0][audio].Load().ssrc, FractionLost: fraction}, {SSRC: to.down[0][video].Load().ssrc, FractionLost: fraction},
		}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		to.receiveRTCP(rr, now)
	}
	hear(40)
	if sound, picture := tick(reportEvery); sound != 40 || picture != 0 {
		t.Errorf("told %d of sound and %d of pictures, want 40 and 0", sound, picture)
	}
	if sound, _ := tick(lossWorth); sound != 0 {
		t.Errorf("an old report still counts: %d", sound)
	}
	hear(40)
	from.server.Route("to", "", 0)
	from.server.Route("to", "from", 0)
	if sound, _ := tick(reportEvery); sound != 0 {
		t.Errorf("what a partner before lost counts: %d", sound)
	}
}

// The same from node to node: the receiver's tells, the sender's counts it in.
func TestOtherNodeTellsWhatIsMissed(t *testing.T) {
	from, _ := pair(t)
	s, now := from.server, time.Now()
	l := mustLink(t)
	n := s.neighbour("c")
	n.link.Store(l)
	n.feed(from.seat, l, 7, now)
	for _, payload := range []string{"\x21", "", "ab"} { // others than of one byte say nothing
		session{n, l}.Frame(link.Frame{Kind: link.Loss, Stream: 7, Payload: []byte(payload)})
		if got := from.seat.soundLost(time.Now()); got != 0x21 {
			t.Errorf("%q: %d of 256 are missed, want %d", payload, got, 0x21)
		}
	}

	s.RouteRemote("to", "b", "far", 0)
	r := s.nodes["b"].remotes["far"]
	d := (*r.seat.fed.Load())[0].downlink(audio)
	for _, step := range []struct {
		after    time.Duration
		reported uint8
		told     uint8
	}{{0, 0, 0}, {0, 9, 9}, {reportEvery / 2, 30, 9}, {reportEvery, 30, 30}, {reportEvery, 0, 0}} {
		now = now.Add(step.after)
		d.heard.told(step.reported, now)
		r.tellMissed(now)
		if r.missed.told != step.told {
			t.Errorf("%+v: told %d", step, r.missed.told)
		}
	}
}

// On a way that loses packets the last packet of a picture goes out twice, the second time in the stream of repairs.
func TestEndOfAPictureIsSentTwice(t *testing.T) {
	from, _ := pair(t)
	d, w, now := (*from.seat.fed.Load())[0].downlink(video), &wireWriter{}, time.Now()
	d.writer, d.formats[0] = w, format{payload: 100, rtx: 101}
	send := func(first, last byte) (repairs []uint16) {
		w.packets = nil
		for seq := first; seq <= last; seq++ {
			b := rtpBytes(t, video, 500)
			if b[3] = seq; seq%3 == 0 {
				b[1] |= 0x80
			}
			now = now.Add(5 * time.Millisecond)
			from.receiveRTP(b, now)
		}
		base := d.header.SequenceNumber - uint16(last)
		for _, p := range w.packets {
			if p[1]&0x7f == 101 {
				repairs = append(repairs, binary.BigEndian.Uint16(p[12:])-base)
			}
		}
		return repairs
	}
	if got := send(1, 9); len(got) > 0 {
		t.Errorf("nothing is lost, and %v are sent again", got)
	}
	d.peer.outward.lossy.Store(true)
	if diff := cmp.Diff([]uint16{12, 15, 18}, send(10, 18)); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
}

// requests keeps which packets a sender is asked for.
type requests struct {
	origin
	seqs []uint16
}

func (r *requests) askPackets(_ uint32, seqs []uint16) { r.seqs = append(r.seqs, seqs...) }

// What is missing of a picture is asked for at the next packet of sound: another of the picture may be long in coming.
func TestSoundAsksForPictures(t *testing.T) {
	from, _ := pair(t)
	told, now := &requests{origin: from}, time.Now()
	from.up[video].origin = told
	for _, seq := range []byte{1, 2, 4} {
		b := rtpBytes(t, video, 500)
		b[3] = seq
		from.receiveRTP(b, now)
	}
	from.receiveRTP(rtpBytes(t, audio, 80), now.Add(15*time.Millisecond))
	if diff := cmp.Diff([]uint16{3}, told.seqs); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}
