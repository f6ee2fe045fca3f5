package turn

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"passerby/internal/batch"
)

// What is for one client goes out in order and in one piece, whatever lies between; clients whose ports share a place are not mixed up.
func TestBundle(t *testing.T) {
	from, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	var clients []*net.UDPConn
	for i := range 3 {
		at := &net.UDPAddr{IP: net.IPv4(127, 0, 0, byte(1+i))} // the second and third have one port
		if i == 2 {
			at.Port = clients[1].LocalAddr().(*net.UDPAddr).Port
		}
		c, err := net.ListenUDP("udp4", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	raw, err := from.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	w, u := batch.NewWriter(slots, true), new(bundle)
	for round := range 3 {
		for i := 0; !u.full(); i++ {
			u.add(fmt.Appendf(nil, "%d %d", round, i), netip.MustParseAddrPort(clients[i%3].LocalAddr().String()), netip.Addr{})
		}
		if u.used != len(clients) {
			t.Errorf("%d groups for %d clients", u.used, len(clients))
		}
		if err := raw.Control(func(fd uintptr) { u.write(w, int(fd), false) }); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		for i := range slots {
			c := clients[i%3]
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			n, err := c.Read(b)
			if want := fmt.Sprintf("%d %d", round, i); err != nil || string(b[:n]) != want {
				t.Fatalf("client %d got %q, %v; want %q", i%3, b[:n], err, want)
			}
		}
	}
	if w.Dropped != 0 {
		t.Errorf("%d are lost", w.Dropped)
	}
}
