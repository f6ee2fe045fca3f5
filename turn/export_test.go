package turn

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"testing"
	"time"
)

// Allowed asks the policy of a configuration about a peer.
func Allowed(c Config, peer netip.AddrPort) (bool, string) {
	return newPolicy(c.withDefaults()).allow(peer)
}

// FrameLength is the framing guard's rule.
var FrameLength = frameLength

// MaxEnds is how many relayed connections an allocation has.
const MaxEnds = maxEnds

// MaxFrame is the longest message on a stream.
const MaxFrame = maxFrame

// Certificate serves a pair of files as a TLS listener does.
func Certificate(certFile, keyFile string) func() (*tls.Certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: slog.New(slog.DiscardHandler)}
	return c.current
}

// The parsers and the writer of the data plane.
var (
	STUNType    = stunType
	ParseSend   = parseSend
	ChannelData = channelData
	PutData     = putData
)

// ListenAt is Listen with a clock of lifetimes and nonces.
var ListenAt = listen

// Budget is what one address is answered before it has proven itself.
func Budget() func(to netip.Addr, now time.Time) bool { return new(budget).spend }

// Home is what allocations are counted by.
var Home = home

// LongTermKey is that of MD5.
func LongTermKey(username, realm, password string) []byte {
	return longTermKey(algorithmMD5, []byte(username), []byte(realm), password)
}

// Verify5389 takes a message apart and says whether a key signed it.
func Verify5389(b, key []byte) (parsed, signed, fingerprint bool) {
	if _, err := stunType(b); err != nil {
		return false, false, false
	}
	var m message
	if !m.parse(b) {
		return false, false, false
	}
	return true, m.integrity != 0 && m.signed(key), m.fingerprint
}

// MappedAddress is the XOR-MAPPED-ADDRESS of a message.
func MappedAddress(b []byte) (a netip.AddrPort) {
	attributes(b, func(kind uint16, v []byte) bool {
		if kind == attrXORMapped {
			a, _ = xorAddress(v, b)
		}
		return true
	})
	return a
}

// Answerer answers requests of a client that holds an allocation, as if they were authentic or not, on a server that does not run.
func Answerer(tb testing.TB) func(b []byte, authentic bool) []byte {
	s, err := Listen(Config{Listen: "127.0.0.1:0", Secret: "x", PublicIP6: netip.IPv6Loopback(), AllowPeers: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, Plain: true, Mobility: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	x, from := s.shards[0], sender{at: netip.MustParseAddrPort("127.0.0.1:9")}
	return func(b []byte, authentic bool) []byte {
		x.lock()
		defer x.mu.Unlock()
		if !authentic {
			return x.answer(b, from)
		}
		if !x.msg.parse(b) {
			return nil
		}
		x.out = appendHead(x.out[:0], x.msg.kind|classSuccess, x.msg.id())
		if code := x.serve(&x.msg, x.meant(&x.msg, from), from, login{user: "ada"}); code != 0 {
			x.refuse(&x.msg, code, from)
		}
		return x.out
	}
}

// Bucket takes bytes at a rate.
func Bucket(bits int64) func(bytes int, now time.Duration) bool {
	b, r := new(bucket), newRate(bits)
	return func(bytes int, now time.Duration) bool { return b.take(r, bytes, now) }
}

// nowhere is a pump that drops all.
type nowhere struct{ pump }

func (nowhere) toPeer(*relay, []byte, netip.AddrPort) {}

// PacketPath is one ChannelData message of 1100 bytes through a shard, from a client to a peer.
func PacketPath(tb testing.TB, cfg Config) func() {
	cfg.Secret = "x"
	cfg = cfg.withDefaults()
	server := &Server{cfg: cfg, clock: time.Now, began: time.Now(), nonceKey: newNonceKey(), ledger: newLedger(cfg), limits: newBandwidth(cfg)}
	server.relays = newRelays(cfg, &server.refused, server.ledger)
	x := newShard(server)
	x.pump = nowhere{}
	from, peer := sender{at: netip.MustParseAddrPort("192.0.2.1:1")}, netip.MustParseAddrPort("192.0.2.2:2")
	user, _ := server.ledger.admit("ada", from.at.Addr())
	a := &allocation{client: from.at, relays: [2]*relay{new(relay)}}
	if server.limits != nil {
		a.meter = &meter{user: user}
	}
	a.peers.Store(&peers{hosts: []host{{peer.Addr(), time.Hour}}, channels: []channel{{peer: peer, number: 0x4001, open: true, until: time.Hour}}})
	x.enter(a)
	slot := newSlot()
	copy(slot[headroom:], []byte{0x40, 1, 1100 >> 8, 1100 & 0xff})
	x.lock()
	x.mu.Unlock()
	return func() {
		x.now += time.Microsecond
		x.handle(slot, headroom, channelBytes+1100, from)
	}
}

// Strangers is how many DTLS handshakes there are with addresses that nobody has proven, in all and of one address.
func Strangers(s *Server, of string) (all, home int) {
	g := s.streams[2].Listener.(*greeter)
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.strangers), g.homes[netip.MustParseAddr(of)]
}
