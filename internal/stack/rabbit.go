package stack

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// rabbitServer is RabbitMQ's own start script; the one in the PATH becomes the package's user first.
const rabbitServer = "/usr/lib/rabbitmq/bin/rabbitmq-server"

// rabbitConf lets guests in from this machine, and does with little disk. The watermark is that of memory.
const rabbitConf = `listeners.tcp.1 = %s
disk_free_limit.absolute = 1MB
log.console.level = warning
`

// Rabbit is a RabbitMQ that may be killed and started again, with a name service (epmd) of its own.
type Rabbit struct {
	Addr string // host:port

	env  []string
	log  io.Writer
	epmd *Process
	proc *Process
}

// StartRabbit starts a RabbitMQ that keeps its files in dir.
func StartRabbit(dir string, log io.Writer) (*Rabbit, error) {
	var ports [3]string
	for i := range ports {
		addr, err := FreeAddr("127.0.0.1")
		if err != nil {
			return nil, err
		}
		_, ports[i], _ = net.SplitHostPort(addr)
	}
	addr := net.JoinHostPort("127.0.0.1", ports[0])
	files := map[string]string{"rabbitmq.conf": fmt.Sprintf(rabbitConf, addr), "plugins": "[].\n", "env": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	r := &Rabbit{Addr: addr, log: log, env: []string{
		"HOME=" + dir, "ERL_EPMD_PORT=" + ports[1], "ERL_EPMD_ADDRESS=127.0.0.1", "RABBITMQ_DIST_PORT=" + ports[2],
		"RABBITMQ_NODENAME=passerby-" + ports[0] + "@localhost", "RABBITMQ_MNESIA_BASE=" + in("mnesia"), "RABBITMQ_LOG_BASE=" + dir, "RABBITMQ_LOGS=-",
		"RABBITMQ_CONFIG_FILE=" + in("rabbitmq.conf"), "RABBITMQ_ENABLED_PLUGINS_FILE=" + in("plugins"), "RABBITMQ_CONF_ENV_FILE=" + in("env"),
		"RABBITMQ_PID_FILE=" + in("pid"), "RUNNING_UNDER_SYSTEMD=1", // no script stays between us and it
	}}
	var err error
	if r.epmd, err = Start(Program{Args: []string{"epmd", "-port", ports[1], "-address", "127.0.0.1"}, Log: log, Listens: "127.0.0.1:" + ports[1]}); err != nil {
		return nil, err
	}
	if err := r.Start(); err != nil {
		r.epmd.Kill()
		return nil, err
	}
	return r, nil
}

// URL is where clients find it.
func (r *Rabbit) URL() string { return "amqp://guest:guest@" + r.Addr }

// Start starts it again after Kill, with its directory as it was left.
func (r *Rabbit) Start() (err error) {
	r.proc, err = Start(Program{Args: []string{rabbitServer}, Env: r.env, Log: r.log, Ready: func(line string) bool { return strings.Contains(line, "completed with") }})
	return err
}

// Kill ends it as kill -9 does, the name service not.
func (r *Rabbit) Kill() { r.proc.Kill() }

// End ends all.
func (r *Rabbit) End() {
	r.proc.Kill()
	r.epmd.Kill()
}
