package stack

import (
	"io"
	"net"
	"strings"
)

// Redis is a redis-server that may be killed and started again.
type Redis struct {
	Addr string // host:port

	args []string
	log  io.Writer
	proc *Process
}

// StartRedis starts a redis-server that keeps its files in dir, with these arguments.
func StartRedis(dir string, log io.Writer, args ...string) (*Redis, error) {
	addr, err := FreeAddr("127.0.0.1")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	r := &Redis{Addr: addr, log: log, args: append([]string{"redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--daemonize", "no"}, args...)}
	return r, r.Start()
}

// URL is where clients find it.
func (r *Redis) URL() string { return "redis://" + r.Addr }

// Start starts it again after Kill, with its directory as it was left.
func (r *Redis) Start() (err error) {
	r.proc, err = Start(Program{Args: r.args, Log: r.log, Ready: func(line string) bool { return strings.Contains(line, "Ready to accept connections") }})
	return err
}

// Kill ends it as kill -9 does. Killing twice changes nothing.
func (r *Redis) Kill() {
	if r.proc != nil {
		r.proc.Kill()
	}
}
