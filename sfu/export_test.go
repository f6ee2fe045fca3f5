package sfu

// Seats is how many ids the server remembers.
func (s *Server) Seats() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seats)
}

// Outlets is how many streams other nodes are fed with.
func (s *Server) Outlets() (all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.nodes {
		all += len(n.outlets)
	}
	return all
}
