package turn_test

import (
	"net/netip"
	"testing"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// The vectors of RFC 5769: who may have sent a message, by another implementation's bytes.
func TestVectors(t *testing.T) {
	const short = "VOkJxbRl1RmTxUk/WvJxBt"
	long := turn.LongTermKey("\u30de\u30c8\u30ea\u30c3\u30af\u30b9", "example.org", "TheMatrIX")
	for name, tt := range map[string]struct {
		message     string
		key         []byte
		fingerprint bool
	}{
		"2.1 request": {"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae" +
			"\x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36" +
			"\x00\x06\x00\x09evtj:h6vY\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2" +
			"\x80\x28\x00\x04\xe5\x7a\x3b\xcf", []byte(short), true},
		"2.2 answer over IPv4": {"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae" +
			"\x80\x22\x00\x0btest vector\x20\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43" +
			"\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\x80\x28\x00\x04\xc0\x7d\x4c\x96", []byte(short), true},
		"2.3 answer over IPv6": {"\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae" +
			"\x80\x22\x00\x0btest vector\x20\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9" +
			"\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed\x41\x80\x28\x00\x04\xc8\xfb\x0b\x4c", []byte(short), true},
		"2.4 long-term credentials": {"\x00\x01\x00\x60\x21\x12\xa4\x42\x78\xad\x34\x33\xc6\xad\x72\xc0\x29\xda\x41\x2e" +
			"\x00\x06\x00\x12\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9\x00\x00" +
			"\x00\x15\x00\x1cf//499k954d6OL34oL9FSTvy64sA\x00\x14\x00\x0bexample.org\x00" +
			"\x00\x08\x00\x14\xf6\x70\x24\x65\x6d\xd6\x4a\x3e\x02\xb8\xe0\x71\x2e\x85\xc9\xa2\x8c\xa8\x96\x66", long, false},
	} {
		t.Run(name, func(t *testing.T) {
			parsed, signed, fingerprint := turn.Verify5389([]byte(tt.message), tt.key)
			if !parsed || !signed || fingerprint != tt.fingerprint {
				t.Errorf("parsed %v, signed %v, fingerprint %v", parsed, signed, fingerprint)
			}
			for i := range tt.message {
				b := []byte(tt.message)
				b[i] ^= 0x40
				if parsed, signed, _ := turn.Verify5389(b, tt.key); parsed && signed && !unsigned(tt.message, i) {
					t.Errorf("byte %d was changed and nobody notices", i)
				}
			}
			if want := netip.MustParseAddrPort("192.0.2.1:32853"); name == "2.2 answer over IPv4" && turn.MappedAddress([]byte(tt.message)) != want {
				t.Errorf("mapped address %v", turn.MappedAddress([]byte(tt.message)))
			}
			if want := netip.MustParseAddrPort("[2001:db8:1234:5678:11:2233:4455:6677]:32853"); name == "2.3 answer over IPv6" && turn.MappedAddress([]byte(tt.message)) != want {
				t.Errorf("mapped address %v", turn.MappedAddress([]byte(tt.message)))
			}
		})
	}
}

// unsigned tells the bytes that an integrity does not cover: the length, which is checked against the datagram's, and what frames the integrity itself.
func unsigned(message string, i int) bool {
	return i == 2 || i == 3 || i >= len(message)-8 && message[len(message)-8:len(message)-4] == "\x80\x28\x00\x04"
}

// Whatever a datagram holds: no panic, an answer that another implementation reads, and none larger than three times what a stranger sent, but for short ones.
func FuzzRequest(f *testing.F) {
	answer := turn.Answerer(f)
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.Fingerprint).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), udp).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), udp, evenPort(0x80), lifetime(1), family(2), additional(2),
		token(make([]byte, 8)), attribute{0x7001, nil}, stun.NewUsername("ada"), stun.NewRealm("passerby"), stun.NewNonce("obMatJos2AAABaaaaaaaaaaaaaaa"), stun.NewShortTermIntegrity("x")).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodCreatePermission, stun.ClassRequest), peer("9.9.9.9:1"), peer("[2620:fe::fe]:1"), stun.NewShortTermIntegrity("x")).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodChannelBind, stun.ClassRequest), channel(0x4001), peer("9.9.9.9:1"), attribute{0x001C, make([]byte, 32)}).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), udp, shows(nil), stun.NewShortTermIntegrity("x")).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest), shows(make([]byte, 32)), stun.NewShortTermIntegrity("x")).Raw)
	f.Add([]byte{0, 3, 0, 4, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := turn.STUNType(b); err != nil {
			return
		}
		for _, authentic := range []bool{false, true} {
			got := answer(append([]byte(nil), b...), authentic)
			if len(got) == 0 {
				continue
			}
			m := &stun.Message{Raw: got}
			if err := m.Decode(); err != nil || string(m.TransactionID[:]) != string(b[8:20]) {
				t.Fatalf("answer %x: %v", got, err)
			}
			if !authentic && len(got) > 100 {
				t.Fatalf("a stranger's %d bytes are answered with %d", len(b), len(got))
			}
		}
	})
}
