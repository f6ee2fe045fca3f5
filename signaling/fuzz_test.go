package signaling_test

import (
	"os"
	"path/filepath"
	"testing"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// FuzzData throws anything at the data channel and the bus of a session in a match,
// and then wants a text to pass: nothing that comes in may stop it.
func FuzzData(f *testing.F) {
	files, err := filepath.Glob("testdata/protocol/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden files")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"type":"text","match":"match-1","n":1,"body":"` + body("x") + `"}`))
	f.Add([]byte(`{"type":"signal","match":"match-1","data":"x"}`))
	f.Add([]byte(`{"match":"match-1","from":"s-bob","facts":{"version":9,"online":false,"key":"k"},"seen":9}`))
	f.Add([]byte(`{"match":"match-1","from":"s-bob","relay":{"type":"ack","match":"match-1","n":1}}`))
	f.Add([]byte(`{"match":"match-1","from":"s-bob","relay":{"type":"ended","match":"match-1"}}`))
	w := newWorld(f, 1, signaling.Config{MessagesPerSecond: 1e6, Burst: 1e6})
	n := w.nodes[0]
	ann, bob := n.enter(f, "ann"), n.enter(f, "bob")
	m, _ := meet(ann, bob)
	f.Fuzz(func(t *testing.T, data []byte) {
		ann.t, bob.t = t, t
		n.hub.Data("s-ann", data)
		n.hub.Receive("s-ann", data)
		n.hub.Receive("s-bob", data)
		bob.send(&protocol.Text{Match: m.Match, N: 1, Body: body("after")})
		for len(bob.in) > 0 {
			bob.next()
		}
		for {
			switch m := ann.next().(type) {
			case nil:
				t.Fatal("the connection was closed")
			case *protocol.PartnerText:
				if m.Body == body("after") {
					return
				}
			}
		}
	})
}
