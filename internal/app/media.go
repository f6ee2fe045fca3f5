package app

import (
	"context"
	"errors"
	"fmt"

	"passerby/sfu"
	"passerby/signaling"
)

// media is the hub's view of the SFU.
type media struct{ s *sfu.Server }

var _ signaling.Media = media{}

func (m media) Offer(ctx context.Context, session, sdp string) (string, error) {
	answer, err := m.s.Offer(ctx, session, sdp)
	if errors.Is(err, sfu.ErrSDP) {
		return "", fmt.Errorf("%w: %w", signaling.ErrSDP, err)
	}
	return answer, err
}

func (m media) Candidate(session, candidate string) error { return m.s.Candidate(session, candidate) }
func (m media) Route(session, node, from string, keyID uint64) {
	if node == "" {
		m.s.Route(session, from, keyID)
		return
	}
	m.s.RouteRemote(session, node, from, keyID)
}
func (m media) Keyed(session string)                   { m.s.KeyFrame(session) }
func (m media) Shown(session string) signaling.Passage { return signaling.Passage(m.s.Shown(session)) }
func (m media) Send(session string, data []byte) error { return m.s.Send(session, data) }
func (m media) Remove(session string)                  { m.s.Remove(session) }

// sink is the SFU's view of the hub. The hub exists only after the SFU, so it is set before the first peer.
type sink struct{ hub *signaling.Hub }

var _ sfu.Events = (*sink)(nil)

func (s *sink) Connected(id string)         { s.hub.MediaEvent(id, signaling.MediaConnected) }
func (s *sink) Disconnected(id string)      { s.hub.MediaEvent(id, signaling.MediaDisconnected) }
func (s *sink) ChannelOpen(id string)       { s.hub.MediaEvent(id, signaling.ChannelOpen) }
func (s *sink) ChannelClosed(id string)     { s.hub.MediaEvent(id, signaling.ChannelClosed) }
func (s *sink) Data(id string, data []byte) { s.hub.Data(id, data) }
