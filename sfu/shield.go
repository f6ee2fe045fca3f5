package sfu

import (
	"encoding/binary"
	"io"
	"slices"
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// Distances within which packets may come out of order (RFC 3711 §3.3.2). Retransmissions come under the original
// sequence numbers.
const (
	rtpReplay  = 1024
	rtcpReplay = 64
)

// maxTag is what protection adds at most, in bytes: tag and index.
const maxTag = 20

// shield is the SRTP of a peer. Its keys are used nowhere else: a packet index may protect one packet only. Contexts are
// made at the first packet, so that a waiting peer does without.
type shield struct {
	keys srtp.Config

	in struct {
		mu      sync.Mutex // guards what follows
		context *srtp.Context
		header  rtp.Header
		sources []uint32 // SSRCs that have sent packets or reports
	}
	out struct {
		mu      sync.Mutex // guards what follows
		context *srtp.Context
		header  rtp.Header
	}
}

// open makes the context for what comes, if need be. The caller holds in.mu.
func (s *shield) open() (c *srtp.Context, err error) {
	if s.in.context == nil {
		s.in.context, err = srtp.CreateContext(s.keys.Keys.RemoteMasterKey, s.keys.Keys.RemoteMasterSalt, s.keys.Profile,
			srtp.SRTPReplayProtection(rtpReplay), srtp.SRTCPReplayProtection(rtcpReplay))
	}
	return s.in.context, err
}

// seal makes the context for what goes, if need be. The caller holds out.mu.
func (s *shield) seal() (c *srtp.Context, err error) {
	if s.out.context == nil {
		s.out.context, err = srtp.CreateContext(s.keys.Keys.LocalMasterKey, s.keys.Keys.LocalMasterSalt, s.keys.Profile)
	}
	return s.out.context, err
}

// openRTP decrypts a packet in place. sources is how many SSRCs have sent, this one included.
func (s *shield) openRTP(b []byte) (packet []byte, sources int, err error) {
	in := &s.in
	in.mu.Lock()
	defer in.mu.Unlock()
	context, err := s.open()
	if err != nil {
		return nil, 0, err
	}
	if packet, err = context.DecryptRTP(b, b, &in.header); err != nil {
		return nil, 0, err
	}
	return packet, s.noted(in.header.SSRC), nil
}

// openRTCP decrypts a compound packet in place.
func (s *shield) openRTCP(b []byte) (packets []byte, sources int, err error) {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	context, err := s.open()
	if err != nil {
		return nil, 0, err
	}
	if packets, err = context.DecryptRTCP(b, b, nil); err != nil {
		return nil, 0, err
	}
	return packets, s.noted(binary.BigEndian.Uint32(packets[4:])), nil
}

func (s *shield) noted(ssrc uint32) int {
	if !slices.Contains(s.in.sources, ssrc) {
		s.in.sources = append(s.in.sources, ssrc)
	}
	return len(s.in.sources)
}

// sealRTP makes the protected packet in room, which must have the capacity.
func (s *shield) sealRTP(room []byte, h *rtp.Header, payload []byte) ([]byte, error) {
	if h.MarshalSize()+len(payload)+maxTag > cap(room) {
		return nil, io.ErrShortBuffer
	}
	n, err := h.MarshalTo(room[:cap(room)])
	if err != nil {
		return nil, err
	}
	plain := append(room[:n], payload...)
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	context, err := s.seal()
	if err != nil {
		return nil, err
	}
	return context.EncryptRTP(plain, plain, &s.out.header)
}

// sealRTCP makes the protected packets in room, which must have the capacity.
func (s *shield) sealRTCP(room, packets []byte) ([]byte, error) {
	if len(packets)+maxTag > cap(room) {
		return nil, io.ErrShortBuffer
	}
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	context, err := s.seal()
	if err != nil {
		return nil, err
	}
	return context.EncryptRTCP(room, packets, nil)
}
