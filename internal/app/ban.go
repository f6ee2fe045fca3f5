package app

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"passerby/internal/auth"
	"passerby/internal/config"
	"passerby/internal/identity"
	"passerby/internal/store"
)

const banUsage = `passerby ban add WHO TIME REASON [MESSAGE]   keep somebody out; WHO is a user's id, a network like 203.0.113.0/24, or both as ID,NETWORK;
                                             TIME is like 24h, or "forever"; REASON is minor, nudity, threat, hate, spam or other
passerby ban list                            list the bans that hold
passerby ban lift BAN                        end a ban
passerby ban appeals                         list the appeals that nobody has decided about
passerby ban accept APPEAL                   let the person in again; a ban of a network goes on for others
passerby ban refuse APPEAL [ANSWER]          leave the ban as it is

Settings as for passerby serve follow: --database, --data-dir, --config FILE. Every act is in the audit log.`

// banCommand is what an operator can do without the moderators' console.
func banCommand(ctx context.Context, args []string, stdout io.Writer) error {
	words := 0
	for words < len(args) && !strings.HasPrefix(args[words], "-") {
		words++
	}
	said, settings := args[:words], args[words:]
	if len(said) == 0 {
		_, _, err := settingsCommand(args, banUsage, stdout)
		return err
	}
	verb, cfg, err := settingsCommand(append([]string{said[0]}, settings...), banUsage, stdout, "add", "list", "lift", "appeals", "accept", "refuse")
	if err != nil {
		return err
	}
	wants := map[string][2]int{"add": {3, 4}, "list": {0, 0}, "lift": {1, 1}, "appeals": {0, 0}, "accept": {1, 1}, "refuse": {1, 2}}[verb]
	if said = said[1:]; len(said) < wants[0] || len(said) > wants[1] {
		return usageError{fmt.Errorf("passerby ban %s takes other words:\n\n%s", verb, banUsage)}
	}
	said = append(said, "", "", "", "")
	return withStore(ctx, cfg, func(db store.Store) error {
		now := time.Now()
		switch verb {
		case "add":
			return addBan(ctx, cfg, db, said, stdout)
		case "list":
			return listBans(ctx, db, stdout)
		case "lift":
			return audited(ctx, db, "ban.lift", "ban:"+said[0], func(tx store.Store) error { return tx.LiftBan(ctx, said[0], now) })
		case "appeals":
			return listAppeals(ctx, db, stdout)
		}
		return audited(ctx, db, "appeal."+verb, "appeal:"+said[0], func(tx store.Store) error {
			_, err := tx.DecideAppeal(ctx, said[0], store.AppealDecision{Accept: verb == "accept", By: "cli", Answer: said[1], At: now})
			return err
		})
	})
}

func addBan(ctx context.Context, cfg config.Config, db store.Store, said []string, stdout io.Writer) error {
	b := store.Ban{Reason: said[2], Message: said[3], By: "cli", At: time.Now()}
	if said[1] != "forever" {
		d, err := time.ParseDuration(said[1])
		if err != nil || d <= 0 {
			return usageError{fmt.Errorf(`%q is no time: write it like 24h, or "forever"`, said[1])}
		}
		b.Until = b.At.Add(d)
	}
	for _, who := range strings.Split(said[0], ",") {
		network, err := netip.ParsePrefix(who)
		switch {
		case err != nil && strings.ContainsAny(who, "./:"):
			return usageError{fmt.Errorf("%q is no network: write it like 203.0.113.0/24", who)}
		case err != nil:
			b.User = who
		case network.Bits() < identity.Widest4 || network.Addr().Is6() && network.Bits() < identity.Widest6:
			return usageError{fmt.Errorf("%v is too wide: at most an IPv4 /%d or an IPv6 /%d", network, identity.Widest4, identity.Widest6)}
		case network.Addr().Is6() && network.Bits() > 64:
			return usageError{fmt.Errorf("%v is a part of what one person has: ban the /64", network)}
		default:
			keys, err := auth.LoadStoreKeys(cfg.DataDir)
			if err != nil {
				return err
			}
			b.CIDR, b.Network = network.Masked().String(), identity.New(keys.Identity).Network(network)
		}
	}
	b.ID = store.NewID()
	err := audited(ctx, db, "ban.make", "ban:"+b.ID, func(tx store.Store) error {
		_, err := tx.SaveBan(ctx, b)
		return err
	})
	if err == nil {
		fmt.Fprintln(stdout, b.ID)
	}
	return err
}

// audited does something and writes it into the audit log, or neither.
func audited(ctx context.Context, db store.Store, action, target string, do func(tx store.Store) error) error {
	return db.Within(ctx, func(tx store.Store) error {
		if err := do(tx); err != nil {
			return err
		}
		_, err := tx.AppendAudit(ctx, store.AuditEntry{At: time.Now(), Actor: "cli", Action: action, Target: target})
		return err
	})
}

func listBans(ctx context.Context, db store.Store, stdout io.Writer) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for page := (store.Page{Limit: 500}); ; {
		bans, err := db.Bans(ctx, store.BanFilter{Active: time.Now()}, page)
		if err != nil {
			return err
		}
		for _, b := range bans {
			until, network := "forever", b.CIDR
			if !b.Until.IsZero() {
				until = b.Until.Format(time.RFC3339)
			}
			if network == "" && b.Network != "" {
				network = "a network"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%q\n", b.ID, strings.Trim(b.User+","+network, ","), until, b.Reason, b.Message)
		}
		if len(bans) < page.Limit {
			return w.Flush()
		}
		page.Before = bans[len(bans)-1].ID
	}
}

func listAppeals(ctx context.Context, db store.Store, stdout io.Writer) error {
	appeals, err := db.Appeals(ctx, store.AppealFilter{Status: store.AppealOpen}, store.Page{Limit: 500})
	for _, a := range appeals {
		fmt.Fprintf(stdout, "%s  ban %s  %q\n", a.ID, a.Ban, a.Text) // quoted: it is a stranger's, and a terminal obeys
	}
	return err
}
