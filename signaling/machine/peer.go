package machine

import (
	"encoding/json"
	"fmt"

	"passerby/signaling/protocol"
)

// PeerMessage is what the sessions of a match tell each other over the bus. Each
// part may be missing.
type PeerMessage struct {
	Match string // name of the match
	From  string // session of the sender
	Facts *Facts // what the receiver should know of the sender
	Seen  uint64 // version of the receiver's facts that the sender knows
	Relay protocol.Message
}

// Facts is what one side of a match knows of the other. A higher Version replaces a
// lower one; version 0 is what the pair says: online, with the key and the node of its ticket.
type Facts struct {
	Version uint64 `json:"version"`
	Online  bool   `json:"online"`
	Key     string `json:"key"`
	Node    string `json:"node,omitempty"`
}

// wire is a PeerMessage as JSON.
type wire struct {
	Match string          `json:"match"`
	From  string          `json:"from"`
	Facts *Facts          `json:"facts,omitempty"`
	Seen  uint64          `json:"seen,omitempty"`
	Relay json.RawMessage `json:"relay,omitempty"`
}

// AppendPeer encodes m and appends it to dst.
func AppendPeer(dst []byte, m PeerMessage) []byte {
	w := wire{Match: m.Match, From: m.From, Facts: m.Facts, Seen: m.Seen}
	if m.Relay != nil {
		w.Relay = protocol.Append(nil, m.Relay)
	}
	data, err := json.Marshal(w)
	if err != nil { // strings and numbers only
		panic(fmt.Sprintf("machine: encode peer message: %v", err))
	}
	return append(dst, data...)
}

// ParsePeer decodes what AppendPeer wrote.
func ParsePeer(data []byte) (PeerMessage, error) {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return PeerMessage{}, fmt.Errorf("decode peer message: %w", err)
	}
	m := PeerMessage{Match: w.Match, From: w.From, Facts: w.Facts, Seen: w.Seen}
	if len(w.Relay) == 0 {
		return m, nil
	}
	relay, err := protocol.ParseServer(w.Relay)
	if err != nil {
		return PeerMessage{}, fmt.Errorf("decode relayed message: %w", err)
	}
	switch relay.(type) {
	case *protocol.PartnerText, *protocol.Ack, *protocol.Signal:
		m.Relay = relay
		return m, nil
	}
	return PeerMessage{}, fmt.Errorf("decode relayed message: type %q is not for a partner", relay.Type())
}

func (e FromPeer) apply(t *step) {
	m := e.Message
	if !t.current(m.Match) || m.From != t.Match.Partner.Session {
		return
	}
	lost := t.Match.Lost // its node was thought dead, or it lives on another now
	t.Match.Lost = false
	if m.Seen > t.Match.Told {
		t.Match.Told = min(m.Seen, t.Match.Facts)
	}
	if m.Facts != nil {
		t.learn(*m.Facts)
		t.peer(PeerMessage{Seen: t.Match.Seen})
	}
	if lost && t.Match.Away && (m.Facts == nil || m.Facts.Online) {
		t.away(false)
	}
	if m.Relay != nil {
		t.do(Deliver{m.Relay})
	}
}

// away tells the client that the partner has no connection, or has one.
func (t *step) away(away bool) {
	t.Match.Away = away
	state := protocol.PartnerOnline
	if away {
		state = protocol.PartnerReconnecting
	}
	t.send(&protocol.Partner{Match: t.Match.ID, State: state})
}

// learn adopts newer facts about the partner and tells the client what changed.
func (t *step) learn(f Facts) {
	if f.Version <= t.Match.Seen {
		return
	}
	t.Match.Seen = f.Version
	moved := f.Node != "" && f.Node != t.Match.Partner.Node
	if moved {
		t.Match.Partner.Node = f.Node
	}
	if f.Online == t.Match.Away || moved && f.Online { // what was under way to the node before is sent again on "online"
		t.away(!f.Online)
	}
	rekeyed := f.Key != "" && f.Key != t.Match.Partner.Key
	if rekeyed {
		t.Match.Partner.Key = f.Key
		t.matched("", true)
	}
	if rekeyed || moved {
		t.route()
	}
}
