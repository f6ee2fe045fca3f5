package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	queuememory "passerby/match/memory"
)

// keepEvery is how often what the queue in memory has learnt is written down.
const keepEvery = 5 * time.Minute

// learner is a queue in memory that goes on, after a restart, with what it had learnt. With Redis that lives there.
type learner struct {
	*queuememory.Queue
	file string
	log  *slog.Logger
}

// Run reads what was learnt, runs the queue, and writes it from time to time and at the end.
func (l learner) Run(ctx context.Context) error {
	l.recall()
	ended := make(chan error, 1)
	go func() { ended <- l.Queue.Run(ctx) }()
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			l.keep()
			return err
		case <-tick.C:
			l.keep()
		}
	}
}

func (l learner) recall() {
	b, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = l.SetTaste(b)
	}
	if err != nil {
		l.log.Warn("what the queue has learnt cannot be read: it begins anew", "file", l.file, "err", err)
	}
}

// keep writes beside and renames, so that a file is whole or not there.
func (l learner) keep() {
	beside := l.file + ".new"
	err := os.WriteFile(beside, l.Taste(), 0o600)
	if err == nil {
		err = os.Rename(beside, l.file)
	}
	if err != nil {
		l.log.Warn("what the queue has learnt cannot be written", "file", l.file, "err", err)
	}
}
