package app

import (
	"io"
	"time"

	"passerby/internal/store"
)

// Hurry gives HTTP clients this time for each part of a request, and twice that to read an answer; call it before Run.
func (s *Server) Hurry(d time.Duration) {
	s.patience = patience{header: d, request: d, answer: 2 * d, idle: d}
}

// Greet tells the operator what to paste where.
func (s *TURNServer) Greet(out io.Writer) { s.greet(out) }

// Secret is what credentials are made from.
func (s *TURNServer) Secret() string { return s.secret }

// PlainAddr is where plain HTTP leads to HTTPS.
func (s *Server) PlainAddr() string { return s.plain.Addr().String() }

// Store is what the server keeps.
func (s *Server) Store() store.Store { return s.store }
