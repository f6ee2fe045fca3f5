package app

import (
	"net/netip"

	"passerby/match"
)

// suggestedMost is how many tags pages are told of.
const suggestedMost = 12

// wished counts the tags of a wish, in the form in which they are compared. Those of minors are not counted: everybody sees what is
// popular, and no adult shall learn what they talk about.
func (s *Server) wished(user, pool string, network netip.Prefix, tags []string) {
	if pool == minorsPool {
		return
	}
	wish, err := match.Wish{Mode: match.Text, Tags: tags}.Normalize()
	if err != nil {
		return // and the queue says so
	}
	s.tags.Note(user, network, wish.Tags)
}
