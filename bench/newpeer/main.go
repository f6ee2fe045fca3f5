// Command newpeer is what bench/next and bench/idle compare with: the usual way to build a random chat on Pion. Each
// match makes a new PeerConnection to a plain forwarding server (TrackLocalStaticRTP, default interceptors) and throws
// it away at Next. No encryption between the people, which only favours it.
//
//	page ──ws: next──▶ pair up ──matched──▶ page: new RTCPeerConnection ──offer/answer──▶ ICE, DTLS ──▶ media
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

func main() {
	listen := flag.String("http", "127.0.0.1:0", "listen address of the WebSocket")
	udp := flag.String("udp", "127.0.0.1:0", "listen address of media")
	public := flag.String("public-ip", "127.0.0.1", "address that answers name, with the port of -udp")
	flag.Parse()
	api, err := newAPI(*udp, *public)
	if err != nil {
		log.Fatal(err)
	}
	h := &hub{api: api}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", l.Addr())
	go func() { log.Fatal(http.Serve(l, h)) }() //nolint:gosec // a benchmark on loopback
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
}

func newAPI(udp, public string) (*webrtc.API, error) {
	addr, err := net.ResolveUDPAddr("udp4", udp)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp4", addr)
	if err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	settings.SetLite(true)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEUDPMux(webrtc.NewICEUDPMux(nil, conn))
	settings.SetNAT1To1IPs([]string{public}, webrtc.ICECandidateTypeHost)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	interceptors := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(media, interceptors); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(interceptors)), nil
}

// hub pairs whoever looks for somebody, in the order in which they came.
type hub struct {
	api     *webrtc.API
	mu      sync.Mutex // guards waiting, count and every user's partner, pc and out
	waiting *user
	count   int
}

type user struct {
	socket  *websocket.Conn
	write   sync.Mutex
	partner *user
	last    *user
	pc      *webrtc.PeerConnection
	in      *webrtc.TrackRemote // its video
	out     map[string]*webrtc.TrackLocalStaticRTP
}

func (u *user) send(m map[string]any) {
	u.write.Lock()
	defer u.write.Unlock()
	_ = u.socket.WriteJSON(m)
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	socket, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	u := &user{socket: socket}
	defer func() {
		h.part(u)
		_ = socket.Close()
	}()
	for {
		var m struct{ Type, SDP string }
		if socket.ReadJSON(&m) != nil {
			return
		}
		switch m.Type {
		case "next":
			h.part(u)
			h.find(u)
		case "offer":
			if answer, err := h.connect(u, m.SDP); err != nil {
				log.Print(err)
			} else {
				u.send(map[string]any{"type": "answer", "sdp": answer})
			}
		}
	}
}

// part ends a user's match; the partner is told and looks again by itself.
func (h *hub) part(u *user) {
	h.mu.Lock()
	if h.waiting == u {
		h.waiting = nil
	}
	p := u.partner
	for _, x := range []*user{u, p} {
		if x != nil {
			if x.pc != nil {
				go func(pc *webrtc.PeerConnection) { _ = pc.Close() }(x.pc)
			}
			x.partner, x.pc, x.out, x.in = nil, nil, nil, nil
		}
	}
	h.mu.Unlock()
	if p != nil {
		p.send(map[string]any{"type": "ended"})
	}
}

func (h *hub) find(u *user) {
	h.mu.Lock()
	other := h.waiting
	if other == nil || other == u {
		h.waiting = u
		h.mu.Unlock()
		return
	}
	h.waiting = nil
	h.count++
	u.partner, other.partner = other, u
	match, at := h.count, time.Now().UnixMilli()
	h.mu.Unlock()
	for _, x := range []*user{u, other} {
		x.send(map[string]any{"type": "matched", "match": fmt.Sprint("n", match), "at": at})
	}
}

// connect makes the PeerConnection of one match.
func (h *hub) connect(u *user, sdp string) (string, error) {
	pc, err := h.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	out := map[string]*webrtc.TrackLocalStaticRTP{}
	for kind, codec := range map[string]webrtc.RTPCodecCapability{
		"audio": {MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
		"video": {MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
	} {
		if out[kind], err = webrtc.NewTrackLocalStaticRTP(codec, kind, "partner"); err != nil {
			return "", err
		}
		sender, err := pc.AddTrack(out[kind])
		if err != nil {
			return "", err
		}
		go h.askForKeyFrames(u, sender)
	}
	h.mu.Lock()
	u.pc, u.out = pc, out
	h.mu.Unlock()
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { h.forward(u, pc, t) })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			h.keyFrame(u)
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}); err != nil {
		return "", err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// forward carries one track to the partner as long as the match lasts.
func (h *hub) forward(u *user, pc *webrtc.PeerConnection, t *webrtc.TrackRemote) {
	kind := t.Kind().String()
	if kind == "video" {
		h.mu.Lock()
		if u.pc == pc {
			u.in = t
		}
		h.mu.Unlock()
	}
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		h.mu.Lock()
		var to *webrtc.TrackLocalStaticRTP
		if u.pc == pc && u.partner != nil {
			to = u.partner.out[kind]
		}
		h.mu.Unlock()
		if to != nil {
			packet.Extension, packet.Extensions = false, nil
			_ = to.WriteRTP(packet)
		}
	}
}

// askForKeyFrames hands a receiver's requests to the sender.
func (h *hub) askForKeyFrames(u *user, s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				h.keyFrame(u)
			}
		}
	}
}

// keyFrame asks the partner's encoder for one, now that `u` can receive it.
func (h *hub) keyFrame(u *user) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := u.partner; p != nil && p.pc != nil && p.in != nil {
		_ = p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(p.in.SSRC())}})
	}
}
