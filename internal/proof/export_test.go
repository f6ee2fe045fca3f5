package proof

// Users is how many marks of users this node remembers.
func (g *Guard) Users() int {
	g.users.mu.Lock()
	defer g.users.mu.Unlock()
	return len(g.users.names)
}
