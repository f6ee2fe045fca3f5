package link

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
)

// exportLabel names the frame keys (RFC 5705): client's key, server's key, client's salt, server's salt.
const exportLabel = "EXPERIMENTAL-passerby-link"

var (
	errRule    = errors.New("the larger name does not dial")
	errName    = errors.New("not a name")
	errAnother = errors.New("another node answers there, or one with another secret")
)

// shake makes a link over p. The other node is node when this one dials, else whoever proves to be one.
func (s *Server) shake(ctx context.Context, p *pipe, node string) (*Link, error) {
	ctx, cancel := context.WithTimeout(ctx, shakeTimeout)
	defer cancel()
	var (
		conn *dtls.Conn
		err  error
	)
	if p.dialed {
		conn, err = dtls.ClientWithOptions(p, p.addr(), s.client(node)...)
	} else {
		conn, err = dtls.ServerWithOptions(p, p.addr(), s.server()...)
	}
	if err != nil {
		return nil, fmt.Errorf("link: handshake: %w", err)
	}
	fail := func(err error) (*Link, error) {
		_ = conn.Close()
		return nil, fmt.Errorf("link: handshake: %w", err)
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		return fail(err)
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return fail(errors.New("no state"))
	}
	if !p.dialed {
		node = string(state.IdentityHint)
	}
	keys, err := state.ExportKeyingMaterial(exportLabel, nil, 2*(keySize+saltSize))
	if err != nil {
		return fail(err)
	}
	l, err := newLink(s, p, conn, node, keys)
	if err != nil {
		return fail(err)
	}
	return l, nil
}

// options are those of both sides. The suite gives forward secrecy, so that a secret
// that leaks opens no call of the past.
func (s *Server) options() []dtls.Option {
	return []dtls.Option{
		dtls.WithCipherSuites(dtls.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithFlightInterval(flightGap),
		dtls.WithLoggerFactory(quiet{}),
	}
}

// client dials as its own name: the secret is that of the pair in this order. The
// server's hint only lets a mistake end at once, instead of in silence.
func (s *Server) client(node string) (all []dtls.ClientOption) {
	for _, o := range s.options() {
		all = append(all, o)
	}
	return append(all,
		dtls.WithPSKIdentityHint([]byte(s.cfg.Name)),
		dtls.WithPSK(func(hint []byte) ([]byte, error) {
			if !bytes.Equal(hint, hintOf(s.cfg.Secret, node)) {
				return nil, errAnother
			}
			return pairSecret(s.cfg.Secret, s.cfg.Name, node)
		}))
}

func (s *Server) server() (all []dtls.ServerOption) {
	for _, o := range s.options() {
		all = append(all, o)
	}
	return append(all, dtls.WithPSKIdentityHint(hintOf(s.cfg.Secret, s.cfg.Name)), dtls.WithPSK(func(name []byte) ([]byte, error) {
		switch {
		case len(name) == 0 || len(name) > MaxName:
			return nil, errName
		case string(name) >= s.cfg.Name:
			return nil, errRule
		}
		return pairSecret(s.cfg.Secret, string(name), s.cfg.Name)
	}))
}

// pairSecret is what only these two nodes, in these roles, have in common.
func pairSecret(secret []byte, client, server string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("passerby link %d %s %s", len(client), client, server), 32)
}

// hintOf names a node to those who know the secret, and says nothing to others.
func hintOf(secret []byte, name string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("passerby link name " + name))
	return mac.Sum(nil)[:8]
}

// quiet is pion's log, which nobody needs: an error ends the handshake and is told there.
type quiet struct{}

func (quiet) NewLogger(string) logging.LeveledLogger { return quiet{} }
func (quiet) Trace(string)                           {}
func (quiet) Tracef(string, ...any)                  {}
func (quiet) Debug(string)                           {}
func (quiet) Debugf(string, ...any)                  {}
func (quiet) Info(string)                            {}
func (quiet) Infof(string, ...any)                   {}
func (quiet) Warn(string)                            {}
func (quiet) Warnf(string, ...any)                   {}
func (quiet) Error(string)                           {}
func (quiet) Errorf(string, ...any)                  {}
