package sfu

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"

	"passerby/sfu/internal/stream"
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

// peer is one PeerConnection: two uplinks, two downlinks, a data channel.
type peer struct {
	server      *Server
	seat        *seat
	pc          *webrtc.PeerConnection
	fingerprint string

	types atomic.Pointer[payloads]
	up    [2]uplink
	down  [2]atomic.Pointer[downlink]

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
	sources    atomic.Int32 // SSRCs seen
	channels   atomic.Int32 // data channels seen

	outbox    outbox
	channel   atomic.Pointer[channel]
	connected bool        // guarded by seat.events
	muted     atomic.Bool // replaced or removed: no more events
	ended     atomic.Bool // the connection is closed
	endOnce   sync.Once
	readers   sync.WaitGroup
}

func (s *Server) newPeer(m *seat, fingerprint string) (*peer, error) {
	p := &peer{server: s, seat: m, fingerprint: fingerprint}
	for kind := range p.up {
		p.up[kind].init(m, p, kind)
	}
	p.feedback.rec = twcc.NewRecorder(1)
	settings := s.settings
	settings.BufferFactory = p.sink
	settings.SetICEBindingRequestHandler(firstPair())
	api := webrtc.NewAPI(
		webrtc.WithSettingEngine(settings),
		webrtc.WithMediaEngine(s.engine),
		webrtc.WithInterceptorRegistry(noInterceptors),
	)
	pc, err := api.NewPeerConnection(webrtc.Configuration{
		Certificates:              []webrtc.Certificate{s.certificate},
		BundlePolicy:              webrtc.BundlePolicyMaxBundle,
		RTPHeaderEncryptionPolicy: webrtc.RTPHeaderEncryptionPolicyDisable,
	})
	if err != nil {
		return nil, err
	}
	p.pc = pc
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { p.stateChanged() })
	pc.OnDataChannel(p.onChannel)
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
	for kind, want := range in.wants {
		if !want || p.down[kind].Load() != nil {
			continue
		}
		d := newDownlink(p, kind)
		if d.sender, err = p.pc.AddTrack(d); err != nil {
			return "", fmt.Errorf("%w: %s: %w", ErrSDP, kindNames[kind], err)
		}
		p.down[kind].Store(d)
		if r := p.seat.route.Load(); r != nil && p.seat.peer.Load() == p {
			d.routed(r, false, time.Now())
			p.wake()
		}
	}
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
	local := p.pc.LocalDescription().SDP
	types, err := parseAnswer(local)
	if err != nil {
		return "", err
	}
	p.types.Store(types)
	for kind, ssrc := range in.ssrc {
		p.up[kind].announce(ssrc)
	}
	if p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected {
		p.prime() // media came to a connection that had none
	}
	return withCandidates(local, p.server.Addrs(), p.server.tcpAddrs()), nil
}

// stateChanged turns pion's states into events. pion may call out of order, so
// only the present state counts.
func (p *peer) stateChanged() {
	p.seat.events.Lock()
	defer p.seat.events.Unlock()
	state := p.pc.ConnectionState()
	if state == webrtc.PeerConnectionStateClosed {
		p.ended.Store(true)
	}
	now := state == webrtc.PeerConnectionStateConnected
	if now == p.connected || p.muted.Load() {
		return
	}
	p.connected = now
	if now {
		p.prime()
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
		p.readers.Wait()
		p.outbox.wait()
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

// sink takes what pion decrypted, on the goroutine that decrypted it, in place
// of the buffer that a reader would have to drain.
type sink struct {
	peer *peer
	ssrc uint32
	rtcp bool
}

// sink is pion's BufferFactory: called once per SSRC and direction.
func (p *peer) sink(packetType packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
	if p.sources.Add(1) > maxSSRCs {
		p.abuse("sources")
	}
	return &sink{peer: p, ssrc: ssrc, rtcp: packetType == packetio.RTCPBufferPacket}
}

// Write takes one packet. It never fails, and a panic ends with the packet.
func (k *sink) Write(b []byte) (int, error) {
	defer k.recover()
	if k.rtcp {
		k.peer.receiveRTCP(k.ssrc, b, time.Now())
	} else {
		k.peer.receiveRTP(b, time.Now())
	}
	return len(b), nil
}

func (k *sink) recover() {
	if r := recover(); r != nil {
		k.peer.panics.Add(1)
		k.peer.server.log.Error("panic on a packet", "session", k.peer.seat.id, "panic", r)
	}
}

// Read is never needed: pion's own readers end at once.
func (k *sink) Read([]byte) (int, error) { return 0, io.EOF }

// Close has nothing to release.
func (k *sink) Close() error { return nil }
