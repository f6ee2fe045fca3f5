// Package mediaway is how a media client that is nothing else comes to a server: one ICE check (RFC 8445), DTLS, and the SRTP keys of it
// (RFC 5764).
package mediaway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
)

// Check makes the check of a controlling client that nominates its only pair.
func Check(serverUfrag, serverPassword, ufrag string) ([]byte, error) {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(serverUfrag+":"+ufrag),
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.RawAttribute{Type: stun.AttrICEControlling, Length: 8, Value: make([]byte, 8)},
		stun.RawAttribute{Type: stun.AttrPriority, Length: 4, Value: []byte{0x6e, 0xff, 0xff, 0xff}},
		stun.NewShortTermIntegrity(serverPassword), stun.Fingerprint)
	if err != nil {
		return nil, err
	}
	return m.Raw, nil
}

// Knock sends a check until it is answered.
func Knock(udp *net.UDPConn, at *net.UDPAddr, check []byte) error {
	buf := make([]byte, 1500)
	for try := 0; ; try++ {
		if _, err := udp.WriteTo(check, at); err != nil {
			return err
		}
		_ = udp.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if n, err := udp.Read(buf); err == nil && n > 2 && buf[0] == 1 {
			return udp.SetReadDeadline(time.Time{})
		} else if errors.Is(err, net.ErrClosed) || try == 50 {
			return errors.New("no answer to a check")
		}
	}
}

// Keys does DTLS over a connection and makes of its keys what seals and what opens SRTP. What is repeated is opened again.
func Keys(over net.PacketConn, at *net.UDPAddr, own tls.Certificate) (seal, open *srtp.Context, err error) {
	conn, err := dtls.ClientWithOptions(over, at, dtls.WithCertificates(own), dtls.WithInsecureSkipVerify(true), // the load knows its server
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM))
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, fmt.Errorf("DTLS: %w", err)
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, nil, errors.New("DTLS has no state")
	}
	keys := srtp.Config{Profile: srtp.ProtectionProfileAeadAes128Gcm}
	if err := keys.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return nil, nil, err
	}
	if seal, err = srtp.CreateContext(keys.Keys.LocalMasterKey, keys.Keys.LocalMasterSalt, keys.Profile); err != nil {
		return nil, nil, err
	}
	open, err = srtp.CreateContext(keys.Keys.RemoteMasterKey, keys.Keys.RemoteMasterSalt, keys.Profile, srtp.SRTPNoReplayProtection())
	return seal, open, err
}
