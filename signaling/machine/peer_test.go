package machine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

func TestPeerMessagesRoundTrip(t *testing.T) {
	for _, want := range []machine.PeerMessage{
		{Match: "m", From: "s"},
		{Match: "m", From: "s", Seen: 7, Facts: &machine.Facts{Version: 3, Online: true, Key: "p256:k", Node: "n"}},
		{Match: "m", From: "s", Relay: &protocol.PartnerText{Match: "m", N: 1, Body: "b", At: 2, Tag: "t"}},
		{Match: "m", From: "s", Relay: &protocol.Ack{Match: "m", N: 9}},
		{Match: "m", From: "s", Relay: &protocol.Signal{Match: "m", Data: `{"v":"ü"}`}},
	} {
		got, err := machine.ParsePeer(machine.AppendPeer(nil, want))
		if err != nil {
			t.Errorf("%+v: %v", want, err)
		}
		if want.Relay != nil {
			want.Relay = protocol.Encoded(protocol.Append(nil, want.Relay))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestParsePeerRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":                 "",
		"no JSON":                 "x",
		"a list":                  "[]",
		"facts of a wrong type":   `{"facts":1}`,
		"version negative":        `{"facts":{"version":-1}}`,
		"relay of no match":       "r",
		"relay of half a match":   "r\x05m",
		"relay, absurd length":    "r\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"relay of no sender":      "r\x01m",
		"relay of nothing":        "r\x01m\x01s",
		"relay that is no object": "r\x01m\x01s1",
		"relay of no type":        "r\x01m\x01s{}",
		"relay not for a partner": "r\x01m\x01s" + `{"type":"ended","match":"m","reason":"left"}`,
		"relay of a welcome":      "r\x01m\x01s" + `{"type":"welcome"}`,
		"relay, type not first":   "r\x01m\x01s" + `{"n":1,"type":"text"}`,
	} {
		if m, err := machine.ParsePeer([]byte(data)); err == nil {
			t.Errorf("%s: accepted as %+v", name, m)
		}
	}
}

func FuzzParsePeer(f *testing.F) {
	f.Add(machine.AppendPeer(nil, machine.PeerMessage{Match: "m", From: "s", Seen: 7, Facts: &machine.Facts{Version: 3, Key: "k"}}))
	f.Add(machine.AppendPeer(nil, machine.PeerMessage{Match: "m", From: "s", Relay: &protocol.Ack{Match: "m", N: 9}}))
	f.Add([]byte("r\x01m\x01s" + `{"type":"text"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := machine.ParsePeer(data)
		if err != nil {
			return
		}
		once := machine.AppendPeer(nil, m)
		again, err := machine.ParsePeer(once)
		if err != nil {
			t.Fatalf("%+v is refused when encoded: %v", m, err)
		}
		if diff := cmp.Diff(string(once), string(machine.AppendPeer(nil, again))); diff != "" {
			t.Fatal(diff)
		}
	})
}
