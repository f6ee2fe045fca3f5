package machine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
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
	Commit  Commit `json:"commit,omitzero"`
}

// wire is a PeerMessage without Relay as JSON.
type wire struct {
	Match string `json:"match"`
	From  string `json:"from"`
	Facts *Facts `json:"facts,omitempty"`
	Seen  uint64 `json:"seen,omitempty"`
}

// tagRelay begins a PeerMessage with Relay, which is on the way of every text and so is not wrapped in JSON again:
//
//	'r' │ length uvarint │ match │ length uvarint │ from │ relay as the client will read it
const tagRelay = 'r'

var errPeer = errors.New("malformed peer message")

// AppendPeer encodes m and appends it to dst. A message with Relay carries neither Facts nor Seen.
func AppendPeer(dst []byte, m PeerMessage) []byte {
	if m.Relay != nil {
		dst = append(dst, tagRelay)
		for _, part := range []string{m.Match, m.From} {
			dst = append(binary.AppendUvarint(dst, uint64(len(part))), part...)
		}
		return protocol.Append(dst, m.Relay)
	}
	data, err := json.Marshal(wire{Match: m.Match, From: m.From, Facts: m.Facts, Seen: m.Seen})
	if err != nil { // strings and numbers only
		panic(fmt.Sprintf("machine: encode peer message: %v", err))
	}
	return append(dst, data...)
}

// ParsePeer decodes what AppendPeer wrote, and keeps no reference to data. The message to relay stays encoded: it is
// only passed on.
func ParsePeer(data []byte) (PeerMessage, error) {
	if len(data) > 0 && data[0] == tagRelay {
		return parseRelay(data[1:])
	}
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return PeerMessage{}, fmt.Errorf("decode peer message: %w", err)
	}
	return PeerMessage{Match: w.Match, From: w.From, Facts: w.Facts, Seen: w.Seen}, nil
}

func parseRelay(data []byte) (m PeerMessage, err error) {
	for _, part := range []*string{&m.Match, &m.From} {
		size, n := binary.Uvarint(data)
		if n <= 0 || size > uint64(len(data)-n) {
			return PeerMessage{}, errPeer
		}
		end := n + int(size)
		*part, data = string(data[n:end]), data[end:]
	}
	relay := protocol.Encoded(bytes.Clone(data))
	switch relay.Type() {
	case "text", "ack", "signal":
		m.Relay = relay
		return m, nil
	}
	return PeerMessage{}, fmt.Errorf("%w: type %.32q is not for a partner", errPeer, relay.Type())
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
	// The first one for a key id counts: what follows would be another truth.
	if f.Commit.Hash != "" && f.Commit.KeyID != t.Match.Theirs.KeyID {
		t.Match.Theirs = f.Commit
		t.committed()
	}
}
