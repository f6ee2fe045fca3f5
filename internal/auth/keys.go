package auth

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Keys are the server's long-lived secrets, all derived from one root that is kept in a file.
type Keys struct {
	Token    []byte // signs session tokens
	franking []byte // tags text messages
	old      *Keys  // of before the last rotation: they sign nothing any more, and what they signed still counts
	TURN     string // shared secret of the TURN REST credentials
	Proof    []byte // signs challenges of proof of work
	Link     []byte // shared by all nodes, for the links between them
}

// Fingerprint names the keys without telling them: nodes whose users move between them must have the same.
func (k Keys) Fingerprint() string {
	mac := hmac.New(sha256.New, k.Token)
	mac.Write([]byte("fingerprint"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// OldToken is the key that signed session tokens before the last rotation; nil for none.
func (k Keys) OldToken() []byte {
	if k.old == nil {
		return nil
	}
	return k.old.Token
}

const (
	rootFile = "root.key"
	oldFile  = "root.key.old"
)

// LoadKeys reads the root key from dir, or makes one there (mode 0600) when there is none. Two processes that start at once on the same
// empty directory end up with the same key. The root key of before, root.key.old, is read when it is there.
func LoadKeys(dir string) (Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Keys{}, fmt.Errorf("auth: data-dir: %w", err)
	}
	name := filepath.Join(dir, rootFile)
	root, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		if err = create(name); err == nil {
			root, err = os.ReadFile(name)
		}
	}
	if err != nil {
		return Keys{}, fmt.Errorf("auth: root key: %w", err)
	}
	if len(root) != 32 {
		return Keys{}, fmt.Errorf("auth: root key: %s has %d bytes, not 32: restore it, or remove it to make a new one", name, len(root))
	}
	keys, err := derive(root)
	if err != nil {
		return Keys{}, err
	}
	name = filepath.Join(dir, oldFile)
	root, err = os.ReadFile(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return keys, nil
	case err != nil:
		return Keys{}, fmt.Errorf("auth: old root key: %w", err)
	case len(root) != 32:
		return Keys{}, fmt.Errorf("auth: old root key: %s has %d bytes, not 32: restore it, or remove it", name, len(root))
	}
	old, err := derive(root)
	keys.old = &old
	return keys, err
}

func create(name string) error {
	root := make([]byte, 32)
	_, _ = rand.Read(root)
	return keep(name, root)
}

// keep writes a secret to a file that is not there yet; one that another process has written meanwhile stays.
func keep(name string, secret []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	// Link fails when another process was first: its key then counts.
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func derive(root []byte) (Keys, error) {
	var keys [5][]byte
	for i, purpose := range []string{"session token", "franking", "turn", "link", "proof"} {
		k, err := hkdf.Key(sha256.New, root, nil, "passerby "+purpose, 32)
		if err != nil {
			return Keys{}, fmt.Errorf("auth: derive %s key: %w", purpose, err)
		}
		keys[i] = k
	}
	return Keys{Token: keys[0], franking: keys[1], TURN: hex.EncodeToString(keys[2]), Link: keys[3], Proof: keys[4]}, nil
}
