package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"passerby/internal/auth"
	"passerby/internal/config"
	"passerby/internal/events"
	"passerby/internal/store"
	"passerby/internal/store/postgres"
	"passerby/internal/store/sqlite"
)

const userUsage = `passerby user export ID   print all that is stored of a person, as JSON
passerby user delete ID   forget a person; reports of him and bans stay until their time is over

Settings as for passerby serve follow the ID: --database, --data-dir, --config FILE.`

// userCommand gives a person what is stored of him, or forgets him.
func userCommand(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) < 2 || strings.HasPrefix(args[1], "-") {
		_, _, err := settingsCommand(args[:min(len(args), 1)], userUsage, stdout)
		return err
	}
	id := args[1]
	verb, cfg, err := settingsCommand(append([]string{args[0]}, args[2:]...), userUsage, stdout, "export", "delete")
	if err != nil {
		return err
	}
	return withStore(ctx, cfg, func(db store.Store) error {
		out := json.NewEncoder(stdout)
		out.SetIndent("", "  ")
		if verb == "export" {
			e, err := db.ExportUser(ctx, id)
			if err != nil {
				return err
			}
			return out.Encode(e)
		}
		var n store.Deleted
		err := db.Within(ctx, func(tx store.Store) (err error) {
			if n, err = tx.DeleteUser(ctx, id); err != nil {
				return err
			}
			_, err = tx.AppendAudit(ctx, store.AuditEntry{At: time.Now(), Actor: "cli", Action: "user.delete", Target: "user:" + id})
			return err
		})
		if err != nil {
			return err
		}
		return out.Encode(n)
	})
}

const auditUsage = `passerby audit verify [SEQ:HASH]   check that no entry of the audit log was changed or taken away, and print the last one as
                                   SEQ:HASH. Keep that elsewhere and give it next time: then a cut end shows too.

Settings as for passerby serve follow: --database, --data-dir, --config FILE.`

func auditCommand(ctx context.Context, args []string, stdout io.Writer) error {
	var head store.AuditHead
	if len(args) > 1 && !strings.HasPrefix(args[1], "-") {
		if _, err := fmt.Sscanf(args[1], "%d:%x", &head.Seq, &head.Hash); err != nil {
			return usageError{fmt.Errorf("%q is not like 12:0af3…, as an earlier passerby audit verify printed it", args[1])}
		}
		args = append([]string{args[0]}, args[2:]...)
	}
	_, cfg, err := settingsCommand(args, auditUsage, stdout, "verify")
	if err != nil {
		return err
	}
	return withStore(ctx, cfg, func(db store.Store) error {
		last, err := db.VerifyAudit(ctx, head)
		if err == nil {
			fmt.Fprintf(stdout, "%d:%x\n", last.Seq, last.Hash)
		}
		return err
	})
}

// withStore opens the configured database for a command.
func withStore(ctx context.Context, cfg config.Config, f func(store.Store) error) error {
	if _, err := auth.LoadKeys(cfg.DataDir); err != nil {
		return err
	}
	keys, err := auth.LoadStoreKeys(cfg.DataDir)
	if err != nil {
		return err
	}
	var db store.Store
	if cfg.Postgres() {
		if err = checkTables(ctx, cfg.Database); err == nil {
			db, err = sealing(postgres.Open(cfg.Database, keys.Audit))(cfg)
		}
	} else {
		db, err = sealing(sqlite.Open(ctx, cfg.File(), keys.Audit))(cfg)
	}
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return f(events.NewAnnouncer(db, wants(cfg.Events)))
}
