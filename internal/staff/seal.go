package staff

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// Sealer makes what a browser carries between two steps of a sign-in: it can neither read nor change it, nor use it for another step.
type Sealer struct {
	aead cipher.AEAD
	now  func() time.Time
}

// NewSealer takes a secret that all nodes share. now is time.Now when nil.
func NewSealer(secret []byte, now func() time.Time) (*Sealer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "passerby staff seal", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return &Sealer{aead, now}, nil
}

type sealed struct {
	Until int64           `json:"u,omitempty"` // milliseconds since 1970; zero: for ever
	What  json.RawMessage `json:"w"`
}

const maxSealed = 4 << 10

// Seal closes v for one purpose and some time; zero: for ever.
func (s *Sealer) Seal(purpose string, v any, ttl time.Duration) (string, error) {
	what, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	in := sealed{What: what}
	if ttl > 0 {
		in.Until = s.now().Add(ttl).UnixMilli()
	}
	b, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, b, []byte(purpose))), nil
}

// Open reads into v what Seal closed for the purpose; ErrExpired when it is too old, or not ours.
func (s *Sealer) Open(purpose, text string, v any) error {
	if len(text) > maxSealed {
		return ErrExpired
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ErrExpired
	}
	plain, err := s.aead.Open(nil, nil, b, []byte(purpose))
	if err != nil {
		return ErrExpired
	}
	var in sealed
	if json.Unmarshal(plain, &in) != nil || in.Until > 0 && s.now().UnixMilli() > in.Until || json.Unmarshal(in.What, v) != nil {
		return ErrExpired
	}
	return nil
}
