// Command sight shows the dashboard with real data, without Grafana: two nodes of one region behind NGINX, one of another, and a
// real Prometheus that scrapes them. People of bench/load write and talk, strangers call each other with picture, and two real
// pages in a browser do so through NGINX; in the middle a node is restarted. Then every query of every panel is asked, and all is
// drawn into one page, which Chromium photographs.
//
//	go run ./bench/sight [-for 90s] [-pairs 2] [-people 40] [-pages 2] [-out dashboard.html] [-picture dashboard.png]
//
// It ends with 1 when a panel that must have data has none, or a query fails.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"passerby/client/e2ee"
	"passerby/internal/stack"
	"passerby/internal/testenv"
)

func main() {
	bin := flag.String("bin", "bin/passerby", "the program")
	var o options
	flag.DurationVar(&o.long, "for", 90*time.Second, "how long people call")
	flag.IntVar(&o.pairs, "pairs", 2, "how many calls of strangers at a time")
	flag.IntVar(&o.people, "people", 40, "people of bench/load, a quarter of them with sound; as many as these sit on the node that is restarted, and move")
	flag.IntVar(&o.pages, "pages", 2, "people at pages in a real browser: an even number, or 0")
	flag.StringVar(&o.out, "out", "dashboard.html", "the page")
	flag.StringVar(&o.picture, "picture", "", "its picture; empty: none")
	flag.Parse()
	if err := run(*bin, o); err != nil {
		fmt.Fprintln(os.Stderr, "sight:", err)
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	long                 time.Duration
	pairs, people, pages int
	out, picture         string
}

func run(bin string, o options) error {
	dir, err := os.MkdirTemp("", "passerby-sight-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer hook.Close()
	c, err := startNodes(bin, dir, hook.URL)
	if err != nil {
		return err
	}
	defer c.Kill()
	prometheus, err := startPrometheus(dir, c.Nodes)
	if err != nil {
		return err
	}
	defer prometheus.Kill()
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), o.long)
	defer cancel()
	var all sync.WaitGroup
	stay := []*stack.Node{c.Nodes[0], c.Nodes[2]}
	for range o.pairs {
		all.Go(func() { call(ctx, stay) })
	}
	var loaded, restarted error
	all.Go(func() { loaded = load(o, dir, stay) })
	all.Go(func() { restarted = restart(ctx, o.long/2, c.Nodes[1]) })
	for range o.people / 4 {
		all.Go(func() { wander(ctx, c.Nodes[1], c.Nodes[0]) })
	}
	if o.pages > 0 {
		all.Go(func() { pages(ctx, c.URL(), o.pages) })
	}
	all.Wait()
	time.Sleep(3 * time.Second) // the last scrapes
	return errors.Join(loaded, restarted, paint(prometheus.addr, began, o))
}

// startNodes starts two nodes of one region behind NGINX, and one of another.
func startNodes(bin, dir, hook string) (*stack.Cluster, error) {
	flags := []string{
		"--programs", "allow", "--proof", "off", "--moderate", "off", "--report-media-seconds", "10", "--region", "east", "--region-overflow-after", "1s", "--trusted-proxies", "127.0.0.0/8",
		"--webhook-url", hook, "--webhook-secret", "whsec_" + strings.Repeat("c2Vj", 8), "--webhook-private", "--webhook-events", "match,report,ban,appeal",
	}
	c, err := stack.StartCluster(stack.Config{Dir: dir, Site: "deploy/nginx/passerby.conf", Command: []string{bin, "serve"}, Nodes: 2, Flags: flags, Apart: true})
	if err != nil {
		return nil, err
	}
	flags = append(flags, "--region", "west", "--redis", c.Redis.URL(), "--data-dir", filepath.Join(dir, "data"), "--turn-allow-peers", "127.0.0.1/32")
	n, err := stack.NewNode("node-3", "127.0.0.1", nil, []string{bin, "serve"}, nil, flags...)
	if err == nil {
		err = n.Start()
		c.Nodes = append(c.Nodes, n)
	}
	if err != nil {
		c.Kill()
	}
	return c, err
}

// load lets people of bench/load write and talk.
func load(o options, dir string, nodes []*stack.Node) error {
	bin := filepath.Join(dir, "load")
	if out, err := exec.Command("go", "build", "-o", bin, "./bench/load").CombinedOutput(); err != nil { //nolint:gosec // our own
		return fmt.Errorf("build bench/load: %w\n%s", err, out)
	}
	urls := make([]string, len(nodes))
	for i, n := range nodes {
		urls[i] = "http://" + n.Addr
	}
	cmd := exec.Command(bin, "-url", strings.Join(urls, ","), "-people", strconv.Itoa(o.people), "-media", strconv.Itoa(o.people/4), //nolint:gosec // our own
		"-talk", "5s", "-curve", "ramp", "-for", o.long.String(), "-out", filepath.Join(dir, "report"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bench/load: %w\n%s", err, out)
	}
	return nil
}

// restart stops a node in the middle of all, and starts it again.
func restart(ctx context.Context, after time.Duration, n *stack.Node) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(after):
	}
	n.Signal("TERM")
	<-n.Done()
	return n.Start()
}

// pages are people at real pages, who meet each other until ctx is over.
func pages(ctx context.Context, url string, n int) {
	cmd := exec.Command("node", "web/test/chaos.mjs", url, strconv.Itoa(n), "1000") //nolint:gosec // ours
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		<-ctx.Done()
		_ = in.Close() // ends the browser
		err = cmd.Wait()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
	}
}

type server struct {
	*stack.Process
	addr string
}

func startPrometheus(dir string, nodes []*stack.Node) (*server, error) {
	addr, err := stack.FreeAddr("127.0.0.1")
	if err != nil {
		return nil, err
	}
	rules, err := filepath.Abs("deploy/prometheus/passerby.rules.yml")
	if err != nil {
		return nil, err
	}
	targets := make([]string, len(nodes))
	for i, n := range nodes {
		targets[i] = fmt.Sprintf("{targets: [%q], labels: {instance: %q}}", n.Admin, n.Name)
	}
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs: [{job_name: passerby, static_configs: [%s]}]\n", rules, strings.Join(targets, ", "))
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "prometheus.log"))
	if err != nil {
		return nil, err
	}
	p, err := stack.Start(stack.Program{
		Args: []string{"prometheus", "--config.file", file, "--web.listen-address", addr, "--storage.tsdb.path", filepath.Join(dir, "tsdb"), "--enable-feature=exemplar-storage"},
		Log:  log, Listens: addr,
	})
	return &server{p, addr}, err
}

// call lets two strangers meet, again and again, each time on other nodes.
func call(ctx context.Context, nodes []*stack.Node) {
	for i := 0; ctx.Err() == nil; i++ {
		if err := once(ctx, nodes[0], nodes[i%len(nodes)]); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "call:", err)
		}
	}
}

func once(ctx context.Context, at, other *stack.Node) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var people [2]*testenv.Stranger
	for i, n := range []*stack.Node{at, other} {
		s, err := testenv.Arrive(ctx, "http://"+n.Addr)
		if err != nil {
			return err
		}
		defer s.Close()
		people[i] = s
	}
	var all sync.WaitGroup
	faults := make([]error, len(people))
	for i, s := range people {
		all.Go(func() { faults[i] = talk(ctx, s) })
	}
	all.Wait()
	return errors.Join(faults...)
}

// talk films for five seconds, and says when the first picture came.
func talk(ctx context.Context, s *testenv.Stranger) error {
	asked := time.Now()
	m, keys, err := s.Meet()
	if err != nil {
		return err
	}
	met := time.Now()
	if err := s.Keyed(m.Match); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	shown := false
	for n := uint64(1); time.Since(met) < 5*time.Second; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			head := []byte{0x10, 2, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0} // RFC 6386 §9.1: a key frame
			frames := []testenv.Frame{
				{Kind: "video", Data: keys.Send.Video.Seal(append(head, make([]byte, 1000)...), len(head), keys.ID, n)},
				{Kind: "audio", Data: keys.Send.Audio.Seal(append([]byte{0x78}, make([]byte, 80)...), e2ee.ClearOpus, keys.ID, n)},
			}
			n++
			for _, f := range frames {
				if err := s.Film(f); err != nil {
					return err
				}
			}
		case f := <-s.Frames:
			if f.Kind == "video" && !shown {
				shown = true
				now := time.Now()
				if err := s.Shown(m.Match, int(max(1, now.Sub(met).Milliseconds())), int(max(1, now.Sub(asked).Milliseconds()))); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// line is one series: Prometheus's answer to a query.
type line struct {
	Metric map[string]string
	Values [][2]any
}

func ask(addr, query string, from, to time.Time) ([]line, error) {
	v := url.Values{"query": {query}, "start": {strconv.FormatInt(from.Unix(), 10)}, "end": {strconv.FormatInt(to.Unix(), 10)}, "step": {"1"}}
	answer, err := http.Get("http://" + addr + "/api/v1/query_range?" + v.Encode()) //nolint:noctx // ends with the program
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Status, Error string
		Data          struct{ Result []line }
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return nil, err
	}
	if body.Status != "success" {
		return nil, fmt.Errorf("%s: %s", query, body.Error)
	}
	return body.Data.Result, nil
}

func (l line) points() (at, values []float64) {
	for _, v := range l.Values {
		x, _ := v[0].(float64)
		text, _ := v[1].(string)
		if y, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(y) && !math.IsInf(y, 0) {
			at, values = append(at, x), append(values, y)
		}
	}
	return at, values
}
