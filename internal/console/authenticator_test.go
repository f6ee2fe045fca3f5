package console_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// What an authenticator says about the person before it (WebAuthn, "Authenticator Data").
const (
	present  = 1 << 0
	verified = 1 << 2
	attested = 1 << 6
)

// authenticator is one in software, with one passkey: ES256, attestation "none".
type authenticator struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte // of the account that the passkey is for
	count  uint32
	still  bool // its count stays 0, as that of passkeys which are copied between devices

	// What it tells; a test changes them to lie.
	origin, rp string
	flags      byte
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &authenticator{t: t, key: key, id: []byte(rand.Text()), origin: "https://chat.example", rp: "chat.example", flags: present | verified}
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// told is what the browser adds.
func (a *authenticator) told(ceremony, challenge string) []byte {
	a.t.Helper()
	b, err := json.Marshal(map[string]any{"type": ceremony, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

// data is the authenticator data.
func (a *authenticator) data(flags byte, more ...byte) []byte {
	if !a.still {
		a.count++
	}
	site := sha256.Sum256([]byte(a.rp))
	return append(binary.BigEndian.AppendUint32(append(site[:], flags), a.count), more...)
}

// creation is what the console offers for a new passkey.
type creation struct {
	Ticket  string
	Options struct {
		Challenge              string
		RP                     struct{ ID string }
		User                   struct{ ID string }
		Attestation            string
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
	}
}

// create answers an offer with a new passkey.
func (a *authenticator) create(c creation) map[string]any {
	a.t.Helper()
	var err error
	if a.handle, err = base64.RawURLEncoding.DecodeString(c.Options.User.ID); err != nil {
		a.t.Fatal(err)
	}
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	// COSE: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
	cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32}, point[1:33]...)
	cose = append(append(cose, 0x22, 0x58, 32), point[33:]...)
	credential := append(binary.BigEndian.AppendUint16(make([]byte, 16), uint16(len(a.id))), a.id...)
	data := a.data(a.flags|attested, append(credential, cose...)...)
	// CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
	object := append([]byte{0xa3}, "\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"...)
	object = append(binary.BigEndian.AppendUint16(object, uint16(len(data))), data...)
	return a.credential(map[string]string{"clientDataJSON": base64url(a.told("webauthn.create", c.Options.Challenge)), "attestationObject": base64url(object)})
}

// question is what the console asks at a sign-in.
type question struct {
	Ticket  string
	Options struct{ Challenge, RPID, UserVerification string }
}

// show answers a question.
func (a *authenticator) show(q question) map[string]any {
	a.t.Helper()
	data, told := a.data(a.flags), a.told("webauthn.get", q.Options.Challenge)
	hash := sha256.Sum256(told)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.credential(map[string]string{
		"clientDataJSON": base64url(told), "authenticatorData": base64url(data), "signature": base64url(signature), "userHandle": base64url(a.handle),
	})
}

func (a *authenticator) credential(response map[string]string) map[string]any {
	id := base64url(a.id)
	return map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}}
}
