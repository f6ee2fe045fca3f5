// Command load fills a server, or nodes, with people: thousands who write, hundreds who talk with sound.
//
//	go run ./bench/load                                       starts a server of its own: 200 people for a minute
//	go run ./bench/load -people 3000 -media 200 -curve ramp -for 10m
//	go run ./bench/load -url http://a:8080,http://b:8080 -admin http://a:9090,http://b:9090
//	go run ./bench/load -soak [-for 30m]                      a verdict: flat memory and goroutines, or exit 1
//	go run ./bench/load -overload                             a verdict: newcomers refused, calls as before, or exit 1
//	go run ./bench/load -capacity                             what one more session costs: processor, memory, Redis
//	go run ./bench/load -doc docs/load.md                     writes the report of what was measured, plots beside it
//
// Each person asks for a session, says hello, searches, talks for about 20 s, presses Next. Those with sound have a real peer
// connection (ICE, DTLS, SRTP) and send 50 packets a second; each text and packet carries its time, so that the
// receiver, on this same machine, knows how long it took. No SDK and no browser: what is measured is the server. A server that is
// not started here needs --programs allow, --proof off and --trusted-proxies with this machine, since everybody comes with an address of his own.
//
// -capacity starts servers and Redis itself. On each a fifth of the people of one kind come, are looked at, then the others; the
// differences, divided by the others, are the cost of one. Time is what the server's threads have run, as the kernel counts it: neighbours
// on the machine make it longer by cold caches only.
//
// The report is bench/out/load.json (soak.json, overload.json, capacity.json), and load.html with plots.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are those of the command line.
type options struct {
	urls, admins []string
	people       int
	media        float64 // share
	pictures     float64 // share of those
	curve        string
	length       time.Duration
	talk         time.Duration
	texts        time.Duration
	out          string
	soak         bool
	overload     bool
	capacity     bool
	rounds       int
	bin          string
	serverFlags  string
	serverProcs  int
}

func main() {
	var o options
	urls := flag.String("url", "", "addresses of nodes that run, comma separated; none: a server of its own")
	admins := flag.String("admin", "", "their addresses of metrics; none: what the server uses is not shown")
	flag.IntVar(&o.people, "people", 200, "online at the height of the curve")
	media := flag.Int("media", 20, "of them with sound")
	pictures := flag.Int("pictures", 0, "of those with a picture, too")
	flag.StringVar(&o.curve, "curve", "constant", "of people online: constant, ramp, burst or day (a day in the time of the run)")
	flag.DurationVar(&o.length, "for", 0, "how long; 0: a minute, a soak half an hour, an overload 3 minutes, each look of a capacity 20 s")
	flag.DurationVar(&o.talk, "talk", 20*time.Second, "a talk's mean length")
	flag.DurationVar(&o.texts, "texts", 2*time.Second, "between two texts of somebody who talks")
	flag.StringVar(&o.out, "out", "bench/out", "where the report goes")
	flag.BoolVar(&o.soak, "soak", false, "judge memory and goroutines under constant load")
	flag.BoolVar(&o.overload, "overload", false, "more people than the server can take: judge who is refused and how the others fare")
	flag.BoolVar(&o.capacity, "capacity", false, "measure what one more session of each kind costs")
	flag.IntVar(&o.rounds, "rounds", 3, "of a capacity")
	doc := flag.String("doc", "", "write the report of what -out has to this file, and run nothing")
	flag.StringVar(&o.bin, "bin", "", "the program of a server that is started here; empty: built first")
	flag.StringVar(&o.serverFlags, "server-flags", "", "further flags of the server that is started here")
	flag.IntVar(&o.serverProcs, "server-procs", 0, "processors that it may use; 0: all, with -overload one")
	flag.Parse()
	if *doc != "" {
		if err := writeDoc(*doc, o.out); err != nil {
			log.Fatal(err)
		}
		return
	}
	o.media = float64(*media) / float64(max(1, o.people))
	o.pictures = float64(*pictures) / float64(max(1, *media))
	for list, to := range map[string]*[]string{*urls: &o.urls, *admins: &o.admins} {
		if list != "" {
			*to = strings.Split(list, ",")
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := o.run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if !ok {
		stop()
		os.Exit(1) //nolint:gocritic // all is stopped
	}
}

// defaults fills in what the kind of run asks for.
func (o *options) defaults() error {
	usual := time.Minute
	switch {
	case o.soak && o.overload, o.soak && o.capacity, o.overload && o.capacity:
		return errors.New("give one of -soak, -overload and -capacity")
	case o.capacity && len(o.urls) > 0:
		return errors.New("-capacity starts a server of its own: leave out -url")
	case o.capacity && o.rounds < 1:
		return errors.New("give at least one of -rounds")
	case o.capacity:
		usual = 20 * time.Second
	case o.soak:
		usual, o.curve = 30*time.Minute, "constant"
	case o.overload:
		usual, o.curve = 3*time.Minute, "ramp"
		if o.serverProcs == 0 {
			o.serverProcs = 1
		}
	}
	if o.length == 0 {
		o.length = usual
	}
	if curves[o.curve] == nil {
		return fmt.Errorf("-curve %s: use constant, ramp, burst or day", o.curve)
	}
	return nil
}

// kind names a run, and its files.
func (o *options) kind() string {
	switch {
	case o.soak:
		return "soak"
	case o.overload:
		return "overload"
	}
	return "load"
}

func (o *options) run(ctx context.Context) (bool, error) {
	if err := o.defaults(); err != nil {
		return false, err
	}
	if err := newCertificate(); err != nil {
		return false, err
	}
	if len(o.urls) == 0 && o.bin == "" {
		dir, err := os.MkdirTemp("", "load-bin")
		if err != nil {
			return false, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if o.bin, err = buildServer(dir); err != nil {
			return false, err
		}
	}
	if o.capacity {
		return true, capacity(ctx, *o)
	}
	if len(o.urls) == 0 {
		s, err := startServer(*o)
		if err != nil {
			return false, err
		}
		defer s.stop()
		o.urls, o.admins = []string{s.url}, []string{s.admin}
	}
	r := newRun(*o)
	r.play(ctx)
	report := r.report()
	verdict, ok := report.judge(*o)
	report.Verdict = verdict
	fmt.Println(verdict)
	return ok, report.write(o.out, o.kind())
}
