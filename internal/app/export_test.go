package app

import "time"

// Hurry gives HTTP clients this time for each part of a request, and twice that to read an answer; call it before Run.
func (s *Server) Hurry(d time.Duration) {
	s.patience = patience{header: d, request: d, answer: 2 * d, idle: d}
}
