package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// maxTicket is the longest ticket that Redeem looks at, in bytes.
const maxTicket = 256

// Ticket lets whoever holds it do one thing to the thing of a name, until a time: "name.seconds.signature". purpose and name hold
// neither dot nor line break.
func (k Keys) Ticket(purpose, name string, until time.Time) string {
	words := name + "." + strconv.FormatInt(until.Unix(), 10)
	return words + "." + base64.RawURLEncoding.EncodeToString(k.sign(purpose, words))
}

// Redeem answers the name of a ticket; false when it was not given for this purpose, was changed, or its time is over.
func (k Keys) Redeem(purpose, ticket string, now time.Time) (name string, ok bool) {
	if len(ticket) > maxTicket {
		return "", false
	}
	cut := strings.LastIndexByte(ticket, '.')
	if cut < 0 {
		return "", false
	}
	words := ticket[:cut]
	signature, err := base64.RawURLEncoding.Strict().DecodeString(ticket[cut+1:])
	if err != nil || !hmac.Equal(signature, k.sign(purpose, words)) {
		return "", false
	}
	name, seconds, _ := strings.Cut(words, ".")
	until, err := strconv.ParseInt(seconds, 10, 64)
	return name, err == nil && now.Unix() <= until
}

func (k Keys) sign(purpose, words string) []byte {
	mac := hmac.New(sha256.New, k.ticket)
	mac.Write([]byte(purpose + "\n" + words))
	return mac.Sum(nil)
}
