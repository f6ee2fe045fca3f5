package sfu

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"passerby/sfu/internal/udp"
)

// shields are the two ends of one connection.
func shields() (server, browser *shield) {
	k := srtp.SessionKeys{
		LocalMasterKey: bytes.Repeat([]byte{1}, 16), LocalMasterSalt: bytes.Repeat([]byte{2}, 12),
		RemoteMasterKey: bytes.Repeat([]byte{3}, 16), RemoteMasterSalt: bytes.Repeat([]byte{4}, 12),
	}
	back := srtp.SessionKeys{
		LocalMasterKey: k.RemoteMasterKey, LocalMasterSalt: k.RemoteMasterSalt,
		RemoteMasterKey: k.LocalMasterKey, RemoteMasterSalt: k.LocalMasterSalt,
	}
	const profile = srtp.ProtectionProfileAeadAes128Gcm
	return &shield{keys: srtp.Config{Profile: profile, Keys: k}}, &shield{keys: srtp.Config{Profile: profile, Keys: back}}
}

func TestShield(t *testing.T) {
	server, browser := shields()
	room := make([]byte, 0, 1500)
	h := rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: 65535, SSRC: 7}
	for range 3 { // over the end of the numbers
		sealed, err := server.sealRTP(room, &h, []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, []byte("hello")) {
			t.Error("the payload is readable")
		}
		again := bytes.Clone(sealed)
		plain, _, err := browser.openRTP(sealed)
		if err != nil || !bytes.HasSuffix(plain, []byte("hello")) {
			t.Fatalf("%q, %v", plain, err)
		}
		if _, _, err := browser.openRTP(again); err == nil {
			t.Error("a packet was taken twice")
		}
		h.SequenceNumber++
	}
	if _, err := server.sealRTP(room, &h, make([]byte, 1490)); err == nil {
		t.Error("a packet was sealed that does not fit")
	}
	if _, err := server.sealRTCP(room, make([]byte, 1490)); err == nil {
		t.Error("a report was sealed that does not fit")
	}
}

// A peer that reports under ever new sources is known by their number: each costs memory.
func TestSourcesAreCounted(t *testing.T) {
	server, browser := shields()
	for i := range 5 {
		report := []byte{0x80, 201, 0, 1, 0, 0, 0, 0}
		binary.BigEndian.PutUint32(report[4:], uint32(i/2)) // each twice
		sealed, err := browser.sealRTCP(make([]byte, 0, 100), report)
		if err != nil {
			t.Fatal(err)
		}
		if _, n, err := server.openRTCP(sealed); err != nil || n != i/2+1 {
			t.Errorf("report %d: %d sources, %v", i, n, err)
		}
	}
}

func TestProtectionDoesNotAllocate(t *testing.T) {
	server, browser := shields()
	h := rtp.Header{Version: 2, PayloadType: 96, SSRC: 7}
	payload := make([]byte, 1100)
	round := func() {
		h.SequenceNumber++
		pkt := udp.NewPacket()
		sealed, err := server.sealRTP(pkt.Room(), &h, payload)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := browser.openRTP(sealed); err != nil {
			t.Fatal(err)
		}
		pkt.Free()
	}
	round()
	if n := testing.AllocsPerRun(1000, round); n >= 1 { // less than one: a collection empties the pool of packets
		t.Errorf("%v allocations a packet", n)
	}
}

// Who was cut off keeps his keys, but no way in.
func TestEndedPeerIsNotHeard(t *testing.T) {
	server, browser := shields()
	from, out := pair(t)
	from.shield.Store(server)
	for i, ended := range []bool{false, true} {
		from.ended.Store(ended)
		h := rtp.Header{Version: 2, PayloadType: 111, SequenceNumber: uint16(i), SSRC: 10}
		sealed, err := browser.sealRTP(make([]byte, 0, 200), &h, make([]byte, 50))
		if err != nil {
			t.Fatal(err)
		}
		from.receive(sealed)
		if out[audio].packets != 1 {
			t.Errorf("ended %v: %d packets were forwarded, want 1", ended, out[audio].packets)
		}
	}
}

// FuzzProtected gives a peer arbitrary datagrams from the network, and arbitrary ones that its keys have sealed.
func FuzzProtected(f *testing.F) {
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3}, false)
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 2}, true)
	f.Add([]byte{0xbf, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, false)
	from, _ := pair(f)
	server, browser := shields()
	from.shield.Store(server)
	from.ended.Store(false)
	f.Fuzz(func(t *testing.T, b []byte, report bool) {
		from.receive(bytes.Clone(b))
		var sealed []byte
		var err error
		if report {
			sealed, err = browser.sealRTCP(make([]byte, 0, len(b)+maxTag), b)
		} else if browser.seal(); browser.out.context != nil {
			sealed, err = browser.out.context.EncryptRTP(nil, b, nil)
		}
		if err == nil && len(sealed) > 0 {
			from.receive(sealed)
		}
		if n := from.panics.Load(); n > 0 {
			t.Fatal("a panic")
		}
		from.up[video].tick(time.Now())
	})
}
