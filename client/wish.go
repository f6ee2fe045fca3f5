package client

import "passerby/signaling/protocol"

// Mode is how to talk.
type Mode = protocol.Mode

// The modes.
const (
	Text  = protocol.ModeText
	Video = protocol.ModeVideo
)

// Wish is whom to meet.
type Wish struct {
	Mode Mode
	// Tags are up to 8 interests of 1 to 24 characters each.
	Tags []string
	// Language is a BCP 47 primary tag such as "en".
	Language string
	Gender   protocol.Gender
	Seeking  []protocol.Gender
	// Widen lets the wishes give way when nobody fits.
	Widen bool
}
