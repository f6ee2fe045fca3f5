package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"passerby/internal/config"
)

// healthCommand asks the server of this machine or container whether it is well: containers have no other program to ask with.
func healthCommand(ctx context.Context, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("health", flag.ContinueOnError)
	admin := config.Defaults().Admin
	if v := os.Getenv(config.EnvName("admin")); v != "" {
		admin = v
	}
	fs.StringVar(&admin, "admin", admin, "`address` of the operator's port")
	ready := fs.Bool("ready", false, "`true`: ask whether it takes new people, too")
	if err := config.Parse(fs, args, "health"); err != nil {
		return usageError{err}
	}
	host, port, err := net.SplitHostPort(admin)
	if err != nil {
		return usageError{fmt.Errorf("--admin: %q is no address: write it like 127.0.0.1:9090", admin)}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	path := "/healthz"
	if *ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("no answer on the operator's port: %w: is it running, and is --admin right?", err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not well: %s", strings.TrimSpace(string(said)))
	}
	_, err = stdout.Write(said)
	return err
}
