package sfu

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// offer is a browser's session description, checked and reduced to what the
// server deals with.
type offer struct {
	sdp         string
	fingerprint string    // "sha-256 AA:BB…", of the DTLS certificate
	ufrag       string    // of ICE
	password    string    // of ICE
	wants       [2]bool   // by kind: the browser has a section that may receive
	ssrc        [2]uint32 // by kind: what it will send from, if it says so; else 0
}

// parseOffer checks an offer and takes out what this server has no use for:
// sources are known by their payload type, candidates by their packets,
// cryptex (RFC 9335) would hide header extensions, simulcast is not done.
func parseOffer(raw string) (out offer, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrSDP, r)
		}
	}()
	if len(raw) > MaxOffer {
		return out, fmt.Errorf("%w: over %d bytes", ErrSDP, MaxOffer)
	}
	if strings.Contains(strings.ReplaceAll(raw, "\r\n", "\n"), "\r") || strings.Contains(raw, "\x00") {
		return out, fmt.Errorf("%w: control characters", ErrSDP)
	}
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(raw); err != nil {
		return out, fmt.Errorf("%w: %w", ErrSDP, err)
	}
	if len(desc.MediaDescriptions) > maxSections {
		return out, fmt.Errorf("%w: over %d media sections", ErrSDP, maxSections)
	}
	session := fingerprint(desc.Attributes)
	desc.Attributes = slices.DeleteFunc(desc.Attributes, useless)
	var active [3]int
	for _, m := range desc.MediaDescriptions {
		ssrc, attributes := firstSSRC(m), slices.Clone(m.Attributes)
		m.Attributes = slices.DeleteFunc(m.Attributes, useless)
		kind, ok := kinds[m.MediaName.Media]
		if !ok {
			return out, fmt.Errorf("%w: media %q", ErrSDP, clip(m.MediaName.Media))
		}
		if _, bundled := m.Attribute("bundle-only"); m.MediaName.Port.Value == 0 && !bundled {
			continue
		}
		if active[kind]++; active[kind] > 1 {
			return out, fmt.Errorf("%w: more than one %s section", ErrSDP, m.MediaName.Media)
		}
		own := fingerprint(attributes)
		if own == "" {
			own = session
		}
		if err := checkFingerprint(own); err != nil {
			return out, err
		}
		if out.fingerprint == "" {
			out.fingerprint = strings.Clone(own) // or it would keep the whole offer
		}
		if own != out.fingerprint {
			return out, fmt.Errorf("%w: sections differ in fingerprint", ErrSDP)
		}
		if out.ufrag == "" {
			out.ufrag, out.password = credentials(&desc, m)
		}
		if setup := attribute(&desc, m, "setup"); strings.EqualFold(setup, "passive") {
			return out, fmt.Errorf("%w: a=setup:passive; an offer says actpass (RFC 8842 §5.2)", ErrSDP)
		}
		if kind < 2 {
			out.ssrc[kind] = ssrc
			out.wants[kind] = !hasAttribute(m, "sendonly") && !hasAttribute(m, "inactive")
		}
	}
	if active == [3]int{} {
		return out, fmt.Errorf("%w: no media section", ErrSDP)
	}
	b, err := desc.Marshal()
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrSDP, err)
	}
	out.sdp = string(b)
	return out, nil
}

const (
	maxSections = 16
	application = 2 // beside audio and video
)

// strong are the hash functions that a certificate may be known by, with the lengths of their values. Whoever can make two
// certificates of one MD5 or SHA-1 value could stand in the middle (RFC 8122 §5).
var strong = map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}

var hexPairs = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2})*$`)

// fingerprint is the first one by a strong hash function, in lower case; else the first at all; else "".
func fingerprint(attributes []sdp.Attribute) string {
	var first string
	for _, a := range attributes {
		if a.Key != "fingerprint" {
			continue
		}
		v := strings.ToLower(strings.TrimSpace(a.Value))
		if !weak(v) {
			return v
		}
		if first == "" {
			first = v
		}
	}
	return first
}

func weak(fingerprint string) bool {
	hash, _, _ := strings.Cut(fingerprint, " ")
	return strong[hash] == 0
}

func checkFingerprint(s string) error {
	hash, value, _ := strings.Cut(s, " ")
	switch {
	case s == "":
		return fmt.Errorf("%w: no DTLS fingerprint", ErrSDP)
	case weak(s):
		return fmt.Errorf("%w: DTLS fingerprint by %q; only sha-256, sha-384 and sha-512 are safe (RFC 8122)", ErrSDP, clip(hash))
	case !hexPairs.MatchString(value) || len(value) != 3*strong[hash]-1:
		return fmt.Errorf("%w: the DTLS fingerprint is no %s value", ErrSDP, hash)
	}
	return nil
}

var kinds = map[string]int{"audio": audio, "video": video, "application": application}

func useless(a sdp.Attribute) bool {
	switch a.Key {
	case "fingerprint":
		return weak(strings.ToLower(strings.TrimSpace(a.Value)))
	case "ssrc", "ssrc-group", "candidate", "end-of-candidates", "cryptex", "rid", "simulcast", "remote-candidates":
		return true
	}
	return false
}

// firstSSRC is the primary source of a section: the first of a group with its
// retransmissions, or the first at all; 0 when it names none.
func firstSSRC(m *sdp.MediaDescription) uint32 {
	var first string
	for _, a := range m.Attributes {
		fields := strings.Fields(a.Value)
		switch {
		case a.Key == "ssrc-group" && len(fields) > 1 && fields[0] == "FID":
			first = fields[1]
		case a.Key == "ssrc" && len(fields) > 0 && first == "":
			first = fields[0]
		}
	}
	n, _ := strconv.ParseUint(first, 10, 32)
	return uint32(n)
}

// credentials are the ICE ones of a section, or of the whole.
func credentials(desc *sdp.SessionDescription, m *sdp.MediaDescription) (ufrag, password string) {
	// Cloned, or they would keep the whole offer.
	return strings.Clone(attribute(desc, m, "ice-ufrag")), strings.Clone(attribute(desc, m, "ice-pwd"))
}

// attribute is the value that a section has, or the whole.
func attribute(desc *sdp.SessionDescription, m *sdp.MediaDescription, key string) string {
	v, ok := m.Attribute(key)
	if !ok {
		v, _ = desc.Attribute(key)
	}
	return strings.TrimSpace(v)
}

func hasAttribute(m *sdp.MediaDescription, key string) bool {
	_, ok := m.Attribute(key)
	return ok
}

// payloads says what the payload types and header extension ids mean that a
// peer's answer agreed on.
type payloads struct {
	kind [128]int8 // audio, video, or -1
	twcc [2]uint8  // id of the transport-wide sequence number, by kind; 0 is none
}

const transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

// parseAnswer reads the payload types out of the server's own answer.
func parseAnswer(raw string) (*payloads, error) {
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(raw); err != nil {
		return nil, fmt.Errorf("sfu: own answer: %w", err)
	}
	p := &payloads{}
	for i := range p.kind {
		p.kind[i] = -1
	}
	for _, m := range desc.MediaDescriptions {
		kind := kinds[m.MediaName.Media]
		if kind == application || m.MediaName.Port.Value == 0 {
			continue
		}
		for _, a := range m.Attributes {
			first, rest, _ := strings.Cut(a.Value, " ")
			switch a.Key {
			case "rtpmap":
				name, _, _ := strings.Cut(strings.ToLower(rest), "/")
				pt, err := strconv.ParseUint(first, 10, 7)
				if err == nil && (name == "opus" && kind == audio || name == "vp8" && kind == video) {
					p.kind[pt] = int8(kind)
				}
			case "extmap":
				id, _, _ := strings.Cut(first, "/")
				n, err := strconv.ParseUint(id, 10, 8)
				if err == nil && strings.TrimSpace(rest) == transportCC {
					p.twcc[kind] = uint8(n)
				}
			}
		}
	}
	return p, nil
}

// withCandidates replaces the candidates of an answer by those of the server.
// All are in the first section of the bundle, so that one exchange is enough.
func withCandidates(answer string, udp, tcp []netip.AddrPort) string {
	var b strings.Builder
	mid := ""
	sections := strings.Split(answer, "\nm=")
	for line := range strings.Lines(sections[0]) {
		if group, ok := strings.CutPrefix(line, "a=group:BUNDLE "); ok {
			mid, _, _ = strings.Cut(strings.TrimSpace(group), " ")
		}
	}
	done := false
	for i, section := range sections {
		if i > 0 {
			b.WriteString("m=")
		}
		for line := range strings.Lines(section) {
			if strings.HasPrefix(line, "a=candidate:") || strings.HasPrefix(line, "a=end-of-candidates") {
				continue
			}
			b.WriteString(strings.TrimRight(line, "\r\n"))
			b.WriteString("\r\n")
		}
		if i == 0 || done || mid != "" && !strings.Contains(section+"\r\n", "\na=mid:"+mid+"\r\n") {
			continue
		}
		done = true
		n := 0
		for j, a := range udp {
			n++
			fmt.Fprintf(&b, "a=candidate:%d 1 udp %d %s %d typ host\r\n", n, priority(65535-j), a.Addr(), a.Port())
		}
		for j, a := range tcp {
			n++
			fmt.Fprintf(&b, "a=candidate:%d 1 tcp %d %s %d typ host tcptype passive\r\n", n, priority(16383-j), a.Addr(), a.Port())
		}
		b.WriteString("a=end-of-candidates\r\n")
	}
	return b.String()
}

// priority of a host candidate, RFC 8445 §5.1.2.1.
func priority(local int) uint32 { return 126<<24 | uint32(local)<<8 | 255 }

func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}
