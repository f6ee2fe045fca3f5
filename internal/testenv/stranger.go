package testenv

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"passerby/client/e2ee"
)

// Frame is one encoded frame as the media server forwarded it.
type Frame struct {
	Kind string // "audio" or "video"
	Data []byte
}

// Stranger is a user without a browser.
type Stranger struct {
	// Frames that arrive; full means dropped.
	Frames chan Frame
	// Texts are the messages of the data channel; full means dropped.
	Texts chan string
	// ChannelClosed is closed when the data channel is.
	ChannelClosed chan struct{}

	socket  *websocket.Conn
	pc      *webrtc.PeerConnection
	channel *webrtc.DataChannel
	open    chan struct{} // closed when the channel is
	sent    map[string]*outgoing
	key     *e2ee.KeyPair
	write   sync.Mutex // guards writes to socket
	tracks  sync.WaitGroup
}

// outgoing is one kind of what a stranger sends.
type outgoing struct {
	*webrtc.TrackLocalStaticRTP
	seq  uint16
	time uint32
}

// Matched is what the server says of a match.
type Matched struct {
	Match     string `json:"match"`
	Initiator bool   `json:"initiator"`
	KeyID     string `json:"key_id"`
	Peer      struct {
		Key string `json:"key"`
	} `json:"peer"`
}

type message struct {
	Type string `json:"type"`
	Code string `json:"code"`
	Text string `json:"message"`
	SDP  string `json:"sdp"`
	Matched
}

// Arrive opens a session at a server, `http://host:port`, and connects media.
func Arrive(ctx context.Context, base string) (s *Stranger, err error) {
	s = &Stranger{Frames: make(chan Frame, 4096), Texts: make(chan string, 256), open: make(chan struct{}), ChannelClosed: make(chan struct{}), sent: map[string]*outgoing{}}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.key, err = e2ee.NewKeyPair(e2ee.X25519); err != nil {
		return s, err
	}
	token, err := session(ctx, base)
	if err != nil {
		return s, err
	}
	dialer := websocket.Dialer{Subprotocols: []string{"passerby.v1"}}
	socket, answer, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", http.Header{"Origin": {base}})
	if err != nil {
		return s, fmt.Errorf("open the socket: %w", err)
	}
	_ = answer.Body.Close()
	s.socket = socket
	context.AfterFunc(ctx, func() { _ = socket.Close() })
	if err := s.send(map[string]any{"type": "hello", "token": token}); err != nil {
		return s, err
	}
	return s, s.connect(ctx)
}

func session(ctx context.Context, base string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/session", strings.NewReader(`{"adult":true}`))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", base)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("open a session: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Token == "" {
		return "", fmt.Errorf("open a session: status %s: %w", answer.Status, err)
	}
	return body.Token, nil
}

func (s *Stranger) connect(ctx context.Context) (err error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return err
	}
	reports := &interceptor.Registry{}
	if err := webrtc.ConfigureRTCPReports(reports); err != nil {
		return err
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(reports))
	if s.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	for kind, mime := range map[string]string{"audio": webrtc.MimeTypeOpus, "video": webrtc.MimeTypeVP8} {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, kind, "stranger")
		if err != nil {
			return err
		}
		if _, err := s.pc.AddTrack(track); err != nil {
			return err
		}
		s.sent[kind] = &outgoing{TrackLocalStaticRTP: track}
	}
	if s.channel, err = s.pc.CreateDataChannel("passerby", nil); err != nil {
		return err
	}
	s.channel.OnOpen(func() { close(s.open) })
	s.channel.OnClose(sync.OnceFunc(func() { close(s.ChannelClosed) }))
	s.channel.OnMessage(func(m webrtc.DataChannelMessage) {
		select {
		case s.Texts <- string(m.Data):
		default:
		}
	})
	s.pc.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		s.tracks.Go(func() { s.record(t) })
		s.tracks.Go(func() { // a receiver report answers the sender's only when that is read
			for buf := make([]byte, 1500); ; {
				if _, _, err := r.Read(buf); err != nil {
					return
				}
			}
		})
	})
	up := make(chan struct{})
	var once sync.Once
	s.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(up) })
		}
	})
	offer, err := s.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	if err := s.send(map[string]any{"type": "offer", "sdp": offer.SDP}); err != nil {
		return err
	}
	answer, err := s.await("answer")
	if err != nil {
		return err
	}
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("media did not connect: %w", ctx.Err())
	}
}

// Meet looks for somebody and derives the keys of the match.
func (s *Stranger) Meet() (Matched, *e2ee.Keys, error) {
	if err := s.send(map[string]any{"type": "find", "mode": "video", "key": s.key.Public()}); err != nil {
		return Matched{}, nil, err
	}
	m, err := s.await("matched")
	if err != nil {
		return Matched{}, nil, err
	}
	keys, err := s.key.Agree(m.Match, m.Peer.Key, m.Initiator)
	return m.Matched, keys, err
}

// Film sends one sealed frame of a kind, in one packet. Only one goroutine may.
func (s *Stranger) Film(f Frame) error {
	o := s.sent[f.Kind]
	o.seq++
	o.time += 3000
	payload := f.Data
	if f.Kind == "video" { // RFC 7741: a picture id of 15 bits, the first packet of a frame
		payload = append([]byte{0x90, 0x80, 0x80 | byte(o.seq>>8), byte(o.seq)}, payload...)
	}
	return o.WriteRTP(&rtp.Packet{
		Header: rtp.Header{Version: 2, SequenceNumber: o.seq, Timestamp: o.time, Marker: f.Kind == "video"}, Payload: payload,
	})
}

// Say sends a message of the protocol over the data channel, once that is open.
func (s *Stranger) Say(ctx context.Context, message string) error {
	if err := s.ChannelOpen(ctx); err != nil {
		return err
	}
	return s.channel.SendText(message)
}

// ChannelOpen waits for the data channel.
func (s *Stranger) ChannelOpen(ctx context.Context) error {
	select {
	case <-s.open:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("data channel: %w", ctx.Err())
	}
}

// Flood writes to the socket until the server closes it, and answers the last error that it told.
func (s *Stranger) Flood() (code string) {
	told := make(chan string)
	go func() {
		var last message
		for m := (message{}); s.socket.ReadJSON(&m) == nil; m = (message{}) {
			if m.Type == "error" {
				last = m
			}
		}
		told <- last.Code
	}()
	for s.send(map[string]any{"type": "ping"}) == nil {
	}
	return <-told
}

// Keyed tells the server that the keys are there, as a client does.
func (s *Stranger) Keyed(match string) error {
	return s.send(map[string]any{"type": "keyed", "match": match})
}

// Shown tells the server that the first picture was seen, and how long it took, in milliseconds.
func (s *Stranger) Shown(match string, first, next int) error {
	return s.send(map[string]any{"type": "shown", "match": match, "ms": first, "next_ms": next})
}

// record turns the packets of one track into frames.
func (s *Stranger) record(t *webrtc.TrackRemote) {
	kind := t.Kind().String()
	var frame []byte
	var last *rtp.Packet
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if kind == "audio" {
			s.offer(Frame{kind, packet.Payload})
			continue
		}
		var vp8 codecs.VP8Packet
		payload, err := vp8.Unmarshal(packet.Payload)
		if err != nil {
			continue
		}
		first := vp8.S == 1 && vp8.PID == 0
		if first {
			frame = nil
		} else if last == nil || packet.SequenceNumber != last.SequenceNumber+1 {
			frame, last = nil, nil // a packet is missing: wait for the next frame
			continue
		}
		last = packet
		frame = append(frame, payload...)
		if packet.Marker {
			s.offer(Frame{kind, bytes.Clone(frame)})
		}
	}
}

func (s *Stranger) offer(f Frame) {
	select {
	case s.Frames <- f:
	default:
	}
}

func (s *Stranger) send(m map[string]any) error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.socket.WriteJSON(m); err != nil {
		return fmt.Errorf("send %v: %w", m["type"], err)
	}
	return nil
}

// await reads until a message of a type comes; an error message of the server is an error.
func (s *Stranger) await(kind string) (message, error) {
	for {
		var m message
		if err := s.socket.ReadJSON(&m); err != nil {
			return m, fmt.Errorf("wait for %s: %w", kind, err)
		}
		switch m.Type {
		case kind:
			return m, nil
		case "error":
			return m, fmt.Errorf("wait for %s: the server says %s: %s", kind, m.Code, m.Text)
		}
	}
}

// Close leaves.
func (s *Stranger) Close() {
	if s.socket != nil {
		_ = s.socket.Close()
	}
	if s.pc != nil {
		_ = s.pc.Close()
		s.tracks.Wait()
	}
}
