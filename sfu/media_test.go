package sfu_test

import (
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/pion/webrtc/v4"

	"passerby/sfu"
)

// Whatever DTLS agrees on, keys are the same on both sides, and each has its own.
func TestProfiles(t *testing.T) {
	s, events := mustListen(t, func(c *sfu.Config) { c.TCP = "127.0.0.1:0" })
	a := mustJoin(t, s, events, "a", clientOptions{})
	for name, o := range map[string]clientOptions{
		"AES-128-GCM": {settings: func(e *webrtc.SettingEngine) { e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM) }},
		"AES-256-GCM": {settings: func(e *webrtc.SettingEngine) { e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_256_GCM) }},
		"AES-CM-SHA1": {settings: func(e *webrtc.SettingEngine) { e.SetSRTPProtectionProfiles(dtls.SRTP_AES128_CM_HMAC_SHA1_80) }},
		"SHA-384":     {settings: func(e *webrtc.SettingEngine) { e.SetDTLSCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384) }},
		"SHA-256":     {settings: func(e *webrtc.SettingEngine) { e.SetDTLSCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256) }},
		"over TCP":    {tcpOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := mustJoin(t, s, events, name, o)
			s.Route(name, "a", 0)
			s.Route("a", name, 0)
			a.sendVideo(true, key1, 'a', 2)
			a.sendAudio(key1, 'A')
			b.sendVideo(true, key2, 'b', 2)
			if p := b.next(true); p.tag() != 'a' {
				t.Errorf("video %q", p.tag())
			}
			if p := b.next(false); p.tag() != 'A' {
				t.Errorf("audio %q", p.tag())
			}
			if p := a.next(true); p.tag() != 'b' {
				t.Errorf("video back %q", p.tag())
			}
			b.awaitPLI() // reports are protected, too
			for len(a.packets[0])+len(a.packets[1]) > 0 {
				a.next(len(a.packets[1]) > 0)
			}
		})
	}
}
