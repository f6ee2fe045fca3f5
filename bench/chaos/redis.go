package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// audits looks at the keys of the queue as a whole, again and again.
func (r *run) audits(ctx context.Context, all *sync.WaitGroup) error {
	source, err := os.ReadFile(filepath.Join(r.repo, "match/redis/testdata/audit.lua"))
	if err != nil {
		return err
	}
	all.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				const root = "{passerby}:"
				wrong, err := r.redis.Eval(ctx, string(source), []string{root}, root).StringSlice()
				if err != nil && ctx.Err() == nil {
					wrong = []string{err.Error()}
				}
				r.book.audited(wrong)
			}
		}
	})
	return nil
}

// audits is what INFO says of EVAL, which nothing but our audits is sent as.
const audits = "cmdstat_eval"

// cost is what Redis has spent so far, and holds.
type cost struct {
	CPU    float64 // seconds of its main thread, without our audits
	Memory float64 // bytes that it holds
}

// costOf asks Redis.
func costOf(ctx context.Context, client *redis.Client) (c cost, err error) {
	text, err := client.Info(ctx, "cpu", "memory", "commandstats").Result()
	if err != nil {
		return c, fmt.Errorf("what it cost: %w", err)
	}
	figures := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		figures[name] = value
	}
	figure := func(name string) float64 {
		value, known := figures[name]
		if !known && name == audits {
			return 0 // none yet
		}
		if _, usec, ok := strings.Cut(value, "usec="); ok { // calls=1,usec=2,…
			value, _, _ = strings.Cut(usec, ",")
		}
		f, bad := strconv.ParseFloat(value, 64)
		if bad != nil {
			err = fmt.Errorf("what it cost: %s is %q", name, value)
		}
		return f
	}
	c.CPU = figure("used_cpu_user_main_thread") + figure("used_cpu_sys_main_thread") - figure(audits)/1e6
	c.Memory = figure("used_memory")
	return c, err
}
