package sfu_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"passerby/sfu"
)

func TestMain(m *testing.M) {
	if os.Getenv(crowdEnv) != "" {
		crowd(os.Getenv(crowdEnv))
		return
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

var loopback = netip.MustParseAddr("127.0.0.1")

// recorder keeps the events of all ids.
type recorder struct {
	mu     sync.Mutex
	events []string
	fresh  chan struct{} // closed, and replaced, by the next event
}

func newRecorder() *recorder { return &recorder{fresh: make(chan struct{})} }

func (r *recorder) add(s string) {
	r.mu.Lock()
	r.events = append(r.events, s)
	close(r.fresh)
	r.fresh = make(chan struct{})
	r.mu.Unlock()
}

func (r *recorder) Connected(id string)      { r.add("connected " + id) }
func (r *recorder) Disconnected(id string)   { r.add("disconnected " + id) }
func (r *recorder) ChannelOpen(id string)    { r.add("open " + id) }
func (r *recorder) ChannelClosed(id string)  { r.add("closed " + id) }
func (r *recorder) Data(id string, b []byte) { r.add("data " + id + " " + string(b)) }
func (r *recorder) all() []string {
	events, _ := r.snapshot()
	return events
}

// snapshot gives the events, and a channel that the next one closes.
func (r *recorder) snapshot() ([]string, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.events...), r.fresh
}

// await waits until event was recorded n times.
func (r *recorder) await(t testing.TB, event string, n int) {
	t.Helper()
	deadline := time.After(patience)
	for {
		seen := 0
		events, fresh := r.snapshot()
		for _, e := range events {
			if e == event {
				seen++
			}
		}
		if seen >= n {
			return
		}
		select {
		case <-fresh:
		case <-deadline:
			t.Fatalf("no event %q × %d; events: %q", event, n, r.all())
		}
	}
}

func mustListen(t testing.TB, change ...func(*sfu.Config)) (*sfu.Server, *recorder) {
	t.Helper()
	events := newRecorder()
	cfg := sfu.Config{UDP: "127.0.0.1:0", PublicIPs: []netip.Addr{loopback}, Events: events}
	for _, f := range change {
		f(&cfg)
	}
	s, err := sfu.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := s.Stats().Panics; n != 0 {
			t.Errorf("%d panics", n)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s, events
}

// client is a browser of few talents: it sends numbered frames and notes the
// ones that it gets.
type client struct {
	t      testing.TB
	id     string
	server *sfu.Server
	pc     *webrtc.PeerConnection
	dc     *webrtc.DataChannel
	api    *webrtc.API
	audio  *webrtc.TrackLocalStaticRTP
	video  *webrtc.TrackLocalStaticRTP
	layers []*webrtc.TrackLocalStaticRTP // where it has several encodings; video is the first

	packets  [2]chan received // by kind
	messages chan string
	open     chan struct{} // closed when the data channel is open
	plis     chan struct{}
	nacks    chan uint16
	limits   chan float32 // bits per second that the client may send
	reports  chan *rtcp.SenderReport
	stop     chan struct{}
	work     sync.WaitGroup

	mu      sync.Mutex
	seq     [2]uint16
	ts      [2]uint32
	pic     uint16
	tl0     uint8
	counter uint64
	dropOut map[uint16]bool // video packets that are not sent at first
	held    []*rtp.Packet
}

type received struct {
	video bool
	rtp.Packet
}

type clientOptions struct {
	textOnly, tcpOnly, noChannel bool
	settings                     func(*webrtc.SettingEngine)
	rids                         []string // of the encodings of its picture
}

func newClient(t testing.TB, s *sfu.Server, id string, o clientOptions) *client {
	t.Helper()
	c := &client{
		t: t, id: id, server: s,
		packets: [2]chan received{make(chan received, 4096), make(chan received, 4096)}, messages: make(chan string, 256), open: make(chan struct{}),
		plis: make(chan struct{}, 256), nacks: make(chan uint16, 256), limits: make(chan float32, 256), reports: make(chan *rtcp.SenderReport, 64), stop: make(chan struct{}),
		pic: uint16(rand.Uint32()) & 0x7fff, tl0: uint8(rand.Uint32()),
	}
	for i := range c.seq {
		c.seq[i], c.ts[i] = uint16(rand.Uint32()), rand.Uint32()
	}
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		engine.RegisterFeedback(webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}, kind)
	}
	if err := engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: audioLevel}, webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	if err := webrtc.ConfigureSimulcastExtensionHeaders(engine); err != nil {
		t.Fatal(err)
	}
	registry := &interceptor.Registry{}
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(engine, registry); err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip netIP) bool { return ip.IsLoopback() })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if o.tcpOnly {
		settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	if o.settings != nil {
		o.settings(&settings)
	}
	c.api = webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(registry))
	pc, err := c.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c.pc = pc
	pc.OnTrack(func(track *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		c.work.Go(func() { c.readTrack(track) })
		c.work.Go(func() { c.readReports(r) })
	})
	if !o.textOnly {
		c.audio = c.addTrack(webrtc.MimeTypeOpus, "audio")
		c.video = c.addTrack(webrtc.MimeTypeVP8, "video", o.rids...)
	}
	if !o.noChannel {
		if c.dc, err = pc.CreateDataChannel(sfu.ChannelLabel, nil); err != nil {
			t.Fatal(err)
		}
		c.dc.OnOpen(func() { close(c.open) })
		c.dc.OnMessage(func(m webrtc.DataChannelMessage) { c.messages <- string(m.Data) })
	}
	t.Cleanup(c.close)
	return c
}

func (c *client) close() {
	c.mu.Lock()
	select {
	case <-c.stop:
		c.mu.Unlock()
		return
	default:
		close(c.stop)
	}
	c.mu.Unlock()
	_ = c.pc.GracefulClose()
	c.work.Wait()
}

func (c *client) addTrack(mime, id string, rids ...string) *webrtc.TrackLocalStaticRTP {
	c.t.Helper()
	local := func(options ...func(*webrtc.TrackLocalStaticRTP)) *webrtc.TrackLocalStaticRTP {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "camera", options...)
		if err != nil {
			c.t.Fatal(err)
		}
		return track
	}
	for _, rid := range rids {
		c.layers = append(c.layers, local(webrtc.WithRTPStreamID(rid)))
	}
	track := local()
	if len(rids) > 0 {
		track = c.layers[0]
	}
	sender, err := c.pc.AddTrack(track)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, layer := range c.layers[min(1, len(c.layers)):] {
		if err := sender.AddEncoding(layer); err != nil {
			c.t.Fatal(err)
		}
	}
	c.work.Go(func() {
		for {
			pkts, _, err := sender.ReadRTCP()
			if err != nil {
				return
			}
			for _, p := range pkts {
				switch p := p.(type) {
				case *rtcp.PictureLossIndication:
					select {
					case c.plis <- struct{}{}:
					default:
					}
				case *rtcp.ReceiverEstimatedMaximumBitrate:
					select {
					case c.limits <- p.Bitrate:
					default:
					}
				case *rtcp.TransportLayerNack:
					for _, pair := range p.Nacks {
						for _, seq := range pair.PacketList() {
							select {
							case c.nacks <- seq:
							default:
							}
						}
					}
				}
			}
		}
	})
	return track
}

func (c *client) readTrack(track *webrtc.TrackRemote) {
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		isVideo := track.Kind() == webrtc.RTPCodecTypeVideo
		select {
		case c.packets[index(isVideo)] <- received{isVideo, *p}:
		case <-c.stop:
			return
		}
	}
}

func (c *client) readReports(r *webrtc.RTPReceiver) {
	for {
		pkts, _, err := r.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range pkts {
			if sr, ok := p.(*rtcp.SenderReport); ok {
				select {
				case c.reports <- sr:
				default:
				}
			}
		}
	}
}

// offer negotiates once.
func (c *client) offer(options *webrtc.OfferOptions) error {
	o, err := c.pc.CreateOffer(options)
	if err != nil {
		return err
	}
	if err := c.pc.SetLocalDescription(o); err != nil {
		return err
	}
	answer, err := c.server.Offer(context.Background(), c.id, c.pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	return c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// mustJoin makes a client and waits until it is connected and its channel open.
func mustJoin(t testing.TB, s *sfu.Server, events *recorder, id string, o clientOptions) *client {
	t.Helper()
	c := newClient(t, s, id, o)
	if err := c.offer(nil); err != nil {
		t.Fatal(err)
	}
	events.await(t, "connected "+id, 1)
	if !o.noChannel {
		events.await(t, "open "+id, 1)
		select {
		case <-c.open:
		case <-time.After(patience):
			t.Fatalf("%s: the data channel did not open", id)
		}
	}
	return c
}

// sendVideo sends one frame of packets packets under keyID, marked by tag.
func (c *client) sendVideo(key bool, keyID uint64, tag byte, packets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counter++
	c.ts[1] += 3000
	c.pic = (c.pic + 1) & 0x7fff
	c.tl0++
	body := make([]byte, 3, 2000)
	if key {
		body = append(body, 0x9d, 0x01, 0x2a, 1, 2, 3, 4)
	} else {
		body[0] = 1
	}
	body = appendSFrame(body, keyID, c.counter)
	for range packets*64 - len(body) {
		body = append(body, tag)
	}
	for i := range packets {
		descriptor := []byte{0x80, 0xc0, byte(c.pic>>8) | 0x80, byte(c.pic), c.tl0}
		if i == 0 {
			descriptor[0] |= 0x10
		}
		c.seq[1]++
		p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: c.seq[1], Timestamp: c.ts[1], Marker: i == packets-1},
			Payload: append(descriptor, body[i*64:(i+1)*64]...)}
		if c.dropOut[c.seq[1]] {
			c.held = append(c.held, p)
			continue
		}
		if err := c.video.WriteRTP(p); err != nil {
			c.t.Errorf("write: %v", err)
		}
	}
}

func (c *client) sendAudio(keyID uint64, tag byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counter++
	c.ts[0] += 960
	c.seq[0]++
	body := appendSFrame([]byte{0x78}, keyID, c.counter)
	body = append(body, tag, tag, tag, tag)
	p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: c.seq[0], Timestamp: c.ts[0]}, Payload: body}
	if err := c.audio.WriteRTP(p); err != nil {
		c.t.Errorf("write: %v", err)
	}
}

// appendSFrame appends a header with a key id of six bytes.
func appendSFrame(b []byte, keyID, counter uint64) []byte {
	b = append(b, 0x80|5<<4|0x08|1) // X, K=5, Y, C=1: two bytes of counter
	var k [8]byte
	binary.BigEndian.PutUint64(k[:], keyID)
	b = append(b, k[2:]...)
	return binary.BigEndian.AppendUint16(b, uint16(counter))
}

// tagOf is who sent the packet.
func (p received) tag() byte { return p.Payload[len(p.Payload)-1] }

// keyOf is the key id of a packet that begins a frame, else 0.
func (p received) keyID() uint64 {
	b := p.Payload
	if p.video {
		if b[0]&0x10 == 0 {
			return 0
		}
		b = b[5:]
		if b[0]&1 == 0 {
			b = b[10:]
		} else {
			b = b[3:]
		}
	} else {
		b = b[1:]
	}
	return binary.BigEndian.Uint64(append([]byte{0, 0}, b[1:7]...))
}

// next waits for the next packet of a kind.
func (c *client) next(wantVideo bool) received {
	c.t.Helper()
	select {
	case p := <-c.packets[index(wantVideo)]:
		return p
	case <-time.After(patience):
		c.t.Fatalf("%s: no packet (video %v); stats %+v", c.id, wantVideo, c.server.Stats())
		panic("unreachable")
	}
}

func index(isVideo bool) int {
	if isVideo {
		return 1
	}
	return 0
}

func (c *client) awaitPLI() {
	c.t.Helper()
	select {
	case <-c.plis:
	case <-time.After(patience):
		c.t.Fatalf("%s: no key frame request", c.id)
	}
}

// ssrc is what the client sends from.
func (c *client) ssrc(kind int) uint32 {
	want := []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo}[kind]
	for _, s := range c.pc.GetSenders() {
		if s.Track() != nil && s.Track().Kind() == want {
			return uint32(s.GetParameters().Encodings[0].SSRC)
		}
	}
	c.t.Fatal("no sender")
	return 0
}

// awaitNack waits until the server asks for the packets in dropOut.
func (c *client) awaitNack() {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case seq := <-c.nacks:
			if c.dropOut[seq] {
				return
			}
		case <-deadline:
			c.t.Fatalf("%s: no NACK", c.id)
		}
	}
}

// resendLost sends what dropOut held back.
func (c *client) resendLost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.held {
		if err := c.video.WriteRTP(p); err != nil {
			c.t.Errorf("write: %v", err)
		}
	}
	c.held, c.dropOut = nil, nil
}

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }
