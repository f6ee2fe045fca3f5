// Command chaos is row C1: people talk on three nodes with NGINX and a Redis, all of them real programs, while one node
// after the other is killed with SIGKILL and started again.
//
//	go run ./bench/chaos [-clients 300] [-browsers 2] [-last 2m] [-every 10s]
//
// With -rolling it is row C2: the nodes are told to stop (SIGTERM) and started again, one after the other, as a new version is rolled out.
// Then nobody may lose his connection, and no picture may stand still for a second.
//
// Every text has a number and a sender; each person writes some, waits until all of both are acknowledged and shown, and
// presses Next; one in eight leaves in the middle. Half of the people come through NGINX, half to the nodes themselves. Some
// sit at the real page in a real browser and talk with picture, among themselves: they must also see each other. A
// ledger in this process compares what each was shown with what was written, and the keys of the queue are audited as a
// whole twice a second. At the end everybody has to finish one more talk. It exits with 1 unless nothing was wrong.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"passerby/internal/stack"
)

func main() {
	bin := flag.String("bin", "bin/passerby", "the program")
	out := flag.String("out", "bench/out", "where the JSON goes")
	s := settings{repo: ".", down: 3 * time.Second, say: func(format string, args ...any) {
		fmt.Printf("%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
	}}
	flag.IntVar(&s.clients, "clients", 300, "people")
	flag.IntVar(&s.browsers, "browsers", 2, "people at pages in a real browser, besides: an even number")
	flag.DurationVar(&s.last, "last", 2*time.Minute, "how long nodes are killed")
	flag.DurationVar(&s.every, "every", 10*time.Second, "from one kill to the next")
	flag.BoolVar(&s.rolling, "rolling", false, "restart the nodes one after the other instead of killing them: no picture may stand still for a second, either")
	flag.DurationVar(&s.pace, "pace", time.Second, "between two texts of one person, on average")
	flag.DurationVar(&s.patient, "patient", 45*time.Second, "who gets nowhere for so long is stuck")
	flag.Parse()
	s.cluster = stack.Config{
		Site: "deploy/nginx/passerby.conf", Command: []string{*bin, "serve"}, Flags: []string{"--programs", "allow", "--grace", "2s", "--rematch", "100ms", "--log-level", "warn"},
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := report(ctx, s, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if !ok {
		os.Exit(1)
	}
}

// report runs, prints and writes what was found; ok when nothing was wrong.
func report(ctx context.Context, s settings, out string) (ok bool, err error) {
	if s.cluster.Dir, err = os.MkdirTemp("", "passerby-chaos-"); err != nil {
		return false, err
	}
	r, err := chaos(ctx, s)
	if err != nil {
		return false, err
	}
	for _, f := range r.Faults {
		fmt.Println("  wrong:", f)
	}
	fmt.Println(r)
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return false, err
	}
	if err := os.WriteFile(filepath.Join(out, map[bool]string{false: "chaos.json", true: "rolling.json"}[r.Rolling]), data, 0o600); err != nil {
		return false, err
	}
	if r.Figures.bad() || r.Rolling && r.PictureGap >= 1 {
		fmt.Println("logs:", s.cluster.Dir)
		return false, nil
	}
	return true, os.RemoveAll(s.cluster.Dir)
}

func (r result) String() string {
	f := r.Figures
	if r.Rolling {
		return fmt.Sprintf(`
  %d people, %d of them at a page, with picture; %d restarts, %d matches (%d talks finished), %d texts shown
  %d moved to another node without a break, %d came back after one; errors that the server answered: %v
  longest time in which somebody did not get on: %.1f s; fresh sessions %d

  C2  doubled %d, lost %d, users in two matches %d, users stuck %d, matches that nobody ended %d  (aim 0)
      a picture stood still for %.2f s at most  (aim under 1)
`, r.Clients+r.Browsers, r.Browsers, r.Kills, r.Matches, r.Finished, f.Texts, r.Moved, r.Resumed-r.Moved, r.Troubles, r.LongestGap, r.Fresh,
			f.Doubled, f.Lost, f.InTwo, f.Stuck, f.Broken, r.PictureGap)
	}
	return fmt.Sprintf(`
  %d people, %d kills, %d matches (%d talks finished), %d texts shown, %d resumed on another node, %d fresh sessions
  %d of them at a page, with picture: %d talks finished, %d resumed on another node
  back after a lost connection: median %.2f s, longest %.2f s; longest time in which somebody did not get on: %.1f s
  texts that came twice and were not shown: %d; errors that the server answered: %v

  C1  doubled %d, lost %d, users in two matches %d, users stuck %d  (aim 0, 0, 0, 0)
      shown to a stranger %d, matches that nobody ended %d
`, r.Clients+r.Browsers, r.Kills, r.Matches, r.Finished, f.Texts, r.Resumed, r.Fresh, r.Browsers, r.PagesFinished, r.PagesResumed, r.AwayP50, r.AwayMax, r.LongestGap, r.Repeats, r.Troubles,
		f.Doubled, f.Lost, f.InTwo, f.Stuck, f.Strayed, f.Broken)
}
