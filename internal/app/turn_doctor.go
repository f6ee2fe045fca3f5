package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"passerby/internal/config"
	"passerby/internal/doctor"
	"passerby/turn"
)

// turnDoctor tests a TURN server as two clients of it. Without --server it starts one here: can this machine run it?
func turnDoctor(ctx context.Context, args []string, stdout io.Writer) (err error) {
	fs := flag.NewFlagSet("turn doctor", flag.ContinueOnError)
	t := doctor.TURN{}
	fs.StringVar(&t.Server, "server", "", "`host:port` of a running server; none: one is started for the check")
	fs.StringVar(&t.TLSServer, "tls-server", "", "`host:port` of its TLS port")
	fs.BoolVar(&t.AnyCertificate, "any-certificate", false, "`true` takes a certificate that nobody vouches for")
	secret := fs.String("secret", envSecret(), "the `secret` that the server has; also "+config.TURNEnvName("secret"))
	fs.StringVar(&t.Username, "user", "", "`name` of a static user, instead of a secret")
	fs.StringVar(&t.Password, "password", "", "`password` of that user")
	if err := parse(fs, args, stdout); err != nil {
		return err
	}
	if t.Server == "" {
		cfg := config.DefaultTURN()
		cfg.Listen, cfg.Admin, cfg.LogLevel, cfg.DrainTimeout = "127.0.0.1:0", "off", "error", 0
		s, err := StartTURN(cfg, io.Discard)
		if err != nil {
			return fmt.Errorf("a server does not start here: %w", err)
		}
		ctx, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		defer func() { stop(); err = errors.Join(err, <-ended) }()
		t.Server, *secret = s.server.UDPAddr().String(), s.secret
	}
	if t.Username == "" {
		if *secret == "" {
			return usageError{errors.New("give --secret, or --user and --password")}
		}
		t.Username, t.Password = turn.Credentials(*secret, "doctor", 10*time.Minute, time.Now())
	}
	return tell(stdout, func(report func(doctor.Check)) { t.Run(ctx, report) })
}

// tell prints checks as they come; the error counts those that failed.
func tell(stdout io.Writer, run func(report func(doctor.Check))) error {
	failed := 0
	run(func(c doctor.Check) {
		if c.Err == nil {
			fmt.Fprintf(stdout, "ok    %s\n", c.Name)
			return
		}
		failed++
		fmt.Fprintf(stdout, "FAIL  %s: %v\n      To fix it: %s.\n", c.Name, c.Err, c.Fix)
	})
	if failed == 1 {
		return errors.New("1 check failed")
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}
