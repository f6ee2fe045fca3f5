package client

import (
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/samplebuilder"

	"passerby/signaling/protocol"
)

// peer is one WebRTC connection to the server: a data channel, and in video mode sound and picture both ways.
type peer struct {
	mode    Mode
	id      string // of its offer
	pc      *webrtc.PeerConnection
	channel *webrtc.DataChannel
	open    bool // the channel
}

// fromMedia is what a connection tells the loop.
type fromMedia struct {
	of    *peer
	data  string // over the channel
	open  *bool  // the channel
	state webrtc.PeerConnectionState
	first string // a match whose first picture was opened
}

const (
	channelLabel = "passerby"
	mediaRetry   = 2 * time.Second
	// latePackets is for how many packets a frame waits for those that are missing.
	latePackets = 256
)

func (l *loop) channelOpen() bool { return l.media != nil && l.media.open }

// offer makes a new connection and offers it to the server.
func (l *loop) offer() {
	l.mediaAt = time.Time{}
	if !l.cfg.Media || l.machine.wish == 0 || l.socket == nil {
		return
	}
	l.closeMedia()
	m, sdp, err := l.connectMedia()
	if err != nil {
		l.tell(Refused{protocol.Errorf(protocol.MediaFailed, "WebRTC: %v", err)})
		l.mediaAt = time.Now().Add(mediaRetry)
		return
	}
	l.offers++
	m.id = offerPrefix + strconv.Itoa(l.offers)
	l.media = m
	l.mediaAt = time.Now().Add(patience) // unless it is answered
	_ = l.write(&protocol.Offer{Head: protocol.Re(m.id), SDP: sdp})
}

func (l *loop) closeMedia() {
	if l.media == nil {
		return
	}
	l.stage.connect(nil, nil)
	_ = l.media.pc.Close()
	// The tracks' goroutines may be telling the loop something: they are not waited for here, but end with the connection.
	l.media = nil
}

func (l *loop) connectMedia() (*peer, string, error) {
	settings := webrtc.SettingEngine{LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}}
	settings.SetIncludeLoopbackCandidate(l.cfg.local())
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	config := webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle}
	for _, s := range l.session.ICEServers {
		config.ICEServers = append(config.ICEServers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	pc, err := api.NewPeerConnection(config)
	if err != nil {
		return nil, "", err
	}
	m := &peer{mode: l.wish.Mode, pc: pc}
	sdp, err := m.prepare(l)
	if err != nil {
		_ = pc.Close()
	}
	return m, sdp, err
}

// local says whether the server is on this machine.
func (c *Config) local() bool {
	u, err := url.Parse(c.URL)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && a.IsLoopback()
}

func (m *peer) prepare(l *loop) (string, error) {
	if m.mode == Video {
		if err := m.addTracks(l); err != nil {
			return "", err
		}
	}
	var err error
	if m.channel, err = m.pc.CreateDataChannel(channelLabel, nil); err != nil {
		return "", fmt.Errorf("data channel: %w", err)
	}
	tell := func(open bool) func() { return func() { l.post(fromMedia{of: m, open: &open}) } }
	m.channel.OnOpen(tell(true))
	m.channel.OnClose(tell(false))
	m.channel.OnMessage(func(d webrtc.DataChannelMessage) { l.post(fromMedia{of: m, data: string(d.Data)}) })
	m.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { l.post(fromMedia{of: m, state: s}) })
	offer, err := m.pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	return offer.SDP, m.pc.SetLocalDescription(offer)
}

func (m *peer) addTracks(l *loop) error {
	var tracks [2]*webrtc.TrackLocalStaticSample
	for i, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8} {
		kind := []string{"audio", "video"}[i]
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, kind, "passerby")
		if err != nil {
			return err
		}
		sender, err := m.pc.AddTrack(track)
		if err != nil {
			return err
		}
		tracks[i] = track
		go m.feedback(sender, l.cfg.KeyFrame)
	}
	m.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if t.Kind() == webrtc.RTPCodecTypeVideo {
			m.watch(t, l)
		} else {
			m.listen(t, l)
		}
	})
	l.stage.connect(tracks[0], tracks[1])
	return nil
}

// feedback reads what comes back about a track, as pion wants it, until the connection closes.
func (m *peer) feedback(sender *webrtc.RTPSender, keyFrame func()) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				if keyFrame != nil {
					keyFrame()
				}
			}
		}
	}
}

func (m *peer) listen(t *webrtc.TrackRemote, l *loop) {
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		m.frame(false, p.Payload, l)
	}
}

func (m *peer) watch(t *webrtc.TrackRemote, l *loop) {
	frames := samplebuilder.New(latePackets, &codecs.VP8Packet{}, t.Codec().ClockRate)
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if padding(p) {
			continue
		}
		frames.Push(p)
		for s := frames.Pop(); s != nil; s = frames.Pop() {
			m.frame(true, s.Data, l)
		}
	}
}

// padding packets probe the network and carry nothing.
func padding(p *rtp.Packet) bool { return len(p.Payload) == 0 }

func (m *peer) frame(video bool, sealed []byte, l *loop) {
	f, first, ok := l.stage.open(video, sealed)
	if !ok {
		return
	}
	if l.cfg.Frames != nil {
		l.cfg.Frames(f)
	}
	if first {
		l.post(fromMedia{of: m, first: f.Match})
	}
}

func (l *loop) answer(a *protocol.Answer) {
	if l.media == nil || l.media.id != a.Request() {
		return
	}
	l.mediaAt = time.Time{}
	err := l.media.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.SDP})
	if err != nil {
		l.mediaAt = time.Now().Add(mediaRetry)
	}
}

func (l *loop) hearMedia(m fromMedia) {
	if m.of != l.media {
		return
	}
	switch {
	case m.open != nil:
		l.media.open = *m.open
		l.flush()
	case m.data != "":
		if message, err := protocol.ParseServer([]byte(m.data)); err == nil {
			l.fromPartner(message)
		}
	case m.first != "":
		if l.talk != nil && l.talk.match == m.first {
			_ = l.write(&protocol.Shown{Match: m.first})
			l.tell(FirstFrame{m.first})
			if l.talk.verified == nil {
				l.talk.verifyAt = time.Now()
			}
		}
	case m.state == webrtc.PeerConnectionStateFailed || m.state == webrtc.PeerConnectionStateClosed:
		l.media.open = false
		l.mediaAt = time.Now().Add(mediaRetry)
	}
}
