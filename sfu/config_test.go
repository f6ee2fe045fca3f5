package sfu_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"passerby/sfu"
)

func TestConfigValidate(t *testing.T) {
	if err := (sfu.Config{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	bad := sfu.Config{
		UDP: "nonsense", TCP: "localhost:1", MaxPeers: -1, Ring: 100, MaxMessage: 1 << 20,
		PublicIPs:    []netip.Addr{{}, netip.IPv4Unspecified()},
		Disconnected: time.Minute, Failed: time.Second,
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"UDP address", "TCP address", "MaxPeers", "Ring", "MaxMessage", "invalid IP", "0.0.0.0", "Failed"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	if _, err := sfu.Listen(bad); err == nil {
		t.Error("Listen took it")
	}
}

func TestListenErrors(t *testing.T) {
	s, _ := mustListen(t, func(c *sfu.Config) { c.TCP = "127.0.0.1:0" })
	for name, cfg := range map[string]sfu.Config{
		"UDP port taken": {UDP: s.UDPAddr().String()},
		"TCP port taken": {UDP: "127.0.0.1:0", TCP: s.TCPAddr().String()},
	} {
		if other, err := sfu.Listen(cfg); err == nil {
			t.Errorf("%s: no error", name)
			_ = other.Close()
		}
	}
}

func TestAddresses(t *testing.T) {
	s, err := sfu.Listen(sfu.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if s.UDPAddr().Port() == 0 || s.TCPAddr().IsValid() {
		t.Errorf("bound to %v and %v", s.UDPAddr(), s.TCPAddr())
	}
	found := false
	for _, a := range s.Addrs() {
		if a.Port() != s.UDPAddr().Port() || a.Addr().IsUnspecified() {
			t.Errorf("address %v", a)
		}
		found = found || a.Addr() == loopback
	}
	if !found {
		t.Errorf("%v does not have loopback", s.Addrs())
	}
}

func TestCloseTwiceAndAfter(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{textOnly: true})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s.Route("a", "b", 1)
	s.KeyFrame("a")
	s.Shown("a")
	s.Remove("a")
	if err := s.Send("a", nil); err == nil {
		t.Error("sent after Close")
	}
	if _, err := s.Offer(context.Background(), "a", a.pc.LocalDescription().SDP); err == nil {
		t.Error("answered after Close")
	}
	for _, e := range events.all() {
		if e == "disconnected a" {
			t.Error("Close sent an event")
		}
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	s, events := mustListen(t, func(c *sfu.Config) { c.Registerer = registry })
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	a.sendVideo(true, key1, 'a', 3)
	for range 3 {
		b.next(true)
	}
	eventually(t, "the packets to be counted", func() bool { return s.Stats().Sent == 3 })
	_, _ = s.Offer(context.Background(), "c", "nonsense")
	s.Remove("a") // its counts stay
	want := `
# HELP passerby_sfu_peers Peers with an answered offer.
# TYPE passerby_sfu_peers gauge
passerby_sfu_peers 1
# HELP passerby_sfu_received_packets_total RTP packets from browsers.
# TYPE passerby_sfu_received_packets_total counter
passerby_sfu_received_packets_total{kind="audio"} 0
passerby_sfu_received_packets_total{kind="video"} 3
# HELP passerby_sfu_refused_offers_total Offers that could not be answered.
# TYPE passerby_sfu_refused_offers_total counter
passerby_sfu_refused_offers_total 1
# HELP passerby_sfu_sent_packets_total RTP packets to browsers, repairs included.
# TYPE passerby_sfu_sent_packets_total counter
passerby_sfu_sent_packets_total{kind="audio"} 0
passerby_sfu_sent_packets_total{kind="video"} 3
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "passerby_sfu_peers",
		"passerby_sfu_received_packets_total", "passerby_sfu_refused_offers_total", "passerby_sfu_sent_packets_total"); err != nil {
		t.Error(err)
	}
}
