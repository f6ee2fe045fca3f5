package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"passerby/internal/config"
)

const migrateUsage = `passerby migrate up      bring the tables of the database up to date
passerby migrate status  list the steps, and when each was taken

The database is that of the settings: --database, PASSERBY_DATABASE or --config FILE, as for passerby serve. Run "up" before the
first start with PostgreSQL and after each update; SQLite does it by itself.`

// migrateCommand brings tables up to date, or says how they stand.
func migrateCommand(ctx context.Context, args []string, stdout io.Writer) error {
	verb, cfg, err := settingsCommand(args, migrateUsage, stdout, "up", "status")
	if err != nil {
		return err
	}
	m, closing, err := migrations(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = closing() }()
	if verb == "status" {
		steps, err := m.Status(ctx)
		for _, s := range steps {
			when := "not yet"
			if !s.Applied.IsZero() {
				when = s.Applied.UTC().Format("2006-01-02 15:04:05 UTC")
			}
			fmt.Fprintf(stdout, "%s  %s\n", s.Name, when)
		}
		return err
	}
	done, err := m.Up(ctx)
	for _, name := range done {
		fmt.Fprintf(stdout, "%s  done\n", name)
	}
	if err == nil && len(done) == 0 {
		fmt.Fprintln(stdout, "the tables are up to date")
	}
	return err
}

// settingsCommand reads a verb, then settings as passerby serve takes them.
func settingsCommand(args []string, usage string, stdout io.Writer, verbs ...string) (verb string, cfg config.Config, err error) {
	if len(args) > 0 {
		verb = args[0]
	}
	for _, v := range verbs {
		if v == verb {
			cfg, err = config.Load(args[1:], os.LookupEnv, stdout)
			if err != nil && !errors.Is(err, config.ErrHelp) {
				err = usageError{err}
			}
			return verb, cfg, err
		}
	}
	if verb == "--help" || verb == "-h" || verb == "help" {
		fmt.Fprintln(stdout, usage)
		return "", cfg, config.ErrHelp
	}
	return "", cfg, usageError{errors.New("say what to do:\n\n" + usage)}
}
