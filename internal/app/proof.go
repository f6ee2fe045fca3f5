package app

import (
	"context"
	"net/netip"

	"passerby/internal/identity"
	"passerby/internal/proof"
	proofredis "passerby/internal/proof/redis"
	"passerby/signaling/habit"
	"passerby/signaling/protocol"
)

// newGuard makes what asks newcomers for proof of work; with Redis a puzzle counts once on all nodes.
func (s *Server) newGuard() *proof.Guard {
	cfg := proof.Config{
		Key: s.keys.Proof, Mode: proof.Mode(s.cfg.Proof), SiteRate: float64(s.cfg.ProofRate), Logger: s.log, Registerer: s.registry,
	}
	if s.redis != nil {
		cfg.Shared = proofredis.New(s.redis)
	}
	return proof.New(cfg)
}

// habit remembers what a user's matches say of him, under the id that his device has again on another network. Who has no device key is
// known by his network alone.
func (s *Server) habit(ctx context.Context, user string, network netip.Prefix, v habit.Verdict) {
	if !identity.Lasting(user) {
		user = ""
	}
	switch v {
	case habit.Program:
		s.guard.Suspect(ctx, user, network)
	case habit.Plain:
		s.guard.Clear(ctx, user)
	case habit.Person:
		s.guard.Vouch(ctx, user)
	}
}

// suspected says whether a user behaved like a program not long ago.
func (s *Server) suspected(ctx context.Context, user string) bool {
	return identity.Lasting(user) && s.guard.Suspected(ctx, user)
}

// claimed is who a device says to be.
func (p *people) claimed(d *protocol.Device) string {
	if d == nil {
		return ""
	}
	public := identity.Claim(*d)
	if public == nil {
		return ""
	}
	return p.names.User(public)
}
