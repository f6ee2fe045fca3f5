package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const sampleEvery = time.Second

// counts grow during a run.
type counts struct {
	Refused, Matches, Texts, Errors int
	Sent, Heard, Lost               int // packets of sound …
	PicturesSent, Pictures          int // … and of pictures: sent, and come
}

func (c counts) minus(d counts) counts {
	return counts{
		c.Refused - d.Refused, c.Matches - d.Matches, c.Texts - d.Texts, c.Errors - d.Errors,
		c.Sent - d.Sent, c.Heard - d.Heard, c.Lost - d.Lost, c.PicturesSent - d.PicturesSent, c.Pictures - d.Pictures,
	}
}

// delays are those of one second.
type delays struct {
	mu sync.Mutex // guards all
	of []time.Duration
}

func (d *delays) add(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of = append(d.of, t)
}

// take answers the p50 and p99 in milliseconds of what came since the last time; 0 for nothing.
func (d *delays) take() (p50, p99 float64, n int) {
	d.mu.Lock()
	all := d.of
	d.of = nil
	d.mu.Unlock()
	if len(all) == 0 {
		return 0, 0, 0
	}
	slices.Sort(all)
	ms := func(t time.Duration) float64 { return float64(t.Microseconds()) / 1000 }
	return ms(all[len(all)/2]), ms(all[len(all)*99/100]), len(all)
}

// sample is a second of a run.
type sample struct {
	At                               float64 // seconds
	Target, Online, Matched          int
	counts                                   // in this second
	WaitP50, WaitP99                 float64 // ms
	TextP50, TextP99                 float64
	SoundP50, SoundP99               float64
	Busy                             float64 // load average of this machine: all that run or want to
	CPU, RSS, Heap, Goroutines, Full float64 // of all nodes: cores, MiB, MiB, number, nodes
}

type run struct {
	o               options
	online, matched atomic.Int64
	connected       atomic.Int64 // peer connections made
	wait            delays
	text            delays
	sound           delays

	mu     sync.Mutex // guards what follows
	total  counts
	errors map[string]int

	samples []sample
}

func newRun(o options) *run { return &run{o: o, errors: make(map[string]int)} }

func (r *run) count(add func(*counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add(&r.total)
}

// fail notes an error, the same ones together.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total.Errors++
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i > 0 && strings.Contains(text, "127.0.0.1") {
		text = text[i+2:] // ports differ
	}
	if len(r.errors) < 100 || r.errors[text] > 0 {
		r.errors[text]++
	}
}

// play brings people online and takes them off as the curve says, and looks once a second.
func (r *run) play(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.o.length)
	defer cancel()
	var people sync.WaitGroup
	defer people.Wait()
	var leave []context.CancelFunc
	begin := time.Now()
	step, look := time.NewTicker(50*time.Millisecond), time.NewTicker(sampleEvery)
	defer step.Stop()
	defer look.Stop()
	target, id, media, pictures := 0, 0, 0.0, 0.0
	before, used := counts{}, r.scrape()
	for {
		select {
		case <-ctx.Done():
			for _, l := range leave {
				l()
			}
			return
		case now := <-step.C:
			target = int(float64(r.o.people) * curves[r.o.curve](float64(now.Sub(begin))/float64(r.o.length)))
			for ; len(leave) > target; leave = leave[1:] { // who came first goes first
				leave[0]()
			}
			for n := 0; len(leave) < target && n < max(5, r.o.people/100); n++ {
				id++
				media += r.o.media
				p := &person{run: r, id: id, media: media >= 1}
				if p.media {
					media--
					pictures += r.o.pictures
					p.picture = pictures >= 1
				}
				if p.picture {
					pictures--
				}
				own, stop := context.WithCancel(ctx)
				leave = append(leave, stop)
				people.Go(func() { p.live(own) })
			}
		case now := <-look.C:
			s := sample{At: now.Sub(begin).Seconds(), Target: target, Online: int(r.online.Load()), Matched: int(r.matched.Load())}
			s.WaitP50, s.WaitP99, _ = r.wait.take()
			s.TextP50, s.TextP99, _ = r.text.take()
			s.SoundP50, s.SoundP99, _ = r.sound.take()
			r.mu.Lock()
			t := r.total
			r.mu.Unlock()
			s.counts, before = t.minus(before), t
			s.Busy = loadAverage()
			u := r.scrape()
			if passed := u.at.Sub(used.at).Seconds(); passed > 0 {
				s.CPU = (u.cpu - used.cpu) / passed
			}
			used = u
			s.RSS, s.Heap, s.Goroutines, s.Full = u.rss/(1<<20), u.heap/(1<<20), u.goroutines, u.full
			r.samples = append(r.samples, s)
			if len(r.samples)%10 == 0 {
				log.Printf("%4.0f s: %d of %d online, %d in talks, %d matches/s, text p99 %.1f ms, sound p99 %.1f ms, server %.2f cores, %.0f MiB, %.0f goroutines, %d refused, %d errors",
					s.At, s.Online, target, s.Matched, s.Matches, s.TextP99, s.SoundP99, s.CPU, s.RSS, s.Goroutines, t.Refused, t.Errors)
			}
		}
	}
}

// usage is what all nodes say of themselves.
type usage struct {
	at                         time.Time
	cpu, rss, heap, goroutines float64
	live                       float64 // objects and stacks
	goal                       float64 // of the heap before it is collected, and stacks
	full                       float64
}

func (r *run) scrape() usage {
	u := usage{at: time.Now()}
	for _, admin := range r.o.admins {
		answer, err := http.Get(admin + "/metrics")
		if err != nil {
			r.fail(fmt.Errorf("metrics: %w", err))
			continue
		}
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() {
			name, text, _ := strings.Cut(lines.Text(), " ")
			v, _ := strconv.ParseFloat(text, 64)
			switch name {
			case "process_cpu_seconds_total":
				u.cpu += v
			case "process_resident_memory_bytes":
				u.rss += v
			case "go_memstats_heap_inuse_bytes":
				u.heap += v
			case "go_memstats_heap_alloc_bytes":
				u.live += v
			case "go_memstats_next_gc_bytes":
				u.goal += v
			case "go_memstats_stack_inuse_bytes":
				u.live += v
				u.goal += v
			case "go_goroutines":
				u.goroutines += v
			case "passerby_overload_full":
				u.full += v
			}
		}
		_ = answer.Body.Close()
	}
	return u
}

// loadAverage is the machine's, of the last minute; 0 where it has none.
func loadAverage() (v float64) {
	b, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(b), &v)
	return v
}
