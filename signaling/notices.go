package signaling

import "context"

// Notify has the moderators' words told to these users, those of them who are connected to this node. It never blocks: a session that has
// no room tells them with its next welcome.
func (h *Hub) Notify(users []string) {
	if h.deps.Notices == nil || len(users) == 0 {
		return
	}
	wanted := make(map[string]bool, len(users))
	for _, u := range users {
		wanted[u] = true
	}
	sessions, _ := h.registry.all()
	for _, s := range sessions {
		if wanted[s.self.User] {
			s.post(look{})
		}
	}
}

// aside does what the session does not wait for. ctx is over with the hub, or after Config.CallTimeout.
func (s *session) aside(f func(ctx context.Context)) {
	s.hub.asides.Go(func() {
		ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
		defer cancel()
		f(ctx)
	})
}

// look asks what moderators have to say to the user; the answer comes as a letter. A store that does not answer is asked with the next
// welcome.
func (s *session) look() {
	notices := s.hub.deps.Notices
	if notices == nil || s.conn == nil {
		return
	}
	s.aside(func(ctx context.Context) {
		if list, err := notices.Of(ctx, s.self.User); s.failed("notices", err) == nil && len(list) > 0 {
			s.deliver(ctx, notified{list})
		}
	})
}

// understood notes that the user has read a notice. Without an answer it comes again, and is understood again.
func (s *session) understood(notice string) {
	if notices := s.hub.deps.Notices; notices != nil {
		s.aside(func(ctx context.Context) { s.failed("understood", notices.Understood(ctx, s.self.User, notice)) })
	}
}
