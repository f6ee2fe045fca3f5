package doctor

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"passerby/signaling/protocol"
)

// path is a way for media to the server.
type path string

const (
	overUDP  path = "UDP"
	overTCP  path = "TCP"
	overTURN path = "TURN"
)

// stranger is one made-up user: a socket and a warm PeerConnection.
type stranger struct {
	socket *socket
	pc     *webrtc.PeerConnection
	video  *webrtc.TrackLocalStaticRTP
	up     chan struct{} // closed when ICE and DTLS are done
	frames chan []byte   // payloads of the video that arrives
	texts  chan struct{} // a text came over the data channel
}

// newStranger opens a session and connects its media over p.
func newStranger(ctx context.Context, base string, p path) (s *stranger, err error) {
	session, err := newSession(ctx, base)
	if err != nil {
		return nil, err
	}
	s = &stranger{up: make(chan struct{}), frames: make(chan []byte, 64), texts: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.socket, err = dial(ctx, base, session.Token); err != nil {
		return s, err
	}
	if err := s.connect(ctx, session.ICEServers, p); err != nil {
		return s, err
	}
	return s, nil
}

func (s *stranger) connect(ctx context.Context, servers []protocol.ICEServer, p path) error {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	cfg := webrtc.Configuration{}
	switch p {
	case overTCP:
		settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
	case overTURN:
		if len(servers) == 0 {
			return errors.New("the server offers no TURN: set turn-listen")
		}
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		for _, ice := range servers {
			cfg.ICEServers = append(cfg.ICEServers, webrtc.ICEServer{URLs: ice.URLs, Username: ice.Username, Credential: ice.Credential})
		}
	case overUDP:
	}
	var err error
	if s.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(engine())).NewPeerConnection(cfg); err != nil {
		return err
	}
	failed := make(chan webrtc.PeerConnectionState, 1)
	s.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			close(s.up)
		case webrtc.PeerConnectionStateFailed:
			failed <- state
		}
	})
	s.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := t.ReadRTP()
			if err != nil {
				return
			}
			if t.Kind() == webrtc.RTPCodecTypeVideo {
				select {
				case s.frames <- packet.Payload:
				default:
				}
			}
		}
	})
	channel, err := s.pc.CreateDataChannel("passerby", nil)
	if err != nil {
		return err
	}
	channel.OnMessage(func(m webrtc.DataChannelMessage) {
		if strings.Contains(string(m.Data), `"text"`) {
			select {
			case s.texts <- struct{}{}:
			default:
			}
		}
	})
	if s.video, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "v", "s"); err != nil {
		return err
	}
	if _, err = s.pc.AddTrack(s.video); err != nil {
		return err
	}
	offer, err := s.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("candidates were not gathered: %w", ctx.Err())
	}
	if p == overTURN && !strings.Contains(s.pc.LocalDescription().SDP, "typ relay") {
		return errors.New("TURN gave no relay address: check that its port is open for UDP and TCP, and that its clock is right")
	}
	if err := s.socket.send("offer", map[string]any{"sdp": s.pc.LocalDescription().SDP}); err != nil {
		return err
	}
	answer, err := s.socket.await("answer")
	if err != nil {
		return err
	}
	sdp := answer.SDP
	if p == overTCP {
		sdp = only(sdp, " tcp ")
	}
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		return err
	}
	select {
	case <-s.up:
		return nil
	case <-failed:
		return errors.New("no way to the media port was found")
	case <-ctx.Done():
		return errors.New("the media connection did not come up in time")
	}
}

// engine knows the two codecs of a call.
func engine() *webrtc.MediaEngine {
	m := &webrtc.MediaEngine{}
	for _, c := range []struct {
		mime     string
		clock    uint32
		channels uint16
		pt       webrtc.PayloadType
		kind     webrtc.RTPCodecType
	}{{webrtc.MimeTypeVP8, 90000, 0, 96, webrtc.RTPCodecTypeVideo}, {webrtc.MimeTypeOpus, 48000, 2, 111, webrtc.RTPCodecTypeAudio}} {
		_ = m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: c.mime, ClockRate: c.clock, Channels: c.channels}, PayloadType: c.pt,
		}, c.kind)
	}
	return m
}

// only keeps the candidates that contain what.
func only(sdp, what string) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if !strings.HasPrefix(line, "a=candidate:") || strings.Contains(line, what) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// find looks for the other stranger of this run by a tag that nobody else has.
func (s *stranger) find(tag string) error {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return s.socket.send("find", map[string]any{
		"mode": "video", "tags": []string{tag}, "key": "x25519:" + base64.RawURLEncoding.EncodeToString(key),
	})
}

// sendFrames sends key frames of the match's key id until ctx ends.
func (s *stranger) sendFrames(ctx context.Context, keyID uint64, mark []byte) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var seq uint16
	var ts uint32
	for {
		_ = s.video.WriteRTP(&rtp.Packet{
			Header:  rtp.Header{Version: 2, Marker: true, SequenceNumber: seq, Timestamp: ts},
			Payload: keyFrame(keyID, mark),
		})
		seq, ts = seq+1, ts+4500
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// keyFrame is a VP8 payload (RFC 7741) that starts a key frame of 16×16, encrypted from its eleventh byte on as docs/security.md says.
func keyFrame(keyID uint64, mark []byte) []byte {
	b := []byte{0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 16, 0, 16, 0}
	id := binary.BigEndian.AppendUint64(nil, keyID)
	b = append(b, 0xd0) // SFrame: X=1, K=5 (six bytes of key id), counter 0 in the byte itself
	b = append(b, id[2:]...)
	return append(b, mark...)
}

func keyIDOf(hexID string) (uint64, error) {
	b, err := hex.DecodeString(hexID)
	if err != nil || len(b) != 6 {
		return 0, fmt.Errorf("the server named the key id %q, which is not 12 hex digits", hexID)
	}
	return binary.BigEndian.Uint64(append([]byte{0, 0}, b...)), nil
}

func (s *stranger) close() {
	if s.pc != nil {
		_ = s.pc.Close()
	}
	if s.socket != nil {
		s.socket.close()
	}
}

// text waits until a text with this body comes, over the data channel or the WebSocket.
func (s *stranger) text(ctx context.Context, body string) error {
	got := make(chan error, 2)
	go func() {
		m, err := s.socket.await("text")
		if err == nil && m.Body != body {
			err = errors.New("the text arrived changed")
		}
		got <- err
	}()
	select {
	case err := <-got:
		return err
	case <-s.texts:
		return nil
	case <-ctx.Done():
		return errors.New("two strangers met, but no text of one reached the other")
	}
}
