package signaling_test

import (
	"net"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// Frames of a client, empty and with the key 0 (RFC 6455 §5.2).
const (
	firstFragment = "\x01\x80\x00\x00\x00\x00"
	fragment      = "\x00\x80\x00\x00\x00\x00"
	lastFragment  = "\x80\x80\x00\x00\x00\x00"
	pongFrame     = "\x8a\x80\x00\x00\x00\x00"
	pingFrame     = "\x89\x80\x00\x00\x00\x00"
)

// pour writes the same bytes until the server cuts the connection off.
func pour(t *testing.T, c net.Conn, frame string) {
	t.Helper()
	chunk := []byte{}
	for range 100 {
		chunk = append(chunk, frame...)
	}
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	for {
		if _, err := c.Write(chunk); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Error("the server reads on and on")
			}
			return
		}
	}
}

// What the WebSocket library takes in without a word is counted too: an endless stream of it is cut off with an error.
func TestFramesThatCarryNoMessageAreLimited(t *testing.T) {
	for _, tt := range []struct {
		name, begin, frame string
		hello              bool
	}{
		{"pings", "", pingFrame, true},
		{"pongs", "", pongFrame, true},
		{"pongs before hello", "", pongFrame, false},
		{"an endless message of empty fragments", firstFragment, fragment, true},
		{"the same before hello", firstFragment, fragment, false},
		{"an endless message with pongs between", firstFragment, fragment + pongFrame, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newWorld(t, 1, signaling.Config{Silence: 30 * time.Minute, Ping: time.Minute, Hello: time.Minute}).nodes[0]
			bob := n.enter(t, "bob")
			c := n.connect(t, "ann")
			if tt.hello {
				c.hello("user-ann/s-ann", "")
			}
			raw := c.ws.NetConn()
			if _, err := raw.Write([]byte(tt.begin)); err != nil {
				t.Fatal(err)
			}
			pour(t, raw, tt.frame)
			if e := c.refused(protocol.Flooding); !e.Fatal || e.RetryAfterMS <= 0 {
				t.Errorf("flooding: %+v", e)
			}
			c.closed()
			until(t, "the flood is cut off", func() bool { return n.hub.Stats().Connections == 1 })
			bob.quiet()
		})
	}
}

// As many control frames and fragments as messages may come.
func TestSomeFragmentsAndPingsAreFine(t *testing.T) {
	n := newWorld(t, 1, signaling.Config{MessagesPerSecond: 0.001, Burst: 10}).nodes[0]
	c := n.enter(t, "ann")
	write := func(kind, what string) {
		t.Helper()
		if _, err := c.ws.NetConn().Write([]byte(what)); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	for range 3 {
		write("ping", pingFrame)
		write("fragments", firstFragment+fragment+lastFragment)
		c.refused(protocol.BadRequest) // an empty message
	}
	c.quiet()
	write("one too many", pingFrame+pongFrame)
	c.refused(protocol.Flooding)
}
