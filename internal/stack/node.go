package stack

import (
	"io"
	"strings"
)

// Node is one `passerby serve`, which may be killed and started again under the same addresses.
type Node struct {
	Name  string
	Addr  string // of HTTP
	Admin string

	args, env []string
	log       io.Writer
	*Process
}

// NewNode chooses the addresses of a node: HTTP and admin on the loopback, media and TURN on ip. command runs
// a node when flags follow: {"bin/passerby", "serve"}.
func NewNode(name, ip string, log io.Writer, command, env []string, flags ...string) (*Node, error) {
	var addrs [4]string
	for i, at := range []string{"127.0.0.1", "127.0.0.1", ip, ip} {
		var err error
		if addrs[i], err = FreeAddr(at); err != nil {
			return nil, err
		}
	}
	n := &Node{Name: name, Addr: addrs[0], Admin: addrs[1], env: env, log: log}
	n.args = append(append([]string{}, command...), "--node-id", name, "--http", addrs[0], "--admin", addrs[1],
		"--udp", addrs[2], "--tcp", addrs[2], "--public-ip", ip, "--turn-listen", addrs[3])
	n.args = append(n.args, flags...)
	return n, nil
}

// Start starts it, again after Kill.
func (n *Node) Start() (err error) {
	n.Process, err = Start(Program{Args: n.args, Env: n.env, Log: n.log, Ready: func(line string) bool { return strings.Contains(line, "http://") }})
	return err
}
