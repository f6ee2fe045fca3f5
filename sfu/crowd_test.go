package sfu_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"passerby/sfu"
)

// The benchmarks measure what the server alone costs, so their clients live in
// another process: this test binary, run again with crowdEnv set. It speaks
// lines of JSON: its offers go out, answers come in, then commands.
const crowdEnv = "PASSERBY_SFU_CROWD"

type crowdLine struct {
	Offer   string `json:",omitempty"`
	Answer  string `json:",omitempty"`
	Ready   bool   `json:",omitempty"`
	Packets int    `json:",omitempty"` // to send, by the first client
}

// crowd is the other process: "text:100" makes 100 peers with a data channel
// alone, "video:2" two with media.
func crowd(spec string) {
	kind, count, _ := strings.Cut(spec, ":")
	n := 0
	_, _ = fmt.Sscan(count, &n)
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	check := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "crowd:", err)
			os.Exit(1)
		}
	}
	engine := &webrtc.MediaEngine{}
	check(engine.RegisterDefaultCodecs())
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip netIP) bool { return ip.IsLoopback() })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings))
	var first *webrtc.TrackLocalStaticRTP
	for range n {
		pc, err := api.NewPeerConnection(webrtc.Configuration{})
		check(err)
		if kind == "video" {
			for _, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8} {
				track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime[:5], "camera")
				check(err)
				_, err = pc.AddTrack(track)
				check(err)
				if first == nil && mime == webrtc.MimeTypeVP8 {
					first = track
				}
			}
		}
		open := make(chan bool)
		dc, err := pc.CreateDataChannel(sfu.ChannelLabel, nil)
		check(err)
		dc.OnOpen(func() { close(open) })
		offer, err := pc.CreateOffer(nil)
		check(err)
		check(pc.SetLocalDescription(offer))
		check(out.Encode(crowdLine{Offer: offer.SDP}))
		var line crowdLine
		check(in.Decode(&line))
		check(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: line.Answer}))
		<-open
	}
	check(out.Encode(crowdLine{Ready: true}))
	p := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, 1100)}
	copy(p.Payload, []byte{0x90, 0xc0, 0x81, 0, 0, 0x10, 2, 0, 0x9d, 0x01, 0x2a})
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for {
		var line crowdLine
		if in.Decode(&line) != nil {
			return
		}
		for i := range line.Packets {
			p.SequenceNumber++
			check(first.WriteRTP(p))
			if i%10 == 9 { // 10,000 packets a second
				<-pace.C
			}
		}
		check(out.Encode(crowdLine{Ready: true}))
	}
}

// crowdOf starts a crowd whose clients are "0", "1" …; do makes it send.
func crowdOf(tb testing.TB, s *sfu.Server, kind string, n int) (do func(crowdLine)) {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%d", crowdEnv, kind, n))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	in, out := json.NewDecoder(bufio.NewReader(stdout)), json.NewEncoder(stdin)
	read := func() crowdLine {
		var line crowdLine
		if err := in.Decode(&line); err != nil {
			tb.Fatalf("crowd: %v", err)
		}
		return line
	}
	for i := 0; ; i++ {
		line := read()
		if line.Ready {
			break
		}
		answer, err := s.Offer(context.Background(), fmt.Sprint(i), line.Offer)
		if err != nil {
			tb.Fatal(err)
		}
		if err := out.Encode(crowdLine{Answer: answer}); err != nil {
			tb.Fatal(err)
		}
	}
	return func(line crowdLine) {
		if err := out.Encode(line); err != nil {
			tb.Fatal(err)
		}
		read()
	}
}
