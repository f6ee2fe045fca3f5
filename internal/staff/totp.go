package staff

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"image/png"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

const totpStep = 30 // seconds

// TOTPOffer is a new secret for an authenticator app.
type TOTPOffer struct {
	Secret string // base 32
	URL    string // otpauth://
	QR     string // the same as a picture, a data: URL
}

// NewTOTP makes a secret (RFC 6238: SHA-1, six digits, 30 s, which every app can).
func NewTOTP(issuer, name string) (TOTPOffer, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: name, SecretSize: 20})
	if err != nil {
		return TOTPOffer{}, err
	}
	img, err := key.Image(232, 232)
	if err != nil {
		return TOTPOffer{}, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return TOTPOffer{}, err
	}
	return TOTPOffer{Secret: key.Secret(), URL: key.URL(), QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())}, nil
}

// CheckTOTP says which step a code belongs to: the present one, the one before or the one after. A code must count once (RFC 6238 §5.2),
// which is the caller's to see to.
func CheckTOTP(secret, code string, now time.Time) (step uint64, ok bool) {
	if secret == "" || len(code) != 6 {
		return 0, false
	}
	present := uint64(now.Unix() / totpStep)
	for s := present - 1; s <= present+1; s++ {
		want, err := hotp.GenerateCodeCustom(secret, s, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}
