package sfu

import (
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// newSettings is what all peers have in common.
func newSettings(cfg Config, e *endpoints, log logging.LoggerFactory) webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.LoggerFactory = log
	s.SetNet(e.net)
	s.SetLite(true)
	s.SetICEUseCandidateCheckPriority(true) // see choosePair
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if e.tcp != nil {
		types = append(types, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	s.SetNetworkTypes(types)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.DisableActiveTCP(true)
	s.SetICETimeouts(cfg.Disconnected, cfg.Failed-cfg.Disconnected, 2*time.Second)
	// The browser speaks first, as soon as ICE lets it. A HelloVerifyRequest would cost a round trip and prove little, since
	// ICE may move the cookie's owner to another address; package udp bounds what goes to an address that is not proven.
	_ = s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer)
	s.SetDTLSInsecureSkipHelloVerify(true)
	s.SetSRTPProtectionProfiles(
		dtls.SRTP_AEAD_AES_128_GCM,
		dtls.SRTP_AEAD_AES_256_GCM,
		dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	)
	s.DetachDataChannels()
	s.SetSCTPMaxMessageSize(uint32(cfg.MaxMessage))
	s.SetSCTPMaxReceiveBufferSize(uint32(max(8*cfg.MaxMessage, 128<<10)))
	s.EnableSctpSnap(true)
	return s
}
