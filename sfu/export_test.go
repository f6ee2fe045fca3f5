package sfu

// Seats is how many ids the server remembers.
func (s *Server) Seats() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seats)
}
