package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// pages are people at the real page in a real browser: web/test/chaos.mjs, which tells what each does and sees.
type pages struct {
	people []*person
	cmd    *exec.Cmd
	in     io.WriteCloser
	opened chan struct{}
	done   chan struct{}
	err    error // how it ended; set before done closes
}

// tale is a line of what web/test/chaos.mjs tells.
type tale struct {
	Who, What, Match string
	Partner          string // met
	From, Of         string // saw: who wrote the text, in which match
	N                uint64 // wrote, acked, saw; gap: milliseconds
	Chose            bool   // over
	Unfinished       bool
	Code             string // trouble
	Where            string // stands
}

// startPages opens pages at a URL, whose talks go into the book, and returns when all look for somebody.
func startPages(ctx context.Context, s settings, url string, book *ledger) (*pages, error) {
	p := &pages{opened: make(chan struct{}), done: make(chan struct{})}
	p.cmd = exec.Command("node", filepath.Join(s.repo, "web/test/chaos.mjs"), url, fmt.Sprint(s.browsers), fmt.Sprint(s.pace.Milliseconds())) //nolint:gosec // ours
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	for i := range s.browsers {
		p.people = append(p.people, &person{
			name: fmt.Sprint("page-", i+1), book: book, state: "opening", where: func() string { return "opened just now" }, troubles: map[string]int{},
		})
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("pages: %w: run scripts/test-deps.sh", err)
	}
	go func() {
		defer close(p.done)
		p.err = p.hear(out)
	}()
	select {
	case <-p.opened:
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("pages: %w", p.err)
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), p.close())
	}
}

// hear reads to the end, which is that of the browser.
func (p *pages) hear(out io.Reader) (fault error) {
	byName := map[string]*person{}
	for _, c := range p.people {
		byName[c.name] = c
	}
	opening := len(p.people)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var t tale
		err := json.Unmarshal(lines.Bytes(), &t)
		who := byName[t.Who]
		if err != nil || who == nil {
			fault = errors.Join(fault, fmt.Errorf("a page told %q", lines.Text()), err)
			continue
		}
		who.hear(t)
		if t.What == "opened" {
			if opening--; opening == 0 {
				close(p.opened)
			}
		}
	}
	return errors.Join(fault, p.cmd.Wait())
}

// hear takes in what a page tells.
func (p *person) hear(t tale) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch t.What {
	case "opened":
		p.state = "here"
	case "met":
		p.book.met(p.name, t.Match, t.Partner)
	case "wrote":
		p.book.wrote(p.name, t.Match, t.N)
		return
	case "acked":
		p.book.acked(p.name, t.Match, t.N)
	case "saw":
		p.book.saw(p.name, t.Match, text{t.From, t.Of, t.N})
	case "over":
		p.book.over(p.name, t.Match, t.Chose, t.Unfinished)
	case "finished":
		p.talks++
	case "done":
		p.state = "done"
	case "resumed":
		p.resumed++
		return
	case "fresh":
		p.fresh++
		return
	case "trouble":
		p.troubles["in a page: "+t.Code]++
		return
	case "moved":
		p.moves++
		return
	case "gap":
		p.gap = max(p.gap, time.Duration(t.N)*time.Millisecond)
		return
	case "stands":
		p.where = func() string { return t.Where }
		return
	}
	p.on()
}

// settle lets each page leave after its talk.
func (p *pages) settle() { _, _ = io.WriteString(p.in, "calm\n") } // else they have ended, which close tells

// close ends the browser, and answers how it ended if that was by itself.
func (p *pages) close() error {
	select {
	case <-p.done:
		return errors.Join(errors.New("the pages ended early"), p.err)
	default:
	}
	_ = p.in.Close()
	<-p.done
	return p.err
}
