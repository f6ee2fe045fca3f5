package app

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"passerby/internal/caller"
	"passerby/internal/httpapi"
	"passerby/internal/identity"
	"passerby/internal/store"
	"passerby/signaling/protocol"
)

const dataTimeout = 20 * time.Second

// data gives a person what is stored of him, or forgets him. Who he is says his device's signature; a banned one may ask as well.
func (p *people) data(r *http.Request, network netip.Prefix, purpose string, req protocol.DataRequest) (any, error) {
	if network != caller.Operator {
		if ok, wait := p.own(r.Context(), network.String()); !ok {
			return nil, &httpapi.Refusal{Err: protocol.Errorf(protocol.RateLimited, "too many requests for data from this network: wait a moment").After(wait)}
		}
	}
	public, err := p.signed(r, purpose, *req.Device, time.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), dataTimeout)
	defer cancel()
	user := p.names.User(public)
	if purpose == identity.ForExport {
		return p.s.store.ExportUser(ctx, user)
	}
	return p.forget(ctx, user)
}

// forget ends what a person is in and deletes what is stored of him, but for what protects others.
func (p *people) forget(ctx context.Context, user string) (protocol.DeleteAnswer, error) {
	var others []string
	if p.s.members != nil {
		others = p.s.members.Others()
	}
	p.s.hub.Dismiss(user, others)
	var n store.Deleted
	err := p.s.store.Within(ctx, func(tx store.Store) (err error) {
		if n, err = tx.DeleteUser(ctx, user); err != nil {
			return err
		}
		_, err = tx.AppendAudit(ctx, store.AuditEntry{At: time.Now(), Actor: "user", Action: "user.delete", Target: "user:" + user})
		return err
	})
	p.loaded.remove(user)
	p.s.guard.Forget(ctx, user)
	return protocol.DeleteAnswer{
		Deleted: protocol.DeletedData{Chats: n.Chats, Blocks: n.Blocks, Appeals: n.Appeals, Warnings: n.Notices, Reports: n.Made},
		Kept:    protocol.KeptData{Reports: n.KeptReports, Bans: n.KeptBans},
	}, err
}
