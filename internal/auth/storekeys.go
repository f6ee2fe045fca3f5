package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// StoreKeys are the secrets of what is stored. They outlive every rotation of the root key: pseudonyms, and so bans and blocks, and the
// audit log's chain would end with them.
type StoreKeys struct {
	Audit    []byte // of the audit log's chain
	Identity []byte // makes pseudonyms of device keys and networks
	Staff    []byte // seals what moderators sign in with
}

const storeFile = "store.key"

// LoadStoreKeys reads store.key from dir. The first time it is made from the root key, so that nodes that share that have the same.
func LoadStoreKeys(dir string) (StoreKeys, error) {
	name := filepath.Join(dir, storeFile)
	secret, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		var root []byte
		if root, err = os.ReadFile(filepath.Join(dir, rootFile)); err == nil {
			if secret, err = hkdf.Key(sha256.New, root, nil, "passerby store", 32); err == nil {
				err = keep(name, secret)
			}
		}
	}
	if err != nil {
		return StoreKeys{}, fmt.Errorf("auth: store key: %w", err)
	}
	if len(secret) != 32 {
		return StoreKeys{}, fmt.Errorf("auth: store key: %s has %d bytes, not 32: restore it", name, len(secret))
	}
	var k StoreKeys
	for purpose, key := range map[string]*[]byte{"audit": &k.Audit, "identity": &k.Identity, "staff": &k.Staff} {
		if *key, err = hkdf.Key(sha256.New, secret, nil, "passerby "+purpose, 32); err != nil {
			return StoreKeys{}, fmt.Errorf("auth: derive %s key: %w", purpose, err)
		}
	}
	return k, nil
}
