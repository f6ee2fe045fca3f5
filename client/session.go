package client

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"passerby/internal/identity"
	"passerby/internal/proof"
	"passerby/signaling/protocol"
)

const (
	patience  = 10 * time.Second // with one request
	maxProofs = 3                // puzzles solved for one session
	maxAnswer = 64 << 10
)

// requestSession asks for a session, and solves the puzzle if the server wants that.
func (c *Config) requestSession(ctx context.Context) (*protocol.SessionAnswer, error) {
	var offset time.Duration // of the server's clock from ours
	var solved *protocol.Proof
	for puzzles := 0; ; {
		answer, refused, date, err := c.askSession(ctx, time.Now().Add(offset), solved)
		switch {
		case err != nil:
			return nil, err
		case answer != nil:
			return answer, nil
		case refused.Error.Code == protocol.DeviceInvalid && offset == 0 && !date.IsZero():
			offset = time.Until(date)
			continue
		case refused.Challenge == nil || puzzles == maxProofs:
			return nil, &RefusedError{Status: refused.status, Reason: *refused.Error, Ban: refused.Ban, AgeURL: refused.AgeURL}
		}
		puzzles++
		var ok bool
		if solved, ok = proof.Solve(refused.Challenge); !ok {
			return nil, fmt.Errorf("the server's puzzle has no solution")
		}
	}
}

type refusal struct {
	protocol.ErrorAnswer
	status int
}

func (c *Config) askSession(ctx context.Context, at time.Time, solved *protocol.Proof) (*protocol.SessionAnswer, *refusal, time.Time, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	question := protocol.SessionRequest{Adult: c.Adult, AgeToken: c.AgeToken, Proof: solved}
	if c.Device != nil {
		if question.Device, err = sign(c.Device, u.Host, at); err != nil {
			return nil, nil, time.Time{}, fmt.Errorf("sign with the device's key: %w", err)
		}
	}
	body, err := json.Marshal(question)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address("/v1/session"), bytes.NewReader(body))
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	for name, values := range c.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DialContext: c.Dial, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
	answer, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, nil, time.Time{}, fmt.Errorf("ask for a session: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, nil, time.Time{}, fmt.Errorf("ask for a session: %w", err)
	}
	date, _ := http.ParseTime(answer.Header.Get("Date"))
	if answer.StatusCode == http.StatusOK {
		session := &protocol.SessionAnswer{}
		if err := json.Unmarshal(raw, session); err != nil || session.Token == "" {
			return nil, nil, date, fmt.Errorf("ask for a session: what answers is no Passerby server (HTTP %d)", answer.StatusCode)
		}
		return session, nil, date, nil
	}
	refused, err := readRefusal(answer.StatusCode, raw)
	return nil, refused, date, err
}

func readRefusal(status int, raw []byte) (*refusal, error) {
	r := &refusal{status: status}
	if err := json.Unmarshal(raw, &r.ErrorAnswer); err != nil || r.Error == nil {
		return nil, fmt.Errorf("HTTP %d, and not from a Passerby server: look at the address and at what stands before it", status)
	}
	return r, nil
}

// address is that of a path on the server.
func (c *Config) address(path string) string { return strings.TrimSuffix(c.URL, "/") + path }

// sign shows a device's key (docs/protocol.md#device).
func sign(key *ecdsa.PrivateKey, host string, at time.Time) (*protocol.Device, error) {
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	encode := base64.RawURLEncoding.EncodeToString
	d := &protocol.Device{Key: encode(public), At: at.UnixMilli(), Nonce: encode(nonce)}
	digest := sha256.Sum256(identity.Message(*d, host))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	d.Signature = encode(raw)
	return d, nil
}

// connect opens the WebSocket.
func (c *Config) connect(ctx context.Context) (*websocket.Conn, error) {
	d := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience, NetDialContext: c.Dial,
		Proxy: http.ProxyFromEnvironment, ReadBufferSize: 1024, WriteBufferSize: 1024,
	}
	socket, answer, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(c.address("/v1/ws"), "http"), c.Header)
	if err == nil {
		_ = answer.Body.Close()
		socket.SetReadLimit(maxFrame)
		return socket, nil
	}
	if answer != nil && answer.StatusCode >= 400 {
		defer func() { _ = answer.Body.Close() }()
		raw, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
		if r, err := readRefusal(answer.StatusCode, raw); err == nil {
			return nil, &RefusedError{Status: r.status, Reason: *r.Error}
		}
	}
	return nil, fmt.Errorf("open the WebSocket: %w", err)
}

// maxFrame is the largest frame that a server sends, with room for what later versions add.
const maxFrame = 256 << 10
