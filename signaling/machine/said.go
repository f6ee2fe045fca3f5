package machine

import (
	"slices"
	"strings"

	"passerby/signaling/protocol"
)

// Said is what another app says of its user (the server-to-server API): a client cannot say otherwise. What is empty the user says
// himself. Lists are in one string, so that values can be compared.
type Said struct {
	Name     string `json:",omitempty"` // shown to partners
	Tags     string `json:",omitempty"` // separated by line ends; the user's own come after
	Language string `json:",omitempty"`
	Gender   string `json:",omitempty"`
	Seeking  string `json:",omitempty"` // letters: "fm"
}

// over lays what was said over a wish.
func (s Said) over(w *Wish) {
	if s.Tags != "" {
		tags := strings.Split(s.Tags, "\n")
		for _, own := range w.Tags {
			if len(tags) < protocol.Tags && !slices.Contains(tags, own) {
				tags = append(tags, own)
			}
		}
		w.Tags = tags
	}
	if s.Language != "" {
		w.Language = s.Language
	}
	if s.Gender != "" {
		w.Gender = protocol.Gender(s.Gender)
	}
	if s.Seeking != "" {
		w.Seeking = nil
		for _, g := range s.Seeking {
			w.Seeking = append(w.Seeking, protocol.Gender(g))
		}
	}
}
