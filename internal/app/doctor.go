package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"passerby/internal/config"
	"passerby/internal/doctor"
)

// doctorCommand examines the server at --url. Without it, it starts one of its own on free ports and examines that: can this machine run Passerby?
func doctorCommand(ctx context.Context, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	fs.SetOutput(stdout)
	url := fs.String("url", "", "`address` of a running server, like http://localhost:8080; none: a server is started for the check")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return config.ErrHelp
	} else if err != nil {
		return usageError{err}
	}
	err := tell(stdout, func(report func(doctor.Check)) {
		if *url != "" {
			doctor.Run(ctx, *url, report)
		} else if err := examineOwn(ctx, report); err != nil {
			report(doctor.Check{Name: "a server of its own", Err: err, Mend: "mend what failed above"})
		}
	})
	fmt.Fprintln(stdout, "--    database: not used by this version")
	return err
}

func examineOwn(ctx context.Context, report func(doctor.Check)) error {
	cfg, err := config.Load(nil, os.LookupEnv, io.Discard)
	if err != nil {
		return usageError{err}
	}
	report(doctor.Check{Name: "data directory", Err: writable(cfg.DataDir), Mend: "make " + cfg.DataDir + " writable, or set data-dir"})
	for _, port := range ports(cfg) {
		report(doctor.Check{Name: port.setting + " " + port.addr, Err: port.try(), Mend: "end the program that holds it (or examine the running server with --url), or set " + port.setting})
	}
	if cfg.Redis != "" {
		report(doctor.Check{Name: "Redis", Err: reachRedis(ctx, cfg.Redis), Mend: "start Redis 7 or newer, or set redis to its URL"})
	}
	dir, err := os.MkdirTemp("", "passerby-doctor-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg.HTTP, cfg.UDP, cfg.TCP, cfg.TURNListen, cfg.Admin, cfg.DataDir = "127.0.0.1:0", ":0", ":0", ":0", "off", dir
	cfg.TLSCert, cfg.TLSKey, cfg.LogLevel, cfg.DrainTimeout = "", "", "error", time.Second
	cfg.Redis = "" // the made-up people of this check meet nobody real
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
