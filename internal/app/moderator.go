package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"passerby/internal/auth"
	"passerby/internal/config"
	"passerby/internal/staff"
	"passerby/internal/store"
)

const moderatorUsage = `passerby moderator list              print who may sign in at /moderate
passerby moderator add NAME [ROLE]   make an admin, or a viewer or moderator, and print the one-time password
passerby moderator reset NAME        take away all that NAME signs in with, and print a new one-time password

Settings as for passerby serve follow: --database, --data-dir, --config FILE.`

// moderatorCommand makes and mends accounts of the console.
func moderatorCommand(ctx context.Context, args []string, stdout io.Writer) error {
	verb, words := "", []string(nil)
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		words, args = append(words, args[0]), args[1:]
	}
	verb, cfg, err := settingsCommand(append([]string{verb}, args...), moderatorUsage, stdout, "list", "add", "reset")
	if err != nil {
		return err
	}
	if len(words) == 0 != (verb == "list") || len(words) > 2 || len(words) == 2 && verb != "add" {
		return usageError{errors.New("say what to do:\n\n" + moderatorUsage)}
	}
	return withDoor(ctx, cfg, func(d *staff.Door) error {
		switch verb {
		case "add":
			role := staff.Admin
			if len(words) == 2 {
				role = staff.Role(words[1])
			}
			m, password, until, err := d.Add(ctx, staff.CLI, words[0], role)
			if err != nil {
				return err
			}
			tellOneTime(stdout, m.Name, password, until)
		case "reset":
			m, err := d.Named(ctx, words[0])
			if err != nil {
				return err
			}
			password, until, err := d.Reset(ctx, staff.CLI, m.ID)
			if err != nil {
				return err
			}
			tellOneTime(stdout, m.Name, password, until)
		default:
			all, err := d.Members(ctx)
			if err != nil {
				return err
			}
			for _, m := range all {
				state := "can sign in"
				if m.Disabled {
					state = "barred"
				} else if !m.CanSignIn() {
					state = "has not completed the account"
				}
				fmt.Fprintf(stdout, "%-24s %-10s %s\n", m.Name, m.Role, state)
			}
		}
		return nil
	})
}

func tellOneTime(out io.Writer, name, password string, until time.Time) {
	fmt.Fprintf(out, "name:              %s\none-time password: %s\ngood until:        %s\n", name, password, until.Format(time.RFC3339))
}

// withDoor is withStore for accounts of the console.
func withDoor(ctx context.Context, cfg config.Config, f func(*staff.Door) error) error {
	return withStore(ctx, cfg, func(db store.Store) error {
		keys, err := auth.LoadStoreKeys(cfg.DataDir)
		if err != nil {
			return err
		}
		sealer, err := staff.NewSealer(keys.Staff, nil)
		if err != nil {
			return err
		}
		never := func(context.Context, string) (bool, time.Duration) { return true, 0 }
		return f(&staff.Door{Store: db, Sealer: sealer, ByNetwork: never, ByName: never, ByAccount: never, Log: slog.New(slog.DiscardHandler)})
	})
}
