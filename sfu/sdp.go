package sfu

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// offer is a browser's session description, checked and reduced to what the
// server deals with.
type offer struct {
	sdp         string // for pion: the data channel alone, since media is dealt with here
	fingerprint string // "sha-256 AA:BB…", of the DTLS certificate
	ufrag       string // of ICE
	password    string // of ICE
	sections    []section
}

// section is one m-section of an offer, in its order.
type section struct {
	kind     int
	name     sdp.MediaName
	mid      string
	rejected bool // the browser does not use it
	slot     int  // how many sections of the kind are in use before it

	// Of audio and video.
	sends, receives bool     // the browser
	ssrc            uint32   // that it will send from, if it says so; else 0
	codecs          []codec  // the first is what every browser has
	rids            []string // the encodings of the picture, where it sends several (RFC 8853)
	headers         headers
}

// plain leaves video its first codec alone: nothing else can be recorded.
func (o *offer) plain() {
	for i := range o.sections {
		if s := &o.sections[i]; s.kind == video && len(s.codecs) > 1 {
			s.codecs = s.codecs[:1]
		}
	}
}

// of gives the first section of a kind that is in use, or nil. The browser sends in it; in others it only receives.
func (o *offer) of(kind int) *section {
	for i := range o.sections {
		if s := &o.sections[i]; s.kind == kind && !s.rejected {
			return s
		}
	}
	return nil
}

// parseOffer checks an offer. The server has no use for candidates, which it
// knows by their packets, for sources, which it knows by their payload type, and for
// cryptex (RFC 9335), which would hide header extensions.
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
	var data *sdp.MediaDescription
	for _, m := range desc.MediaDescriptions {
		s, err := parseSection(&desc, m)
		if err != nil {
			return out, err
		}
		if !s.rejected {
			if err := out.place(&s); err != nil {
				return out, err
			}
			if err := out.agree(&desc, m); err != nil {
				return out, err
			}
			if s.kind == application {
				data = m
			}
		}
		out.sections = append(out.sections, s)
	}
	if out.fingerprint == "" {
		return out, fmt.Errorf("%w: no media section", ErrSDP)
	}
	if err := out.bundled(&desc); err != nil {
		return out, err
	}
	out.levels()
	out.sdp, err = forPion(desc, data, &out)
	return out, err
}

// place gives a section its slot.
func (o *offer) place(s *section) error {
	for i := range o.sections {
		if t := &o.sections[i]; t.kind == s.kind && !t.rejected {
			s.slot++
		}
	}
	switch {
	case s.kind == application && s.slot > 0:
		return fmt.Errorf("%w: more than one application section", ErrSDP)
	case s.slot >= MaxSlots:
		return fmt.Errorf("%w: over %d %s sections", ErrSDP, MaxSlots, s.name.Media)
	case s.slot > 0:
		s.sends, s.rids = false, nil
	}
	return nil
}

func parseSection(desc *sdp.SessionDescription, m *sdp.MediaDescription) (s section, err error) {
	kind, ok := kinds[m.MediaName.Media]
	if !ok {
		return s, fmt.Errorf("%w: media %q", ErrSDP, clip(m.MediaName.Media))
	}
	s = section{kind: kind, name: m.MediaName}
	s.mid, _ = m.Attribute("mid")
	if _, bundled := m.Attribute("bundle-only"); m.MediaName.Port.Value == 0 && !bundled {
		s.rejected = true
		return s, nil
	}
	if s.mid == "" {
		return s, fmt.Errorf("%w: a section without mid", ErrSDP)
	}
	if setup := attribute(desc, m, "setup"); strings.EqualFold(setup, "passive") {
		return s, fmt.Errorf("%w: a=setup:passive; an offer says actpass (RFC 8842 §5.2)", ErrSDP)
	}
	if kind == application {
		return s, nil
	}
	s.ssrc = firstSSRC(m)
	inactive := hasAttribute(m, "inactive")
	s.sends = !hasAttribute(m, "recvonly") && !inactive
	s.receives = !hasAttribute(m, "sendonly") && !inactive
	s.headers = findHeaders(m)
	if kind == video && s.sends && s.headers.rid != 0 {
		s.rids = findRIDs(m)
	}
	if s.codecs = findCodecs(m, kind); s.codecs == nil {
		return s, fmt.Errorf("%w: %s without %s", ErrSDP, kindNames[kind], codecs[kind][0].name)
	}
	return s, nil
}

// agree notes the certificate and the ICE credentials of a section, which must be those of the others.
func (o *offer) agree(desc *sdp.SessionDescription, m *sdp.MediaDescription) error {
	own := fingerprint(m.Attributes)
	if own == "" {
		own = fingerprint(desc.Attributes)
	}
	if err := checkFingerprint(own); err != nil {
		return err
	}
	if o.fingerprint == "" {
		o.fingerprint = strings.Clone(own) // or it would keep the whole offer
	}
	if own != o.fingerprint {
		return fmt.Errorf("%w: sections differ in fingerprint", ErrSDP)
	}
	if o.ufrag == "" {
		o.ufrag, o.password = strings.Clone(attribute(desc, m, "ice-ufrag")), strings.Clone(attribute(desc, m, "ice-pwd"))
	}
	return nil
}

// bundled checks that one transport carries all (RFC 9143): the server has no other.
func (o *offer) bundled(desc *sdp.SessionDescription) error {
	if o.ufrag == "" || o.password == "" {
		return fmt.Errorf("%w: no ICE credentials", ErrSDP)
	}
	var mids []string
	for _, a := range desc.Attributes {
		if rest, ok := strings.CutPrefix(a.Value, "BUNDLE "); ok && a.Key == "group" {
			mids = append(mids, strings.Fields(rest)...)
		}
	}
	used := 0
	for _, s := range o.sections {
		if !s.rejected {
			used++
		}
	}
	for _, s := range o.sections {
		if !s.rejected && !slices.Contains(mids, s.mid) && used > 1 {
			return fmt.Errorf("%w: sections are not in one bundle", ErrSDP)
		}
	}
	return nil
}

// forPion is the offer as if it had a data channel and nothing else. One that has none gets one, which nobody opens.
func forPion(desc sdp.SessionDescription, data *sdp.MediaDescription, o *offer) (string, error) {
	if data == nil {
		data = &sdp.MediaDescription{
			MediaName: sdp.MediaName{Media: "application", Protos: []string{"UDP", "DTLS", "SCTP"}, Formats: []string{"webrtc-datachannel"}},
			Attributes: []sdp.Attribute{
				{Key: "sctp-port", Value: "5000"}, {Key: "max-message-size", Value: "262144"}, {Key: "setup", Value: "actpass"},
			},
		}
	}
	data.MediaName.Port = sdp.RangedPort{Value: 9}
	data.ConnectionInformation = nowhere
	data.Attributes = slices.DeleteFunc(data.Attributes, replaced)
	for _, a := range [][2]string{{"mid", dataMid}, {"ice-ufrag", o.ufrag}, {"ice-pwd", o.password}, {"fingerprint", o.fingerprint}} {
		data.Attributes = append(data.Attributes, sdp.Attribute{Key: a[0], Value: a[1]})
	}
	desc.Attributes = append(slices.DeleteFunc(desc.Attributes, replaced), sdp.Attribute{Key: "group", Value: "BUNDLE " + dataMid})
	desc.MediaDescriptions = []*sdp.MediaDescription{data}
	b, err := desc.Marshal()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSDP, err)
	}
	return string(b), nil
}

// dataMid is what the data channel's section is called towards pion.
const dataMid = "data"

var nowhere = &sdp.ConnectionInformation{NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: "0.0.0.0"}}

const (
	maxSections = 2*MaxSlots + 1
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

// replaced are the attributes that pion gets from here, or not at all.
func replaced(a sdp.Attribute) bool {
	switch a.Key {
	case "fingerprint", "ice-ufrag", "ice-pwd", "mid", "group", "bundle-only", "candidate", "end-of-candidates", "remote-candidates":
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

func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}
