package sfu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/webrtc/v4"

	"passerby/sfu/internal/stream"
	"passerby/sfu/internal/udp"
)

// The kinds of media, as indices.
const (
	audio = 0
	video = 1
)

var (
	clocks    = [2]uint32{48000, 90000}
	kindNames = [2]string{"audio", "video"}
)

// peer is one PeerConnection: two uplinks, two downlinks for each slot, a data channel.
type peer struct {
	server      *Server
	seat        *seat
	pc          *webrtc.PeerConnection
	fingerprint string
	udp         *udp.Session
	tcp         tcpPath
	exporter    exporter
	shield      atomic.Pointer[shield] // from the first time that it is connected

	outward   outward
	restraint restraint
	afford    afford
	chooser   chooser

	types  atomic.Pointer[payloads]
	up     [2]uplink
	layers atomic.Pointer[layers] // where the browser sends its picture in several encodings; up[video] is the first
	down   [MaxSlots][2]atomic.Pointer[downlink]
	base   uint32 // of its downlinks' SSRCs

	feedback struct {
		mu   sync.Mutex // guards rec, next and clock
		rec  *twcc.Recorder
		next time.Time
	}
	clock      stream.ClockOffset // guarded by feedback.mu
	ticking    atomic.Bool
	lastPacket atomic.Int64 // Unix nanoseconds
	malformed  atomic.Uint64
	unknown    atomic.Uint64
	panics     atomic.Uint64
	channels   atomic.Int32 // data channels seen

	channel   atomic.Pointer[channel]
	connected bool        // guarded by seat.events
	muted     atomic.Bool // replaced or removed: no more events
	ended     atomic.Bool // the connection is closed: no more packets, either way
	consents  atomic.Bool // ICE has a pair that lives (RFC 7675): packets may be sent
	endOnce   sync.Once
	readers   sync.WaitGroup
}

func (s *Server) newPeer(m *seat, fingerprint string) (*peer, error) {
	p := &peer{server: s, seat: m, fingerprint: fingerprint, base: rand.Uint32()}
	p.udp = s.ends.udp.Session(p.receive)
	for kind := range p.up {
		p.up[kind].init(m, p, kind)
	}
	p.feedback.rec = twcc.NewRecorder(1)
	settings := s.settings
	settings.SetICEUDPMux(p.udp)
	if s.ends.tcp != nil {
		settings.SetICETCPMux(tcpMux{s.ends.tcp, p})
	}
	settings.SetDTLSServerHelloMessageHook(p.exporter.serverHello)
	settings.SetDTLSKeyLogWriter(&p.exporter)
	settings.SetICEBindingRequestHandler(choosePair(p.udp))
	api := webrtc.NewAPI(
		webrtc.WithSettingEngine(settings),
		webrtc.WithMediaEngine(noCodecs),
		webrtc.WithInterceptorRegistry(noInterceptors),
	)
	pc, err := api.NewPeerConnection(webrtc.Configuration{
		Certificates:              []webrtc.Certificate{s.certificate},
		BundlePolicy:              webrtc.BundlePolicyMaxBundle,
		RTPHeaderEncryptionPolicy: webrtc.RTPHeaderEncryptionPolicyDisable,
	})
	if err != nil {
		p.udp.End()
		return nil, err
	}
	p.pc = pc
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { p.stateChanged() })
	pc.OnDataChannel(p.onChannel)
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(p.selected)
	return p, nil
}

// negotiate applies an offer and makes the answer.
func (p *peer) negotiate(ctx context.Context, in offer) (answer string, err error) {
	defer func() {
		if r := recover(); r != nil {
			p.panics.Add(1)
			err = fmt.Errorf("%w: %v", ErrSDP, r)
		}
	}()
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: in.sdp}); err != nil {
		return "", fmt.Errorf("%w: %w", ErrSDP, err)
	}
	ssrcs := p.downs(&in)
	desc, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSDP, err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(desc); err != nil {
		return "", fmt.Errorf("%w: %w", ErrSDP, err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	p.simulcast(in.of(video))
	p.types.Store(in.payloads())
	p.udp.Remote(in.ufrag, in.password)
	for kind := range p.up {
		if media := in.of(kind); media != nil {
			p.up[kind].announce(media.ssrc)
		}
	}
	return in.answer(p.pc.LocalDescription().SDP, ssrcs, p.server.Addrs(), p.server.tcpAddrs())
}

// downs makes the downlinks that an offer has room for, and tells their SSRCs.
func (p *peer) downs(in *offer) (ssrcs sources) {
	for i := range in.sections {
		media := &in.sections[i]
		if media.rejected || media.kind == application || !media.receives {
			continue
		}
		at := &p.down[media.slot][media.kind]
		d := at.Load()
		if d == nil {
			d = newDownlink(p, media.slot, media.kind)
			d.negotiated(media.codecs, media.headers)
			at.Store(d)
			d.open(p.shield.Load())
			if sl := p.seat.slots[media.slot].Load(); sl != nil && p.seat.peer.Load() == p {
				if r := sl.route.Load(); r != nil {
					d.routed(r, false, time.Now())
					p.wake()
				}
			}
		}
		d.negotiated(media.codecs, media.headers)
		ssrcs[media.slot][media.kind] = source{d.ssrc, d.repair.SSRC}
	}
	return ssrcs
}

// stateChanged turns pion's states into events. pion may call out of order, so
// only the present state counts.
func (p *peer) stateChanged() {
	p.seat.events.Lock()
	defer p.seat.events.Unlock()
	state := p.pc.ConnectionState()
	switch state {
	case webrtc.PeerConnectionStateConnected:
		p.consents.Store(true)
	case webrtc.PeerConnectionStateFailed:
		p.consents.Store(false)
	case webrtc.PeerConnectionStateClosed:
		p.ended.Store(true)
	}
	now := state == webrtc.PeerConnectionStateConnected
	if now == p.connected || p.muted.Load() {
		return
	}
	p.connected = now
	if now {
		p.udp.Established()
		if err := p.protect(); err != nil {
			p.server.log.Error("no media keys", "session", p.seat.id, "error", err)
		}
		p.server.cfg.Events.Connected(p.seat.id)
	} else {
		p.server.cfg.Events.Disconnected(p.seat.id)
	}
}

// leave tells what a replaced peer cannot tell any more.
func (p *peer) leave() {
	p.seat.events.Lock()
	defer p.seat.events.Unlock()
	if p.channel.Swap(nil) != nil {
		p.server.cfg.Events.ChannelClosed(p.seat.id)
	}
	if p.connected {
		p.connected = false
		p.server.cfg.Events.Disconnected(p.seat.id)
	}
}

// end closes the connection and waits for its goroutines.
func (p *peer) end() {
	p.endOnce.Do(func() {
		p.seat.events.Lock() // so that no reader starts after this
		p.muted.Store(true)
		p.ended.Store(true)
		p.seat.events.Unlock()
		if err := p.pc.GracefulClose(); err != nil {
			p.server.log.Debug("close peer", "session", p.seat.id, "error", err)
		}
		p.udp.End()
		p.readers.Wait()
	})
}

// abuse ends a peer that passes a hard limit. Its id hears Disconnected.
func (p *peer) abuse(what string) {
	if p.ended.Swap(true) {
		return
	}
	p.server.log.Warn("peer passed a limit", "session", p.seat.id, "limit", what)
	go func() { _ = p.pc.Close() }() // end waits for it
}
