//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"passerby/sfu"
)

// ask is a line from the load to a server; answer is the line that comes back.
type ask struct {
	Offer    string // SDP of user ID; to bare "address key"
	ID       int
	To, From int // feed To from From, when Offer is empty
}

type answer struct{ SDP, Error string }

// server is what the load can ask.
type server interface {
	offer(id int, sdp string) (string, error)
	route(to, from int) error
}

func serve(name string) error {
	s, err := newServer(name)
	if err != nil {
		return err
	}
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for {
		var a ask
		if err := in.Decode(&a); err != nil {
			return nil //nolint:nilerr // the load is done
		}
		var r answer
		if a.Offer != "" {
			r.SDP, err = s.offer(a.ID, a.Offer)
		} else {
			err = s.route(a.To, a.From)
		}
		if err != nil {
			r.Error = err.Error()
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
}

func newServer(name string) (server, error) {
	switch name {
	case "passerby":
		return newPasserby()
	case "pion":
		return newNaive()
	case "bare":
		return newBare()
	}
	return nil, fmt.Errorf("no server %q", name)
}

// passerby is ours, as a library.
type passerby struct{ *sfu.Server }

func newPasserby() (server, error) {
	cfg := sfu.Config{UDP: "127.0.0.1:0", PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	unlimited(&cfg)
	s, err := sfu.Listen(cfg)
	return passerby{s}, err
}

func (p passerby) offer(id int, sdp string) (string, error) {
	return p.Offer(context.Background(), strconv.Itoa(id), sdp)
}

func (p passerby) route(to, from int) error {
	p.Route(strconv.Itoa(to), strconv.Itoa(from), 0)
	p.Shown(strconv.Itoa(to))
	return nil
}

// naive is the usual way: a TrackLocalStaticRTP per user and kind, the default codecs and interceptors.
type naive struct {
	api *webrtc.API

	mu    sync.RWMutex // guards what follows
	local map[int]map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP
	fed   map[int][]int
}

func newNaive() (server, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	_ = conn.SetWriteBuffer(4 << 20)
	var settings webrtc.SettingEngine
	settings.SetLite(true)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEUDPMux(webrtc.NewICEUDPMux(nil, conn))
	media, interceptors := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := errors.Join(media.RegisterDefaultCodecs(), webrtc.RegisterDefaultInterceptors(media, interceptors)); err != nil {
		return nil, err
	}
	return &naive{
		api:   webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(interceptors)),
		local: map[int]map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP{}, fed: map[int][]int{},
	}, nil
}

func (n *naive) offer(id int, sdp string) (string, error) {
	pc, err := n.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	tracks := map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP{}
	for kind, mime := range map[webrtc.RTPCodecType]string{webrtc.RTPCodecTypeAudio: webrtc.MimeTypeOpus, webrtc.RTPCodecTypeVideo: webrtc.MimeTypeVP8} {
		if tracks[kind], err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, kind.String(), "partner"); err != nil {
			return "", err
		}
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { n.forward(id, t) })
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}); err != nil {
		return "", err
	}
	for _, t := range tracks {
		sender, err := pc.AddTrack(t)
		if err != nil {
			return "", err
		}
		go func() {
			buf := make([]byte, 1500)
			for {
				if _, _, err := sender.Read(buf); err != nil {
					return
				}
			}
		}()
	}
	n.mu.Lock()
	n.local[id] = tracks
	n.mu.Unlock()
	a, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(a); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

func (n *naive) forward(id int, t *webrtc.TrackRemote) {
	buf := make([]byte, 1500)
	for {
		size, _, err := t.Read(buf)
		if err != nil {
			return
		}
		n.mu.RLock()
		for _, to := range n.fed[id] {
			_, _ = n.local[to][t.Kind()].Write(buf[:size])
		}
		n.mu.RUnlock()
	}
}

func (n *naive) route(to, from int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fed[from] = append(n.fed[from], to)
	return nil
}
