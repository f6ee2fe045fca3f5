package sfu

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// streamID groups the audio and video of a slot for lip sync.
func streamID(slot int) string {
	if slot == 0 {
		return "partner"
	}
	return "partner-" + strconv.Itoa(slot)
}

// source is what a browser receives of a kind: the SSRC, and that of the packets sent again. 0 is nothing.
type source struct{ ssrc, repair uint32 }

// answer makes the answer to an offer out of pion's, which is about the data channel alone. ssrcs are those of what
// the browser receives. The server's candidates are in the first section of the bundle, so that one
// exchange is enough.
func (o *offer) answer(pion string, ssrcs sources, udp, tcp []netip.AddrPort) (string, error) {
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(pion); err != nil || len(desc.MediaDescriptions) != 1 {
		return "", fmt.Errorf("sfu: own answer: %d sections, %w", len(desc.MediaDescriptions), err)
	}
	data := desc.MediaDescriptions[0]
	data.Attributes = slices.DeleteFunc(data.Attributes, func(a sdp.Attribute) bool {
		return a.Key == "mid" || strings.HasSuffix(a.Key, "candidate") || a.Key == "end-of-candidates"
	})
	transport := slices.DeleteFunc(slices.Clone(data.Attributes), func(a sdp.Attribute) bool {
		return a.Key != "setup" && a.Key != "ice-ufrag" && a.Key != "ice-pwd"
	})
	var mids []string
	desc.MediaDescriptions = nil
	for i := range o.sections {
		s := &o.sections[i]
		m := data
		switch {
		case s.rejected:
			m = s.refusal()
		case s.kind == application:
			m.Attributes = append([]sdp.Attribute{{Key: "mid", Value: s.mid}}, m.Attributes...)
		default:
			m = s.agreed(transport, ssrcs[s.slot][s.kind])
		}
		if !s.rejected {
			if len(mids) == 0 {
				m.Attributes = append(m.Attributes, candidates(udp, tcp)...)
			}
			mids = append(mids, s.mid)
		}
		desc.MediaDescriptions = append(desc.MediaDescriptions, m)
	}
	for i, a := range desc.Attributes {
		if a.Key == "group" {
			desc.Attributes[i].Value = "BUNDLE " + strings.Join(mids, " ")
		}
	}
	b, err := desc.Marshal()
	return string(b), err
}

// refusal answers a section that is not used.
func (s *section) refusal() *sdp.MediaDescription {
	m := &sdp.MediaDescription{MediaName: s.name, ConnectionInformation: nowhere, Attributes: []sdp.Attribute{{Key: "inactive"}}}
	m.MediaName.Port = sdp.RangedPort{}
	if s.mid != "" {
		m.WithValueAttribute("mid", s.mid)
	}
	return m
}

// agreed answers a section of audio or video.
func (s *section) agreed(transport []sdp.Attribute, from source) *sdp.MediaDescription {
	m := &sdp.MediaDescription{MediaName: s.name, ConnectionInformation: nowhere, Attributes: slices.Clone(transport)}
	m.MediaName.Port = sdp.RangedPort{Value: 9}
	m.MediaName.Formats = nil
	m.WithValueAttribute("mid", s.mid)
	m.WithPropertyAttribute("rtcp-mux")
	m.WithPropertyAttribute("rtcp-rsize")
	if s.headers.twcc != 0 {
		m.WithValueAttribute("extmap", strconv.Itoa(int(s.headers.twcc))+" "+transportCC)
	}
	if s.headers.level != 0 {
		m.WithValueAttribute("extmap", strconv.Itoa(int(s.headers.level))+" "+audioLevel)
	}
	if len(s.rids) > 0 {
		m.WithValueAttribute("extmap", strconv.Itoa(int(s.headers.rid))+" "+streamRID)
		if s.headers.rrid != 0 {
			m.WithValueAttribute("extmap", strconv.Itoa(int(s.headers.rrid))+" "+repairedRID)
		}
		for _, rid := range s.rids {
			m.WithValueAttribute("rid", rid+" recv")
		}
		m.WithValueAttribute("simulcast", "recv "+strings.Join(s.rids, ";"))
	}
	again := false
	for i := range s.codecs {
		c := &s.codecs[i]
		s.agreedCodec(m, c)
		again = again || c.rtx != 0
	}
	sends := s.receives && from.ssrc != 0
	if sends {
		stream := streamID(s.slot)
		id := stream + " " + kindNames[s.kind]
		ssrcs := []uint32{from.ssrc}
		if again && from.repair != 0 {
			m.WithValueAttribute("ssrc-group", fmt.Sprintf("FID %d %d", from.ssrc, from.repair))
			ssrcs = append(ssrcs, from.repair)
		}
		for _, ssrc := range ssrcs {
			m.WithValueAttribute("ssrc", fmt.Sprintf("%d cname:%s", ssrc, stream))
			m.WithValueAttribute("ssrc", fmt.Sprintf("%d msid:%s", ssrc, id))
		}
		m.WithValueAttribute("msid", id)
	}
	return m.WithPropertyAttribute(direction(sends, s.sends))
}

// agreedCodec adds a codec to the answer, and its retransmissions.
func (s *section) agreedCodec(m *sdp.MediaDescription, c *codec) {
	format := strconv.Itoa(int(c.payload))
	m.MediaName.Formats = append(m.MediaName.Formats, format)
	m.WithValueAttribute("rtpmap", format+" "+codecs[s.kind][c.id].name)
	if fmtp := s.parameters(c); fmtp != "" {
		m.WithValueAttribute("fmtp", format+" "+fmtp)
	}
	for _, feedback := range c.feedback {
		m.WithValueAttribute("rtcp-fb", format+" "+feedback)
	}
	if c.rtx != 0 {
		again := strconv.Itoa(int(c.rtx))
		m.MediaName.Formats = append(m.MediaName.Formats, again)
		m.WithValueAttribute("rtpmap", again+" rtx/90000")
		m.WithValueAttribute("fmtp", again+" apt="+format)
	}
}

// parameters are those of the codec in an answer. Opus (RFC 7587 §6.1): the browser repairs single losses by itself (FEC,
// which it sends when the reports tell of losses), and sends next to nothing while nobody speaks (DTX).
func (s *section) parameters(c *codec) string {
	fmtp := c.fmtp
	if s.kind != audio {
		return fmtp
	}
	for _, p := range []string{"useinbandfec=1", "usedtx=1"} {
		if name, _, _ := strings.Cut(p, "="); !strings.Contains(fmtp, name) {
			fmtp = strings.TrimPrefix(fmtp+";"+p, ";")
		}
	}
	return fmtp
}

func direction(sends, receives bool) string {
	switch {
	case sends && receives:
		return "sendrecv"
	case sends:
		return "sendonly"
	case receives:
		return "recvonly"
	}
	return "inactive"
}

// candidates are the server's addresses as host candidates (RFC 8839 §5.1, RFC 6544 §4.5).
func candidates(udp, tcp []netip.AddrPort) (out []sdp.Attribute) {
	add := func(transport string, a netip.AddrPort, local int, suffix string) {
		out = append(out, sdp.Attribute{Key: "candidate", Value: fmt.Sprintf("%d 1 %s %d %s %d typ host%s",
			len(out)+1, transport, priority(local), a.Addr(), a.Port(), suffix)})
	}
	for i, a := range udp {
		add("udp", a, 65535-i, "")
	}
	for i, a := range tcp {
		add("tcp", a, 16383-i, " tcptype passive")
	}
	return append(out, sdp.Attribute{Key: "end-of-candidates"})
}

// priority of a host candidate, RFC 8445 §5.1.2.1.
func priority(local int) uint32 { return 126<<24 | uint32(local)<<8 | 255 }
