package stack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Config says what a cluster is made of.
type Config struct {
	Dir     string   // for all files; must exist
	Site    string   // deploy/nginx/passerby.conf
	Command []string // runs a node when flags follow: {"bin/passerby", "serve"}
	Env     []string // of each node, besides our own
	Flags   []string // of each node
	Nodes   int      // how many; 0 means 3
	Listen  string   // address of NGINX; "" finds a free one
	MediaIP string   // where media and TURN listen; "" means 127.0.0.1
	Apart   bool     // WebSockets go to the nodes in turn, whatever else is asked for in between: partners are on different ones
	Redis   string   // URL of a Redis that runs already; "" starts one
}

// Cluster is nodes that share a Redis, with NGINX in front.
type Cluster struct {
	Addr  string // of NGINX
	Nodes []*Node
	Redis *Redis // nil when the Redis is another's

	front *Process
	logs  []*os.File
}

// StartCluster starts all and returns when it serves.
func StartCluster(cfg Config) (_ *Cluster, err error) {
	c := &Cluster{Addr: cfg.Listen}
	defer func() {
		if err != nil {
			c.Kill()
		}
	}()
	for _, name := range []string{"data", "redis", "nginx"} {
		if err := os.MkdirAll(filepath.Join(cfg.Dir, name), 0o700); err != nil {
			return nil, err
		}
	}
	if cfg.Redis == "" {
		log, err := c.log(cfg.Dir, "redis")
		if err != nil {
			return nil, err
		}
		if c.Redis, err = StartRedis(filepath.Join(cfg.Dir, "redis"), log, "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"); err != nil {
			return nil, err
		}
		cfg.Redis = c.Redis.URL()
	}
	if err := c.startNodes(cfg); err != nil {
		return nil, err
	}
	if c.Addr == "" {
		if c.Addr, err = FreeAddr("127.0.0.1"); err != nil {
			return nil, err
		}
	}
	log, err := c.log(cfg.Dir, "nginx")
	if err != nil {
		return nil, err
	}
	c.front, err = startNGINX(filepath.Join(cfg.Dir, "nginx"), cfg.Site, cfg.Apart, c.Addr, c.Nodes, log)
	return c, err
}

func (c *Cluster) startNodes(cfg Config) error {
	if cfg.Nodes == 0 {
		cfg.Nodes = 3
	}
	if cfg.MediaIP == "" {
		cfg.MediaIP = "127.0.0.1"
	}
	flags := append([]string{"--redis", cfg.Redis, "--data-dir", filepath.Join(cfg.Dir, "data"), "--turn-allow-peers", cfg.MediaIP + "/32",
		"--trusted-proxies", "127.0.0.1/32"}, cfg.Flags...)
	for i := range cfg.Nodes {
		name := fmt.Sprint("node-", i+1)
		log, err := c.log(cfg.Dir, name)
		if err != nil {
			return err
		}
		n, err := NewNode(name, cfg.MediaIP, log, cfg.Command, cfg.Env, flags...)
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, n)
		if err := n.Start(); err != nil {
			return err
		}
	}
	return nil
}

// log opens the file of a program's output.
func (c *Cluster) log(dir, name string) (io.Writer, error) {
	f, err := os.Create(filepath.Join(dir, name+".log")) //nolint:gosec // a directory of ours
	if err == nil {
		c.logs = append(c.logs, f)
	}
	return f, err
}

// URL is where browsers find the cluster.
func (c *Cluster) URL() string { return "http://" + c.Addr }

// Stop tells the nodes that run to stop, gives them this long, and ends the rest. The error says which did not end well.
func (c *Cluster) Stop(patience time.Duration) error {
	var faults []error
	var running []*Node
	for _, n := range c.Nodes {
		select {
		case <-n.Done():
		default:
			n.Signal("TERM")
			running = append(running, n)
		}
	}
	late := time.After(patience)
	for _, n := range running {
		select {
		case <-n.Done():
			if err := n.Err(); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", n.Name, err))
			}
		case <-late:
			faults = append(faults, fmt.Errorf("%s did not stop in %v", n.Name, patience))
		}
	}
	c.Kill()
	return errors.Join(faults...)
}

// Kill ends everything at once.
func (c *Cluster) Kill() {
	if c.front != nil {
		c.front.Kill()
	}
	for _, n := range c.Nodes {
		if n.Process != nil {
			n.Kill()
		}
	}
	if c.Redis != nil {
		c.Redis.Kill()
	}
	for _, f := range c.logs {
		_ = f.Close()
	}
	c.logs = nil
}
