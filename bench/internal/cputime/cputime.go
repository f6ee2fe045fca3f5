// Package cputime reads how long a server has worked, as Linux counts it.
package cputime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Of is the time that the threads of a process have run.
func Of(pid int) (sum time.Duration, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
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

// Window is when a measurement may end: the server has worked enough, or there was no time for it.
type Window struct {
	Began time.Time

	pid    int
	before time.Duration
	atMost time.Duration
}

const enoughWork = 400 * time.Millisecond

// Begin begins a window that should last d, and five times that at most.
func Begin(pid int, d time.Duration) (Window, error) {
	before, err := Of(pid)
	return Window{time.Now(), pid, before, 5 * d}, err
}

// Used tells the server's time since the window began, and whether that will do.
func (w Window) Used() (time.Duration, bool, error) {
	now, err := Of(w.pid)
	return now - w.before, now-w.before >= enoughWork || time.Since(w.Began) > w.atMost, err
}
