// Command link measures what it costs that two people are on different nodes: from Next to the first packet of the
// new partner's key frame, beside the same on one node, in turns in one run; one process, loopback, the way between
// the nodes delayed by bench/impair. The publisher answers a request for a key frame at once.
//
//	go run ./bench/link [--rounds 30] [--delay 20ms]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"passerby/bench/impair"
	"passerby/sfu"
	"passerby/sfu/link"
)

func main() {
	rounds := flag.Int("rounds", 30, "how often each is done")
	delay := flag.Duration("delay", 20*time.Millisecond, "of the way between the nodes, each way")
	flag.Parse()
	if err := run(*rounds, *delay); err != nil {
		log.Fatal(err)
	}
}

// row is one line of the table and of the JSON behind it, in milliseconds.
type row struct {
	What             string
	Min, Median, Max float64
}

func newRow(what string, all []time.Duration) row {
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return row{what, ms(all[0]), ms(all[len(all)/2]), ms(all[len(all)-1])}
}

func run(rounds int, delay time.Duration) error {
	one, err := listen("one")
	if err != nil {
		return err
	}
	defer func() { _ = one.Close() }()
	two, err := listen("two")
	if err != nil {
		return err
	}
	defer func() { _ = two.Close() }()
	way := impair.Profile{Delay: delay}
	proxy, err := impair.ListenUDP(impair.Config{Listen: "127.0.0.1:0", Target: two.LinkAddr().String(), Up: way, Down: way})
	if err != nil {
		return err
	}
	defer func() { _ = proxy.Close() }()
	one.Nodes(map[string]string{"two": proxy.Addr().String()})
	for _, s := range []*sfu.Server{one, two} {
		if err := until(func() bool { return len(s.Links()) == 1 && s.Links()[0].RTT > 0 }); err != nil {
			return fmt.Errorf("the nodes find no link: %w", err)
		}
	}
	var people [3]*person
	for i, at := range []*sfu.Server{one, two, two} { // far, near, and who watches
		if people[i], err = join(at, fmt.Sprint("p", i)); err != nil {
			return err
		}
		defer people[i].leave()
	}
	far, near, watcher := people[0], people[1], people[2]

	times := map[bool][]time.Duration{}
	var rtts []time.Duration
	for i := range 2 * rounds {
		remote := i%2 == 0
		from := near
		if remote {
			from = far
		}
		key := uint64(1000 + i)
		from.key.Store(key)
		watcher.want.Store(key)
		time.Sleep(350 * time.Millisecond) // requests of the round before are over
		began := time.Now()
		if remote {
			two.RouteRemote(watcher.id, "one", from.id, key)
		} else {
			two.Route(watcher.id, from.id, key)
		}
		select {
		case at := <-watcher.saw:
			times[remote] = append(times[remote], at.Sub(began))
		case <-time.After(10 * time.Second):
			return fmt.Errorf("round %d: nothing came", i)
		}
		two.Shown(watcher.id)
		rtts = append(rtts, two.Links()[0].RTT)
	}
	var over []time.Duration
	for i, d := range times[true] {
		over = append(over, d-times[false][i])
	}
	table := []row{
		newRow("next on one node", times[false]), newRow("next across nodes", times[true]), newRow("the difference of neighbours", over),
		newRow("a ping on the link", rtts),
	}
	for _, r := range table {
		fmt.Printf("%-30s min %7.2f  median %7.2f  max %7.2f ms\n", r.What, r.Min, r.Median, r.Max)
	}
	return json.NewEncoder(os.Stdout).Encode(table)
}

func listen(name string) (*sfu.Server, error) {
	return sfu.Listen(sfu.Config{
		UDP: "127.0.0.1:0", PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
		Link: link.Config{Listen: "127.0.0.1:0", Name: name, Secret: bytes.Repeat([]byte{1}, 32)},
	})
}

// person sends a key frame under key whenever one is asked for, and notes when one under want comes.
type person struct {
	id        string
	pc        *webrtc.PeerConnection
	video     *webrtc.TrackLocalStaticRTP
	key, want atomic.Uint64
	saw       chan time.Time
	seq       uint16
}

func join(s *sfu.Server, id string) (*person, error) {
	p := &person{id: id, saw: make(chan time.Time, 1)}
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	var err error
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	if p.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	if p.video, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "camera"); err != nil {
		return nil, err
	}
	sender, err := p.pc.AddTrack(p.video)
	if err != nil {
		return nil, err
	}
	p.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.watch(t) })
	up := make(chan struct{})
	p.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			close(up)
		}
	})
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return nil, err
	}
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return nil, err
	}
	answer, err := s.Offer(context.Background(), id, offer.SDP)
	if err != nil {
		return nil, err
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return nil, err
	}
	<-up
	go p.film(sender)
	return p, nil
}

func (p *person) leave() { _ = p.pc.Close() }

func (p *person) film(sender *webrtc.RTPSender) {
	for {
		pkts, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, pkt := range pkts {
			if _, ok := pkt.(*rtcp.PictureLossIndication); ok {
				p.seq++
				body := []byte{0x90, 0x80, 0x80 | byte(p.seq>>8), byte(p.seq), 0x10, 2, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0, 0xd9}
				key := p.key.Load()
				for shift := 40; shift >= 0; shift -= 8 {
					body = append(body, byte(key>>shift))
				}
				body = append(body, byte(p.seq>>8), byte(p.seq), 1, 2, 3, 4)
				_ = p.video.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: p.seq, Timestamp: uint32(p.seq) * 3000, Marker: true}, Payload: body})
			}
		}
	}
}

func (p *person) watch(t *webrtc.TrackRemote) {
	for {
		pkt, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		now := time.Now()
		var key uint64
		if len(pkt.Payload) > 21 {
			for _, b := range pkt.Payload[15:21] {
				key = key<<8 | uint64(b)
			}
		}
		if key != 0 && key == p.want.Load() {
			p.want.Store(0)
			p.saw <- now
		}
	}
}

func until(ok func() bool) error {
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return context.DeadlineExceeded
		}
	}
	return nil
}
