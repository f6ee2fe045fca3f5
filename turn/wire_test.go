package turn_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// peerAddress is an XOR-PEER-ADDRESS as another implementation writes it.
type peerAddress netip.AddrPort

func (p peerAddress) AddTo(m *stun.Message) error {
	a := stun.XORMappedAddress{IP: netip.AddrPort(p).Addr().AsSlice(), Port: int(netip.AddrPort(p).Port())}
	return a.AddToAs(m, stun.AttrXORPeerAddress)
}

type attribute struct {
	kind  stun.AttrType
	value []byte
}

func (a attribute) AddTo(m *stun.Message) error { m.Add(a.kind, a.value); return nil }

func sendIndication(extra ...stun.Setter) []byte {
	return stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication)}, extra...)...).Raw
}

func TestParseSend(t *testing.T) {
	v4, v6 := peerAddress(netip.MustParseAddrPort("192.0.2.7:4321")), peerAddress(netip.MustParseAddrPort("[2001:db8::7]:4321"))
	data := func(s string) attribute { return attribute{stun.AttrData, []byte(s)} }
	for _, tt := range []struct {
		name    string
		message []byte
		payload string
		peer    peerAddress
		ok      bool
	}{
		{"IPv4", sendIndication(v4, data("hello")), "hello", v4, true},
		{"IPv6", sendIndication(v6, data("hello")), "hello", v6, true},
		{"the other order", sendIndication(data("hello"), v4), "hello", v4, true},
		{"an empty payload", sendIndication(v4, data("")), "", v4, true},
		{"an optional attribute", sendIndication(v4, attribute{0x8022, []byte("software")}, data("x")), "x", v4, true},
		{"the first of two peers", sendIndication(v4, v6, data("x")), "x", v4, true},
		{"no peer", sendIndication(data("x")), "", peerAddress{}, false},
		{"no data", sendIndication(v4), "", peerAddress{}, false},
		{"DONT-FRAGMENT, which is not offered", sendIndication(v4, attribute{0x001a, nil}, data("x")), "", peerAddress{}, false},
		{"something required and unknown", sendIndication(v4, attribute{0x7001, nil}, data("x")), "", peerAddress{}, false},
		{"a short address", sendIndication(attribute{stun.AttrXORPeerAddress, []byte{0, 1, 0}}, data("x")), "", peerAddress{}, false},
		{"IPv4 in the length of IPv6", sendIndication(attribute{stun.AttrXORPeerAddress, append([]byte{0, 1}, make([]byte, 18)...)}, data("x")), "", peerAddress{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			payload, peer, ok := turn.ParseSend(tt.message)
			if ok != tt.ok || ok && (string(payload) != tt.payload || peer != netip.AddrPort(tt.peer)) {
				t.Errorf("%q to %v, %v", payload, peer, ok)
			}
		})
	}
}

// What we write, another implementation reads.
func TestPutData(t *testing.T) {
	for _, peer := range []string{"192.0.2.7:4321", "[2001:db8::7]:65535"} {
		for n := range 6 {
			from := netip.MustParseAddrPort(peer)
			b := bytes.Repeat([]byte{0xee}, 100)
			start := 60
			copy(b[start:], "passerby"[:n])
			clear(b[start+n : start+(n+3)&^3])
			head := turn.PutData(b[:start], from, n, [12]byte{1, 2, 3})
			m := &stun.Message{Raw: b[start-head : start+(n+3)&^3]}
			if err := m.Decode(); err != nil {
				t.Fatalf("%s, %d bytes: %v", peer, n, err)
			}
			var a stun.XORMappedAddress
			if err := a.GetFromAs(m, stun.AttrXORPeerAddress); err != nil || a.String() != peer {
				t.Errorf("peer %v (%v), want %s", a, err, peer)
			}
			if data, err := m.Get(stun.AttrData); err != nil || string(data) != "passerby"[:n] || m.Type != stun.NewType(stun.MethodData, stun.ClassIndication) {
				t.Errorf("%v with %q (%v)", m.Type, data, err)
			}
			if b[start-head-1] != 0xee {
				t.Error("it wrote before its head")
			}
		}
	}
}

// A victim whose address is claimed gets so much and no more; others go on; after a second it begins again.
func TestBudget(t *testing.T) {
	spend, now := turn.Budget(), time.Now()
	victim, other := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("203.0.113.9")
	count := func(a netip.Addr, at time.Time) (n int) {
		for range 5000 {
			if spend(a, at) {
				n++
			}
		}
		return n
	}
	if n := count(victim, now); n != 1000 {
		t.Errorf("%d answers in a second, want 1000", n)
	}
	if !spend(other, now) {
		t.Error("another address is refused")
	}
	if n := count(victim, now.Add(1100*time.Millisecond)); n != 1000 {
		t.Errorf("%d answers in the next second, want 1000", n)
	}
	one, two := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff")
	count(one, now)
	if spend(two, now) {
		t.Error("an IPv6 network has a budget for each of its addresses")
	}
	if n := count(netip.MustParseAddr("127.0.0.1"), now); n != 5000 {
		t.Errorf("loopback: %d", n)
	}
}

// Whatever a datagram holds: no panic, and what is taken out lies within it.
func FuzzDatagram(f *testing.F) {
	f.Add(sendIndication(peerAddress(netip.MustParseAddrPort("192.0.2.7:4321")), attribute{stun.AttrData, []byte("hello")}))
	f.Add(sendIndication(peerAddress(netip.MustParseAddrPort("[2001:db8::7]:4321")), attribute{stun.AttrData, nil}))
	f.Add([]byte{0x40, 0, 0, 4, 1, 2, 3, 4})
	f.Add([]byte{0x7f, 0xff, 0xff, 0xff})
	f.Add([]byte{0, 0x16, 0, 4, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x13, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		within := func(p []byte) bool { return len(p) <= len(b) && cap(p) <= cap(b) }
		if number, payload, ok := turn.ChannelData(b); ok && (number>>14 != 1 || !within(payload) || len(payload) != int(binary.BigEndian.Uint16(b[2:]))) {
			t.Fatalf("channel %x, %d bytes of %d", number, len(payload), len(b))
		}
		if _, err := turn.STUNType(b); err != nil {
			return
		}
		theirs := &stun.Message{Raw: append([]byte(nil), b...)}
		bad := theirs.Decode()
		payload, peer, ok := turn.ParseSend(b)
		if !ok {
			return
		}
		if bad != nil || !within(payload) || !peer.IsValid() {
			t.Fatalf("accepted %x, which pion/stun does not: %v", b, bad)
		}
		if data, err := theirs.Get(stun.AttrData); err != nil || !bytes.Equal(data, payload) {
			t.Fatalf("payload %x, pion/stun says %x (%v)", payload, data, err)
		}
	})
}
