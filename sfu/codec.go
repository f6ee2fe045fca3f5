package sfu

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// codecs are those that are forwarded, one of each kind: the clear bytes of a frame are defined for these alone.
var codecs = [2]struct {
	name     string   // as in an rtpmap
	feedback []string // that the server sends or answers (RFC 4585, RFC 5104)
}{
	{"opus/48000/2", []string{"transport-cc"}},
	{"VP8/90000", []string{"transport-cc", "goog-remb", "ccm fir", "nack", "nack pli"}},
}

const transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

// codec is what an offer says of a codec.
type codec struct {
	payload  uint8    // type
	fmtp     string   // its parameters
	feedback []string // those of the server's that the browser has, too
	twcc     uint8    // id of the transport-wide sequence number; 0 is none
	rtx      uint8    // payload type of its retransmissions (RFC 4588); 0 is none
	level    uint8    // id of the audio level (RFC 6464); 0 is none
}

// findCodec looks for the codec of a kind. ok is false when the browser does not offer it.
func findCodec(m *sdp.MediaDescription, kind int) (c codec, ok bool) {
	for _, format := range m.MediaName.Formats {
		for _, a := range m.Attributes {
			if name, is := of(a, "rtpmap", format); !is || !strings.EqualFold(name, codecs[kind].name) {
				continue
			}
			payload, err := strconv.ParseUint(format, 10, 7)
			if err != nil {
				continue
			}
			c.payload, ok = uint8(payload), true
			c.describe(m, kind, format)
			if kind == video {
				c.rtx = findRTX(m, format)
			}
			return c, true
		}
	}
	return c, false
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
		if is && slices.Contains(codecs[kind].feedback, v) && !slices.Contains(c.feedback, v) {
			c.feedback = append(c.feedback, v)
		}
		c.extension(a)
	}
}

// extension reads which id a header extension of ours has.
func (c *codec) extension(a sdp.Attribute) {
	if a.Key != "extmap" {
		return
	}
	id, uri, _ := strings.Cut(a.Value, " ")
	id, _, _ = strings.Cut(id, "/") // a direction
	n, err := strconv.ParseUint(id, 10, 8)
	if err != nil || n == 0 || n > 14 { // up to 14 its header takes one byte (RFC 8285 §4.2)
		return
	}
	switch strings.TrimSpace(uri) {
	case transportCC:
		c.twcc = uint8(n)
	case audioLevel:
		c.level = uint8(n)
	}
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
	kind  [128]int8 // audio, video, or -1
	twcc  [2]uint8  // by kind
	rtx   uint8     // of video's retransmissions; 0 is none
	level uint8     // of audio, where it is asked for
}

func (o *offer) payloads() *payloads {
	p := &payloads{}
	for i := range p.kind {
		p.kind[i] = -1
	}
	for kind := range codecs {
		if s := o.of(kind); s != nil {
			p.kind[s.codec.payload] = int8(kind)
			p.twcc[kind] = s.codec.twcc
			if s.codec.rtx != 0 && p.kind[s.codec.rtx] < 0 {
				p.kind[s.codec.rtx], p.rtx = int8(kind), s.codec.rtx
			}
			p.level = max(p.level, s.codec.level)
		}
	}
	return p
}
