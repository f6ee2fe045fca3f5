package proof

import (
	"context"
	"net/netip"
	"time"
)

// Users are known by ids that they have again when they come back. What stands in their names outlives sessions and changes of network:
//
//	program:USER, suspect:NETWORK   for Config.Suspicion
//	person:USER                     for Config.Trust; never beside program:USER
const (
	programMark = "program:"
	personMark  = "person:"
	networkMark = "suspect:"
)

// Suspect has a user and his network solve a puzzle for their next sessions, since he behaved like a program. The user may be empty, and
// the network the zero Prefix.
func (g *Guard) Suspect(ctx context.Context, user string, network netip.Prefix) {
	until := time.Now().Add(g.cfg.Suspicion)
	if user != "" {
		g.forget(ctx, personMark+user)
		g.rememberIn(ctx, g.users, programMark+user, until)
	}
	if !exempt(network) {
		g.remember(ctx, networkMark+network.String(), until)
	}
}

// Clear ends the suspicion of a user, who behaves otherwise now.
func (g *Guard) Clear(ctx context.Context, user string) {
	if user != "" {
		g.forget(ctx, programMark+user)
	}
}

// Vouch keeps a user out of the suspicion of his network: his own history is that of a person.
func (g *Guard) Vouch(ctx context.Context, user string) {
	if user != "" {
		g.forget(ctx, programMark+user)
		g.rememberIn(ctx, g.users, personMark+user, time.Now().Add(g.cfg.Trust))
	}
}

// Suspected says whether a user behaved like a program not long ago.
func (g *Guard) Suspected(ctx context.Context, user string) bool {
	return user != "" && g.marked(ctx, programMark+user)
}

// Forget drops what a user's history says for him. What it says against him ends with its time: else it could be washed off.
func (g *Guard) Forget(ctx context.Context, user string) { g.forget(ctx, personMark+user) }

func (g *Guard) trusted(ctx context.Context, user string) bool {
	return user != "" && g.marked(ctx, personMark+user)
}

// marked asks all nodes first, since another than this one may have forgotten the mark.
func (g *Guard) marked(ctx context.Context, name string) bool {
	if g.cfg.Shared != nil {
		if known, err := g.cfg.Shared.Known(ctx, name); err == nil {
			return known
		}
	}
	known, _ := g.users.Known(ctx, name)
	return known
}

func (g *Guard) forget(ctx context.Context, name string) {
	_ = g.users.Forget(ctx, name) // does not fail
	if g.cfg.Shared == nil {
		return
	}
	if err := g.cfg.Shared.Forget(ctx, name); err != nil {
		g.cfg.Logger.Debug("shared memory of proofs", "error", err)
	}
}
