package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"passerby/internal/config"
	"passerby/internal/doctor"
)

// doctorCommand examines the server at --url. Without it, it starts one of its own on free ports and examines that: can this machine run Passerby?
func doctorCommand(ctx context.Context, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	url := fs.String("url", "", "`address` of a running server, like http://localhost:8080; none: a server is started for the check")
	if err := parse(fs, args, stdout); err != nil {
		return err
	}
	if *url != "" {
		var err error
		if *url, err = doctor.Address(*url); err != nil {
			return usageError{fmt.Errorf("--url: %w", err)}
		}
	}
	return tell(stdout, func(report func(doctor.Check)) {
		if *url != "" {
			doctor.Run(ctx, *url, report)
		} else if err := examineOwn(ctx, report); err != nil {
			report(doctor.Check{Name: "a server of its own", Err: err, Fix: "fix what failed above"})
		}
	})
}

func examineOwn(ctx context.Context, report func(doctor.Check)) error {
	cfg, err := config.Load(nil, os.LookupEnv, io.Discard)
	if err != nil {
		return usageError{err}
	}
	report(doctor.Check{Name: "data directory", Err: writable(cfg.DataDir), Fix: "make " + cfg.DataDir + " writable, or name another with --data-dir"})
	if url, ok := running(ctx, cfg); ok {
		report(doctor.Check{Name: "ports", Err: fmt.Errorf("a Passerby server already runs here, at %s, and holds them", url), Fix: "examine that server with passerby doctor --url " + url + ", or stop it first"})
		return nil
	}
	for _, port := range ports(cfg) {
		report(doctor.Check{
			Name: fmt.Sprintf("--%s %s (%s)", port.setting, port.addr, strings.ToUpper(port.network)), Err: port.try(),
			Fix: "end the program that holds it, or choose another port with --" + port.setting + "; a running Passerby is examined with --url",
		})
	}
	if cfg.Redis != "" {
		report(doctor.Check{Name: "Redis", Err: reachRedis(ctx, cfg.Redis), Fix: "start Redis 7 or newer, or set --redis to its URL"})
	}
	if cfg.Bus != "" {
		report(doctor.Check{Name: "RabbitMQ", Err: reachBus(ctx, cfg.Bus), Fix: "start RabbitMQ, or set --bus to its URL"})
	}
	report(doctor.Check{Name: "database", Err: reachDatabase(ctx, cfg), Fix: databaseFix(cfg)})
	if cfg.Brand != "" {
		_, _, err := readBrand(cfg.Brand)
		report(doctor.Check{Name: "brand", Err: err, Fix: "mend what is named, and try again with passerby brand " + cfg.Brand})
		if err != nil {
			cfg.Brand = ""
		}
	}
	dir, err := os.MkdirTemp("", "passerby-doctor-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg.HTTP, cfg.UDP, cfg.TCP, cfg.TURNListen, cfg.Admin, cfg.DataDir = "127.0.0.1:0", ":0", ":0", ":0", "off", dir
	cfg.HTTPS, cfg.TLSCert, cfg.TLSKey, cfg.ACME, cfg.LogLevel, cfg.DrainTimeout = "off", "", "", config.ACME{HTTP: "off"}, "error", time.Second
	cfg.Redis, cfg.Bus, cfg.Database = "", "", "" // the made-up people of this check meet nobody real
	s, err := Start(cfg, io.Discard)
	if err != nil {
		return fmt.Errorf("a server does not start here: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	doctor.Run(ctx, s.URL(), report)
	stop()
	return <-ended
}

// running returns the address of a Passerby server that holds the http port of cfg on this machine.
func running(ctx context.Context, cfg config.Config) (string, bool) {
	addr, scheme := cfg.HTTP, "http"
	if cfg.HTTPS != "off" {
		addr = cfg.HTTPS
	}
	if cfg.TLSCert != "" || cfg.ACME.On() {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(addr)
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	url := scheme + "://" + net.JoinHostPort(host, port)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return url, doctor.Reach(ctx, url) == nil
}

// reachDatabase looks at the configured database and changes nothing in it.
func reachDatabase(ctx context.Context, cfg config.Config) error {
	if cfg.Postgres() {
		return checkTables(ctx, cfg.Database)
	}
	return writable(filepath.Dir(cfg.File()))
}

func databaseFix(cfg config.Config) string {
	if cfg.Postgres() {
		return "start PostgreSQL, or set --database to its URL, then run passerby migrate up; until then chats go on, and nothing is stored"
	}
	return "make the directory of " + cfg.File() + " writable, or name another file with --database"
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(dir, ".doctor")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return err
	}
	return os.Remove(name)
}
