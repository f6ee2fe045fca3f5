package stack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long a program may take until it serves.
const patience = 2 * time.Minute

// lastLines is how much of a program's output an error shows.
const lastLines = 20

// guard runs a program in the background. Lines of its input are names of signals to pass on, or "wait" to end as the
// program has ended. When the input closes, which it does when we die too, it kills the program, and what that has started.
const guard = `"$@" </dev/null 2>&1 & pid=$!; exec >&- 2>&-
while read -r word; do [ "$word" != wait ] || { wait $pid; exit $?; }; kill -"$word" $pid; done
kill -9 0`

// Program says what to run, and when it serves: Ready is shown each line of output, Listens is an address; both may be empty.
type Program struct {
	Args    []string
	Env     []string // besides our own
	Log     io.Writer
	Ready   func(line string) bool
	Listens string
}

// Process is a running program.
type Process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; set before done closes

	mu   sync.Mutex // guards life
	life io.WriteCloser
}

// Start runs a program and returns when it serves.
func Start(p Program) (*Process, error) {
	if _, err := exec.LookPath(p.Args[0]); err != nil {
		return nil, fmt.Errorf("%w: run scripts/test-deps.sh", err)
	}
	s := &Process{name: p.Args[0], done: make(chan struct{}), cmd: exec.Command("sh", append([]string{"-c", guard, "sh"}, p.Args...)...)} //nolint:gosec // our callers' programs
	s.cmd.Env = append(os.Environ(), p.Env...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.life, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	said, ready := &tail{}, make(chan struct{})
	go s.follow(p, out, said, ready)
	if err := s.await(p, ready); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%s does not start: %w\n%s", s.name, err, said)
	}
	return s, nil
}

// follow reads the output to its end, which is the program's.
func (s *Process) follow(p Program, out io.Reader, said *tail, ready chan struct{}) {
	defer close(s.done)
	waiting := p.Ready != nil
	if !waiting {
		close(ready)
	}
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if p.Log != nil {
			_, _ = io.WriteString(p.Log, line)
		}
		said.add(line)
		if waiting && p.Ready(line) {
			waiting = false
			close(ready)
		}
		if err != nil {
			break
		}
	}
	s.end("wait\n")
	s.err = s.cmd.Wait()
}

func (s *Process) await(p Program, ready <-chan struct{}) error {
	late := time.After(patience)
	select {
	case <-ready:
	case <-s.done:
		return fmt.Errorf("it ended at once (%w)", s.err)
	case <-late:
		return fmt.Errorf("not ready in %v", patience)
	}
	for look := time.NewTicker(20 * time.Millisecond); p.Listens != ""; {
		conn, err := net.Dial("tcp", p.Listens)
		if err == nil {
			look.Stop()
			return conn.Close()
		}
		select {
		case <-look.C:
		case <-s.done:
			return fmt.Errorf("it ended at once (%w)", errors.Join(s.err, err))
		case <-late:
			return fmt.Errorf("not there in %v: %w", patience, err)
		}
	}
	return nil
}

// Signal sends a signal by its name: "TERM". A program that has ended does not mind.
func (s *Process) Signal(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life != nil {
		_, _ = io.WriteString(s.life, name+"\n")
	}
}

// Done closes when the program has ended.
func (s *Process) Done() <-chan struct{} { return s.done }

// Err waits for the end and says how it was: nil after exit status 0.
func (s *Process) Err() error {
	<-s.done
	return s.err
}

// Kill ends the program, as kill -9 does, and all that it has started. Killing twice changes nothing.
func (s *Process) Kill() {
	s.end("")
	<-s.done
}

func (s *Process) end(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life == nil {
		return
	}
	_, _ = io.WriteString(s.life, word)
	_ = s.life.Close()
	s.life = nil
}

// tail keeps the last lines of an output. Safe for concurrent use.
type tail struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines = append(t.lines, line); len(t.lines) > lastLines {
		t.lines = t.lines[1:]
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "")
}
