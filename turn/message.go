package turn

import (
	"crypto/sha1" //nolint:gosec // for its size
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// Attributes of requests and answers (RFC 8489, section 18.3; RFC 8656, section 18).
const (
	attrUsername           = 0x0006
	attrIntegrity          = 0x0008
	attrErrorCode          = 0x0009
	attrUnknown            = 0x000A
	attrChannelNumber      = 0x000C
	attrLifetime           = 0x000D
	attrXORPeer            = 0x0012
	attrData               = 0x0013
	attrRealm              = 0x0014
	attrNonce              = 0x0015
	attrXORRelayed         = 0x0016
	attrAddressFamily      = 0x0017
	attrEvenPort           = 0x0018
	attrRequestedTransport = 0x0019
	attrDontFragment       = 0x001A
	attrIntegrity256       = 0x001C
	attrAlgorithm          = 0x001D
	attrXORMapped          = 0x0020
	attrReservationToken   = 0x0022
	attrConnectionID       = 0x002A // RFC 6062
	attrAdditionalFamily   = 0x8000
	attrAddressError       = 0x8001
	attrAlgorithms         = 0x8002
	attrAlternateDomain    = 0x8003
	attrAlternateServer    = 0x8023
	attrAdditionalDraft    = 0x8032 // ADDITIONAL-ADDRESS-FAMILY to coturn before 4.8, Debian's among them: the number of the drafts
	attrFingerprint        = 0x8028
	attrMobilityTicket     = 0x8030 // RFC 8016, section 4
)

// Address families of REQUESTED-ADDRESS-FAMILY (RFC 8656, section 18.6).
const (
	family4 = 1
	family6 = 2
)

const (
	fingerprintXOR = 0x5354554e
	maxRequested   = 32 // peers in one CreatePermission; more get 508
)

// token names a reserved port.
type token [8]byte

// message is a request, taken apart. Its slices lie in raw; those of attributes that are missing are nil. What stands behind the integrity counts for
// nothing (RFC 8489, section 14.5).
type message struct {
	raw                    []byte
	kind                   uint16
	username, realm, nonce []byte
	algorithm, algorithms  []byte
	integrity              int // where the attribute begins in raw; 0 for none
	integrity256           int
	fingerprint            bool // there is one, and it is right
	malformed              bool // an attribute has a value that it cannot have

	transport  []byte
	lifetime   int // seconds; -1 for none
	peers      []netip.AddrPort
	tooMany    bool // peers
	channel    int  // 0 for none
	even, pair bool // EVEN-PORT, and its R bit
	token      token
	hasToken   bool
	family     byte
	additional byte
	connection uint32
	ticket     []byte   // of mobility; may be there and empty
	unknown    []uint16 // required to be understood, and not

	hasConnection bool
}

// parse takes a message apart whose head was checked. It reports false for what is to be dropped: attributes that do not fit, a wrong fingerprint, an
// integrity that cannot be one.
func (m *message) parse(b []byte) bool {
	*m = message{raw: b, kind: binary.BigEndian.Uint16(b), lifetime: -1, peers: m.peers[:0], unknown: m.unknown[:0]}
	right, at := true, stunHeader
	whole := attributes(b, func(kind uint16, v []byte) bool {
		switch {
		case kind == attrFingerprint:
			m.fingerprint = len(v) == 4 && at+8 == len(b) && binary.BigEndian.Uint32(v) == fingerprint(b[:at])
			right = m.fingerprint
		case m.integrity256 != 0:
		case kind == attrIntegrity256:
			m.integrity256 = at
			right = len(v) == sha256.Size // it may be shorter only where a usage says so, and TURN does not
		case m.integrity != 0:
		case kind == attrIntegrity:
			m.integrity = at
			right = len(v) == sha1.Size
		default:
			m.attribute(kind, v)
		}
		at += 4 + (len(v)+3)&^3
		return right
	})
	return whole && right
}

// fingerprint is the value of the attribute that follows b (RFC 8489, section 14.7).
func fingerprint(b []byte) uint32 { return crc32.ChecksumIEEE(b) ^ fingerprintXOR }

// attribute reads one in front of the integrity. The first of a repeated one counts.
func (m *message) attribute(kind uint16, v []byte) {
	text := func(to *[]byte) {
		if *to == nil {
			*to = v
		}
	}
	sized := func(n int) bool {
		m.malformed = m.malformed || len(v) != n
		return len(v) == n
	}
	switch kind {
	case attrUsername:
		text(&m.username)
	case attrRealm:
		text(&m.realm)
	case attrNonce:
		text(&m.nonce)
	case attrAlgorithm:
		text(&m.algorithm)
	case attrAlgorithms:
		text(&m.algorithms)
	case attrRequestedTransport:
		if sized(4) {
			text(&m.transport)
		}
	case attrLifetime:
		if sized(4) && m.lifetime < 0 {
			m.lifetime = int(min(binary.BigEndian.Uint32(v), 1<<30))
		}
	case attrXORPeer:
		peer, ok := xorAddress(v, m.raw)
		m.malformed = m.malformed || !ok
		if m.tooMany = m.tooMany || len(m.peers) == maxRequested; !m.tooMany {
			m.peers = append(m.peers, netip.AddrPortFrom(plain(peer.Addr()), peer.Port()))
		}
	case attrChannelNumber:
		if sized(4) && m.channel == 0 {
			m.channel = int(binary.BigEndian.Uint16(v))
		}
	case attrEvenPort:
		if sized(1) {
			m.even, m.pair = true, v[0]&0x80 != 0
		}
	case attrReservationToken:
		if sized(8) {
			m.token, m.hasToken = token(v), true
		}
	case attrConnectionID:
		if sized(4) && !m.hasConnection {
			m.connection, m.hasConnection = binary.BigEndian.Uint32(v), true
		}
	case attrAddressFamily:
		if sized(4) {
			m.family = v[0]
		}
	case attrMobilityTicket:
		text(&m.ticket)
	case attrAdditionalFamily, attrAdditionalDraft:
		if sized(4) {
			m.additional = v[0]
		}
	default: // DONT-FRAGMENT among them
		if kind < 0x8000 && len(m.unknown) < 8 {
			m.unknown = append(m.unknown, kind)
		}
	}
}

// id is the transaction id.
func (m *message) id() [12]byte { return [12]byte(m.raw[8:20]) }
