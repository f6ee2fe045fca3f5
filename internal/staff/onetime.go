package staff

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"passerby/internal/store"
)

// FirstName is the name of the first admin.
const FirstName = "admin"

// FirstFile is where his one-time password is written, in the data directory.
const FirstFile = "moderate-admin.txt"

// oneTime gives a member a one-time password: it opens the way to set a real one, until then.
func (d *Door) oneTime(ctx context.Context, m Member) (password string, until time.Time, err error) {
	password, until = strings.ToLower(rand.Text())[:20], d.now().Add(oneTime)
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return "", time.Time{}, err
	}
	detail, err := json.Marshal(passwordDetail{until})
	if err != nil {
		return "", time.Time{}, err
	}
	_, err = d.Store.SaveCredential(ctx, store.Credential{Moderator: m.ID, Kind: kindPassword, Created: d.now(), Secret: []byte(hash), Detail: detail})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("staff: one-time password: %w", err)
	}
	return password, until, nil
}

// First makes the first admin when there is no member at all, and writes his one-time password into a file that only this user can read,
// whose name it answers; "" when there is a member already. Several nodes may call it at once: the name is unique.
func (d *Door) First(ctx context.Context, dir string) (file string, err error) {
	all, err := d.Store.Moderators(ctx)
	if err != nil || len(all) > 0 {
		return "", err
	}
	_, password, until, err := d.Add(ctx, "system", FirstName, Admin)
	if errors.Is(err, ErrTaken) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	file = filepath.Join(dir, FirstFile)
	text := fmt.Sprintf("Sign in at /moderate\nname: %s\none-time password: %s\n\nIt is good once, until %s. Delete this file afterwards.\n", FirstName, password, until.Format(time.RFC3339))
	_ = os.Remove(file) // an old one may be readable by others
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("staff: %w: the first admin has no password; run: passerby moderator reset %s", err, FirstName)
	}
	return file, nil
}
