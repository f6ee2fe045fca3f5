//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// system is a program that serves over its standard input and output.
type system struct {
	name    string
	program string
	as      string // its -serve
}

func systems(before string) []system {
	self, _ := os.Executable()
	all := []system{{"passerby", self, "passerby"}}
	if before != "" {
		all = append(all, system{"before", before, "passerby"})
	}
	return append(all, system{"pion", self, "pion"}, system{"bare", self, "bare"})
}

// running is a started server.
type running struct {
	name string
	pid  int
	in   *json.Encoder
	out  *json.Decoder
}

// with starts the server on the first core, lets f load it, and ends it.
func (s system) with(f func(*running) (map[string]float64, error)) (map[string]float64, error) {
	cmd := exec.Command("taskset", "-c", "0", s.program, "-serve", s.as) //nolint:gosec // from the command line
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	return f(&running{name: s.name, pid: cmd.Process.Pid, in: json.NewEncoder(in), out: json.NewDecoder(bufio.NewReader(out))})
}

func (r *running) ask(a ask) (answer, error) {
	var b answer
	err := r.in.Encode(a)
	if err == nil {
		err = r.out.Decode(&b)
	}
	if err == nil && b.Error != "" {
		err = errors.New(b.Error)
	}
	return b, err
}

// cpu is the time that the server's threads have run.
func (r *running) cpu() (sum time.Duration, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", r.pid))
	if err != nil || len(tasks) == 0 {
		return 0, errors.Join(err, errors.New("the server has ended"))
	}
	for _, name := range tasks {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // a thread that ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// window is when a measurement may end: the server has worked enough, or there was no time for it.
type window struct {
	r      *running
	before time.Duration
	began  time.Time
	atMost time.Duration
}

const enoughWork = 400 * time.Millisecond

func (r *running) window(d time.Duration) (window, error) {
	before, err := r.cpu()
	return window{r, before, time.Now(), 5 * d}, err
}

// used tells the server's time since the window began, and whether that will do.
func (w window) used() (time.Duration, bool, error) {
	now, err := w.r.cpu()
	return now - w.before, now-w.before >= enoughWork || time.Since(w.began) > w.atMost, err
}
