package sfu_test

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"passerby/sfu"
)

// TestCloseDoesNotWaitForTCP closes a server to which strangers have TCP
// connections: silent ones, and ones whose first packet arrives meanwhile.
func TestCloseDoesNotWaitForTCP(t *testing.T) {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername("nobody:here"))
	if err != nil {
		t.Fatal(err)
	}
	binding := append(binary.BigEndian.AppendUint16(nil, uint16(len(m.Raw))), m.Raw...)
	for range 50 {
		s, err := sfu.Listen(sfu.Config{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 {
			c, err := net.Dial("tcp", s.TCPAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			if i > 0 { // the first stays silent
				if _, err := c.Write(binding); err != nil {
					t.Fatal(err)
				}
			}
		}
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Fatal("Close waits for strangers' TCP connections")
		}
	}
}
