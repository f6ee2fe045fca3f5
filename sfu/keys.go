package sfu

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/srtp/v3"
)

// exporter makes keys out of a peer's DTLS 1.2 handshake, in which the server is the DTLS server. pion gives keying
// material to its own SRTP alone; here it is derived from what its hooks show: the ServerHello, and the line with the
// master secret that is meant for a key log.
type exporter struct {
	mu      sync.Mutex // guards what follows
	suite   dtls.CipherSuiteID
	profile srtp.ProtectionProfile
	server  []byte // random
	client  []byte // random
	master  []byte // secret
}

var _ srtp.KeyingMaterialExporter = (*exporter)(nil)

var errHandshake = errors.New("sfu: the DTLS handshake has shown no keys")

// serverHello is pion's hook: it leaves the message as it is.
func (e *exporter) serverHello(m handshake.MessageServerHello) handshake.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	random := m.Random.MarshalFixed()
	e.server = random[:]
	if m.CipherSuiteID != nil {
		e.suite = dtls.CipherSuiteID(*m.CipherSuiteID)
	}
	for _, x := range m.Extensions {
		if use, ok := x.(*extension.UseSRTP); ok && len(use.ProtectionProfiles) == 1 {
			e.profile = srtp.ProtectionProfile(use.ProtectionProfiles[0])
		}
	}
	return &m
}

// Write takes a line of a key log: "CLIENT_RANDOM", the client's random, the master secret.
func (e *exporter) Write(line []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fields := bytes.Fields(line)
	if len(fields) != 3 || string(fields[0]) != "CLIENT_RANDOM" {
		return len(line), nil
	}
	client, err := hex.DecodeString(string(fields[1]))
	if err != nil {
		return len(line), nil
	}
	master, err := hex.DecodeString(string(fields[2]))
	if err != nil {
		return len(line), nil
	}
	e.client, e.master = client, master
	return len(line), nil
}

// ExportKeyingMaterial is RFC 5705 §4, without a context.
func (e *exporter) ExportKeyingMaterial(label string, _ []byte, length int) ([]byte, error) {
	if len(e.client) == 0 || len(e.server) == 0 || len(e.master) == 0 {
		return nil, errHandshake
	}
	seed := append(append([]byte(label), e.client...), e.server...)
	hash := sha256.New
	switch e.suite {
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		hash = sha512.New384
	}
	return prf.PHash(e.master, seed, length, hash)
}

// srtp gives the keys of RFC 5764 §4.2, and forgets the secret.
func (e *exporter) srtp() (srtp.Config, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := srtp.Config{Profile: e.profile}
	err := c.ExtractSessionKeysFromDTLS(e, false)
	clear(e.master)
	e.master = nil
	return c, err
}
