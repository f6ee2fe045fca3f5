package protocol

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// Content is what a text says, where the server reads it.
type Content struct {
	// Kind is "text", or "gap" for a number under which nothing is said.
	Kind string `json:"kind"`
	Text string `json:"text"`
	// KF opens the commitment: base64url of 32 bytes.
	KF string `json:"kf"`
}

// IsClear says that a text that Parse has accepted is not encrypted.
func (m *Text) IsClear() bool {
	body, err := m.decode()
	return err == nil && body[0] == bodyClear
}

// Content answers what a clear text says. Its commitment opens: what is read here is what a report can prove.
func (m *Text) Content() (Content, error) {
	var c Content
	body, err := m.decode()
	if err != nil {
		return c, err
	}
	plain := body[1+CommitmentSize:]
	if body[0] != bodyClear || !utf8.Valid(plain) || json.Unmarshal(plain, &c) != nil {
		return Content{}, problem("body", "not a message in clear")
	}
	kf, err := base64.RawURLEncoding.Strict().DecodeString(c.KF)
	if err != nil || len(kf) != CommitmentSize {
		return Content{}, problem("body", "kf is not base64url of %d bytes", CommitmentSize)
	}
	mac := hmac.New(sha256.New, kf)
	mac.Write([]byte(c.Text))
	switch {
	case !hmac.Equal(mac.Sum(nil), body[1:1+CommitmentSize]):
		return Content{}, problem("body", "the commitment does not open")
	case c.Kind != "text" && (c.Kind != "gap" || c.Text != ""):
		return Content{}, problem("body", "kind is neither a text nor an empty gap")
	}
	return c, nil
}
