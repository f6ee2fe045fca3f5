package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The cost of a hash (RFC 9106; the second choice of OWASP's password storage cheat sheet): 19 MiB, two passes.
const (
	argonMemory = 19 << 10 // KiB
	argonPasses = 2
	argonSalt   = 16
	argonKey    = 32
)

// hashing bounds the memory that strangers can make the server use: each hash takes 19 MiB.
var hashing = make(chan struct{}, 2)

// GoodPassword says whether a password may be used by the member of that name.
func GoodPassword(name, password string) bool {
	n := utf8.RuneCountInString(password)
	return n >= 12 && n <= 200 && utf8.ValidString(password) && !strings.EqualFold(password, name)
}

// HashPassword gives the PHC string of a password: $argon2id$v=19$m=…,t=…,p=1$salt$key.
func HashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	key, err := derive(ctx, password, salt, argonPasses, argonMemory)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, argonMemory, argonPasses, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// CheckPassword says whether a password is that of a hash. An empty or damaged hash takes as long as any other, and fails.
func CheckPassword(ctx context.Context, hash, password string) (bool, error) {
	salt, want, passes, memory, ok := parseHash(hash)
	if !ok {
		salt, want, passes, memory = make([]byte, argonSalt), make([]byte, argonKey), argonPasses, argonMemory
	}
	key, err := derive(ctx, password, salt, passes, memory)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(key, want) == 1
	return same && ok, nil
}

func derive(ctx context.Context, password string, salt []byte, passes, memory uint32) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-hashing }()
	return argon2.IDKey(norm.NFKC.Bytes([]byte(password)), salt, passes, memory, 1, argonKey), nil
}

// parseHash reads a PHC string. What would cost more than four times what HashPassword spends is taken as damaged.
func parseHash(hash string) (salt, key []byte, passes, memory uint32, ok bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, nil, 0, 0, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &memory, &passes); n != 2 || err != nil {
		return nil, nil, 0, 0, false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	ok = err1 == nil && err2 == nil && len(key) == argonKey && len(salt) >= 8 && passes > 0 && passes <= 4*argonPasses && memory >= 8 && memory <= 4*argonMemory
	return salt, key, passes, memory, ok
}
