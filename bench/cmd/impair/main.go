// Command impair runs one bad network between clients and a server until it is interrupted:
//
//	go run ./bench/cmd/impair --listen 127.0.0.1:7000 --target 127.0.0.2:7000 --delay 50ms --loss 0.05
//
// Every setting holds for both directions, the rate only with --rate-both. With --tcp the line carries TCP and only delays.
package main

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"passerby/bench/impair"
)

func main() {
	var c impair.Config
	flag.StringVar(&c.Listen, "listen", "127.0.0.1:0", "address where clients send to")
	flag.StringVar(&c.Target, "target", "", "address of the server")
	flag.DurationVar(&c.Up.Delay, "delay", 0, "added to every packet, each way")
	flag.DurationVar(&c.Up.Jitter, "jitter", 0, "up to this much more")
	flag.Float64Var(&c.Up.Loss, "loss", 0, "probability, 0 to 1")
	flag.Float64Var(&c.Up.Duplicate, "duplicate", 0, "probability, 0 to 1")
	flag.Float64Var(&c.Up.Reorder, "reorder", 0, "probability, 0 to 1")
	flag.DurationVar(&c.Up.ReorderBy, "reorder-by", 0, "how much later a reordered packet leaves (default 20ms)")
	rate := flag.Int("rate", 0, "bits per second that pass from the server to each client; 0 means all")
	flag.DurationVar(&c.Up.Buffer, "buffer", 0, "how long packets wait for that at most (default 500ms)")
	flag.DurationVar(&c.Up.RateAfter, "rate-after", 0, "when that begins, since the client's first packet")
	flag.DurationVar(&c.Up.RateUntil, "rate-until", 0, "when that ends; 0 means never")
	both := flag.Bool("rate-both", false, "as many from each client to the server")
	flag.Uint64Var(&c.Seed, "seed", 1, "of all decisions")
	tcp := flag.Bool("tcp", false, "carry TCP instead of UDP: delay and jitter only")
	flag.Parse()
	c.Down = c.Up
	c.Down.Rate = *rate
	if *both {
		c.Up.Rate = *rate
	}
	if err := run(c, *tcp); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(c impair.Config, tcp bool) error {
	proxy, err := listen(c, tcp)
	if err != nil {
		return err
	}
	fmt.Println("listening", proxy.Addr())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	if u, ok := proxy.(*impair.UDP); ok {
		fmt.Printf("%+v\n", u.Stats())
	}
	return proxy.Close()
}

type proxy interface {
	Addr() netip.AddrPort
	Close() error
}

func listen(c impair.Config, tcp bool) (proxy, error) {
	if tcp {
		return impair.ListenTCP(c)
	}
	return impair.ListenUDP(c)
}
