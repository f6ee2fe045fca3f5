package sfu_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/netip"

	"passerby/sfu"
)

// printer prints what happens to peers.
type printer struct{}

func (printer) Connected(id string)         { fmt.Println(id, "is connected") }
func (printer) Disconnected(id string)      { fmt.Println(id, "is gone") }
func (printer) ChannelOpen(id string)       { fmt.Println(id, "can be written to") }
func (printer) ChannelClosed(id string)     { fmt.Println(id, "cannot be written to") }
func (printer) Data(id string, data []byte) { fmt.Printf("%s says %q\n", id, data) }

// Two browsers that post their offers see, hear and can write to each other.
func Example() {
	server, err := sfu.Listen(sfu.Config{
		UDP:       "127.0.0.1:0",
		PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
		Events:    printer{},
	})
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /offer/{id}", func(w http.ResponseWriter, r *http.Request) {
		offer, _ := io.ReadAll(io.LimitReader(r.Body, sfu.MaxOffer))
		answer, err := server.Offer(r.Context(), r.PathValue("id"), string(offer))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, answer)
	})
	// No key ids: the first key frame of the other opens the picture.
	server.Route("anna", "ben", 0)
	server.Route("ben", "anna", 0)

	_, err = server.Offer(context.Background(), "anna", "not an offer")
	fmt.Println(err != nil)
	_ = server.Close()
	// Output: true
}

// A room by hand: one stage, any number of listeners, each of whom sees both who are on it.
func ExampleServer_RouteSlot() {
	server, err := sfu.Listen(sfu.Config{UDP: "127.0.0.1:0", PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	// Each listener's browser offers two sections of video and two of audio that receive. They need not be there yet.
	for _, listener := range []string{"carla", "dan", "eve"} {
		for slot, speaker := range []string{"anna", "ben"} {
			if err := server.RouteSlot(listener, slot, speaker, 0); err != nil {
				log.Fatal(err)
			}
		}
	}
	fmt.Println(server.Stats().Routes, "places are fed")
	// Ben leaves the stage, and Carla takes his place; nothing is negotiated again.
	for _, listener := range []string{"dan", "eve"} {
		_ = server.RouteSlot(listener, 1, "carla", 0)
	}
	_ = server.RouteSlot("carla", 1, "", 0)
	fmt.Println(server.Stats().Routes, "places are fed")
	// Output:
	// 6 places are fed
	// 5 places are fed
}
