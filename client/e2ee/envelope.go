package e2ee

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

const (
	version    = 1
	commitment = sha256.Size
	ivSize     = 12
	tagSize    = 16
	headSize   = 1 + commitment + ivSize
)

// ErrSealed says that a text, signal or frame does not open: it was changed, belongs elsewhere, or its commitment does not hold.
var ErrSealed = errors.New("it does not open")

// Text is an opened text with what proves it in a report.
type Text struct {
	// Gap fills the number of a message that was lost with a closed page. It is not shown.
	Gap  bool
	Text string
	// KF opens Commitment: base64url of 32 bytes each.
	KF, Commitment string
}

// content is the JSON inside a sealed text.
type content struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	KF   string `json:"kf"`
}

// SealText seals text number n of the match, with a commitment to it (message franking).
func (k *Keys) SealText(n uint64, text string, gap bool) (string, error) {
	if !utf8.ValidString(text) {
		return "", errors.New("the text is not valid UTF-8")
	}
	kf, iv := make([]byte, 32), make([]byte, ivSize)
	_, _ = rand.Read(kf) // never fails
	_, _ = rand.Read(iv)
	kind := "text"
	if gap {
		kind = "gap"
	}
	plain, err := marshal(content{kind, text, base64.RawURLEncoding.EncodeToString(kf)})
	if err != nil {
		return "", err
	}
	commit := frank(kf, text)
	out := append(append([]byte{version}, commit...), iv...)
	out = k.Send.text.Seal(out, iv, plain, k.place(n, commit))
	return base64.RawURLEncoding.EncodeToString(out), nil
}

// OpenText opens text number n of the partner.
func (k *Keys) OpenText(n uint64, body string) (Text, error) {
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || len(raw) < headSize+tagSize || raw[0] != version {
		return Text{}, fmt.Errorf("text %d: %w: not a message of this version", n, ErrSealed)
	}
	commit, iv := raw[1:1+commitment], raw[1+commitment:headSize]
	plain, err := k.Receive.text.Open(nil, iv, raw[headSize:], k.place(n, commit))
	if err != nil {
		return Text{}, fmt.Errorf("text %d: %w", n, ErrSealed)
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil || !utf8.Valid(plain) || c.Kind != "text" && c.Kind != "gap" {
		return Text{}, fmt.Errorf("text %d: %w: malformed", n, ErrSealed)
	}
	kf, err := base64.RawURLEncoding.DecodeString(c.KF)
	if err != nil || len(kf) != 32 || !hmac.Equal(frank(kf, c.Text), commit) {
		return Text{}, fmt.Errorf("text %d: %w: the commitment is to another text", n, ErrSealed)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return Text{Gap: c.Kind == "gap", Text: c.Text, KF: encode(kf), Commitment: encode(commit)}, nil
}

// place is what a text is bound to.
func (k *Keys) place(n uint64, commit []byte) []byte {
	return append(fmt.Appendf(nil, "%s\n%s\n%d", k.Match, k, n), commit...)
}

// frank is the commitment: HMAC-SHA-256(kf, text).
func frank(kf []byte, text string) []byte {
	mac := hmac.New(sha256.New, kf)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Signal is a small thing that the two clients tell each other; absent fields say nothing.
type Signal struct {
	// N counts a side's signals: of two that changed places on their ways, channel and socket, the older one says nothing any more. 0: unknown.
	N      uint64 `json:"n,omitempty"`
	Typing *bool  `json:"typing,omitempty"`
	Media  *Media `json:"media,omitempty"`
	Blur   *Blur  `json:"blur,omitempty"`
}

// Media says whether microphone and camera are on.
type Media struct {
	Audio bool `json:"audio"`
	Video bool `json:"video"`
}

// Blur asks to begin a match blurred, until both are ready to be seen.
type Blur struct {
	On    bool `json:"on"`
	Ready bool `json:"ready"`
}

// SealSignal seals a signal.
func (k *Keys) SealSignal(s Signal) (string, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	iv := make([]byte, ivSize)
	_, _ = rand.Read(iv)
	return base64.RawURLEncoding.EncodeToString(k.Send.signal.Seal(iv, iv, plain, nil)), nil
}

// OpenSignal opens a signal of the partner; fields that are unknown here are dropped.
func (k *Keys) OpenSignal(sealed string) (s Signal, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < ivSize {
		return s, fmt.Errorf("signal: %w", ErrSealed)
	}
	plain, err := k.Receive.signal.Open(nil, raw[:ivSize], raw[ivSize:], nil)
	if err != nil {
		return s, fmt.Errorf("signal: %w", ErrSealed)
	}
	if err := json.Unmarshal(plain, &s); err != nil {
		return Signal{}, fmt.Errorf("signal: %w: malformed", ErrSealed)
	}
	return s, nil
}
