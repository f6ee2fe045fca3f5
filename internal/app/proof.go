package app

import (
	"passerby/internal/proof"
	proofredis "passerby/internal/proof/redis"
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
