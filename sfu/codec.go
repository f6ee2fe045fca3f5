package sfu

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"passerby/sfu/internal/stream"
)

// codecs are those of each kind that are forwarded; the first is what every browser must have. For these alone it is defined
// what of a frame browsers leave clear.
var codecs = [2][]struct {
	name string // as in an rtpmap
	want string // a parameter that it must have; "" is any
	lack string // what stands for that parameter when it is left out
}{
	{{name: "opus/48000/2"}},
	{ // by stream.Codec
		{name: "VP8/90000"},
		{name: "VP9/90000", want: "profile-id=0", lack: "profile-id="},
		{name: "AV1/90000", want: "profile=0", lack: "profile="},
		{name: "H264/90000", want: "packetization-mode=1"},
	},
}

// feedbacks are those that the server sends or answers (RFC 4585, RFC 5104).
var feedbacks = [2][]string{
	{"transport-cc"},
	{"transport-cc", "goog-remb", "ccm fir", "nack", "nack pli"},
}

const (
	transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	streamRID   = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	repairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
)

// codec is what an offer says of a codec.
type codec struct {
	id       stream.Codec // of video
	payload  uint8        // type
	rtx      uint8        // payload type of its retransmissions (RFC 4588); 0 is none
	fmtp     string       // its parameters
	feedback []string     // those of the server's that the browser has, too
}

// headers are the ids of header extensions; 0 is none.
type headers struct {
	twcc  uint8 // transport-wide sequence number
	level uint8 // audio level (RFC 6464)
	rid   uint8 // which encoding a packet is of (RFC 8852)
	rrid  uint8 // which one it repeats
}

// findCodecs looks for the codecs of a kind, the one that every browser must have first.
func findCodecs(m *sdp.MediaDescription, kind int) (found []codec) {
	for id := range codecs[kind] {
		if c, ok := findCodec(m, kind, id); ok {
			found = append(found, c)
		} else if id == 0 {
			return nil
		}
	}
	return found
}

func findCodec(m *sdp.MediaDescription, kind, id int) (c codec, ok bool) {
	wanted := &codecs[kind][id]
	for _, format := range m.MediaName.Formats {
		for _, a := range m.Attributes {
			if name, is := of(a, "rtpmap", format); !is || !strings.EqualFold(name, wanted.name) {
				continue
			}
			payload, err := strconv.ParseUint(format, 10, 7)
			if err != nil || !suits(m, format, wanted.want, wanted.lack) {
				continue
			}
			c.id, c.payload, ok = stream.Codec(id), uint8(payload), true
			c.describe(m, kind, format)
			if kind == video {
				c.rtx = findRTX(m, format)
			}
			return c, true
		}
	}
	return c, false
}

// suits says whether a format has the parameter, or nothing in its place where that means the same.
func suits(m *sdp.MediaDescription, format, want, lack string) bool {
	if want == "" || hasParameter(m, format, want) {
		return true
	}
	if lack == "" {
		return false
	}
	for _, a := range m.Attributes {
		if v, is := of(a, "fmtp", format); is && strings.Contains(";"+strings.ReplaceAll(v, " ", ""), ";"+lack) {
			return false
		}
	}
	return true
}

// findRTX looks for the format of another one's retransmissions; 0 is none.
func findRTX(m *sdp.MediaDescription, of string) uint8 {
	for _, a := range m.Attributes {
		format, name, _ := strings.Cut(a.Value, " ")
		if a.Key != "rtpmap" || !strings.EqualFold(name, "rtx/90000") || !slices.Contains(m.MediaName.Formats, format) {
			continue
		}
		payload, err := strconv.ParseUint(format, 10, 7)
		if err == nil && format != of && hasParameter(m, format, "apt="+of) {
			return uint8(payload)
		}
	}
	return 0
}

func hasParameter(m *sdp.MediaDescription, format, parameter string) bool {
	for _, a := range m.Attributes {
		if v, is := of(a, "fmtp", format); is {
			for p := range strings.SplitSeq(v, ";") {
				if strings.TrimSpace(p) == parameter {
					return true
				}
			}
		}
	}
	return false
}

// describe reads what belongs to the codec's format.
func (c *codec) describe(m *sdp.MediaDescription, kind int, format string) {
	for _, a := range m.Attributes {
		if v, is := of(a, "fmtp", format); is && c.fmtp == "" {
			c.fmtp = v
		}
		v, is := of(a, "rtcp-fb", format)
		if !is {
			v, is = of(a, "rtcp-fb", "*")
		}
		if is && slices.Contains(feedbacks[kind], v) && !slices.Contains(c.feedback, v) {
			c.feedback = append(c.feedback, v)
		}
	}
}

// findHeaders reads which ids the header extensions of ours have.
func findHeaders(m *sdp.MediaDescription) (h headers) {
	for _, a := range m.Attributes {
		if a.Key != "extmap" {
			continue
		}
		id, uri, _ := strings.Cut(a.Value, " ")
		id, _, _ = strings.Cut(id, "/") // a direction
		n, err := strconv.ParseUint(id, 10, 8)
		if err != nil || n == 0 || n > 14 { // up to 14 its header takes one byte (RFC 8285 §4.2)
			continue
		}
		switch strings.TrimSpace(uri) {
		case transportCC:
			h.twcc = uint8(n)
		case audioLevel:
			h.level = uint8(n)
		case streamRID:
			h.rid = uint8(n)
		case repairedRID:
			h.rrid = uint8(n)
		}
	}
	return h
}

// of gives what an attribute says of a format.
func of(a sdp.Attribute, key, format string) (value string, ok bool) {
	if a.Key != key {
		return "", false
	}
	first, rest, _ := strings.Cut(a.Value, " ")
	return strings.TrimSpace(rest), first == format
}

// payloads says what the payload types and header extension ids of a peer mean.
type payloads struct {
	kind  [128]int8         // audio, video, or -1
	codec [128]stream.Codec // of video
	apt   [128]uint8        // of retransmissions: the payload type of what they repeat; else 0
	twcc  [2]uint8          // by kind
	level uint8             // of audio, where it is asked for
	rid   uint8             // of video in several encodings
	rrid  uint8             // of their retransmissions
}

func (o *offer) payloads() *payloads {
	p := &payloads{}
	for i := range p.kind {
		p.kind[i] = -1
	}
	for kind := range codecs {
		s := o.of(kind)
		if s == nil {
			continue
		}
		for _, c := range s.codecs {
			p.kind[c.payload], p.codec[c.payload] = int8(kind), c.id
		}
		for _, c := range s.codecs {
			if c.rtx != 0 && p.kind[c.rtx] < 0 {
				p.kind[c.rtx], p.codec[c.rtx], p.apt[c.rtx] = int8(kind), c.id, c.payload
			}
		}
		p.twcc[kind] = s.headers.twcc
		p.level = max(p.level, s.headers.level)
		if len(s.rids) > 0 {
			p.rid, p.rrid = s.headers.rid, s.headers.rrid
		}
	}
	return p
}
