package app

import (
	"net/netip"

	"passerby/match"
)

// suggestedMost is how many tags pages are told of.
const suggestedMost = 12

// wished counts the tags of a wish, in the form in which they are compared.
func (s *Server) wished(user string, network netip.Prefix, tags []string) {
	wish, err := match.Wish{Mode: match.Text, Tags: tags}.Normalize()
	if err != nil {
		return // and the queue says so
	}
	s.tags.Note(user, network, wish.Tags)
}
