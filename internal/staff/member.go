package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"passerby/internal/store"
)

// Store is what this package keeps things in: part of store.Store.
type Store interface {
	store.Moderators
	store.Audit
	SeeModeratorSession(ctx context.Context, id string, at time.Time) error
}

// Member is somebody who may sign in, with all that he signs in with.
type Member struct {
	ID       string
	Name     string // as NormalName gives it
	Role     Role
	Disabled bool
	Created  time.Time

	password *store.Credential
	oneTime  time.Time // until when the password opens the way to set a real one; zero: it is a real one
	totp     *store.Credential
	passkeys []passkey
	oidc     *store.Credential
}

// kinds of credentials
const (
	kindPassword = "password" // Secret: as HashPassword gives it; Detail: passwordDetail
	kindTOTP     = "totp"     // Secret: sealed
	kindPasskey  = "passkey"  // Subject: its id; Detail: passkeyDetail
	kindOIDC     = "oidc"     // Subject: issuer and subject
	kindUsed     = "used"     // Subject: a code or a challenge that was taken and is not taken again
)

type passwordDetail struct {
	OneTime time.Time `json:"one_time,omitzero"`
}

// Ways lists what a member can sign in with.
type Ways struct {
	Password bool       `json:"password"`
	OneTime  *time.Time `json:"one_time,omitempty"` // until when
	TOTP     bool       `json:"totp"`
	Passkeys []Passkey  `json:"passkeys"`
	OIDC     bool       `json:"oidc"`
}

// Passkey tells one from another.
type Passkey struct {
	ID    string     `json:"id"`
	Label string     `json:"label"`
	Added time.Time  `json:"added"`
	Used  *time.Time `json:"used,omitempty"`
}

// Ways says what the member can sign in with.
func (m Member) Ways() Ways {
	w := Ways{Password: m.password != nil && m.oneTime.IsZero(), TOTP: m.totp != nil, OIDC: m.oidc != nil, Passkeys: []Passkey{}}
	if !m.oneTime.IsZero() {
		w.OneTime = &m.oneTime
	}
	for _, p := range m.passkeys {
		k := Passkey{ID: p.kept.ID, Label: p.detail.Label, Added: p.kept.Created}
		if !p.kept.Used.IsZero() {
			k.Used = &p.kept.Used
		}
		w.Passkeys = append(w.Passkeys, k)
	}
	return w
}

// Complete says whether the member has a second factor, or a passkey, which is two in one.
func (m Member) Complete() bool {
	return len(m.passkeys) > 0 || m.password != nil && m.oneTime.IsZero() && m.totp != nil
}

// CanSignIn says whether he can come in without anybody's help.
func (m Member) CanSignIn() bool { return !m.Disabled && (m.Complete() || m.oidc != nil) }

// load reads a member with his credentials.
func (d *Door) load(ctx context.Context, kept store.Moderator) (Member, error) {
	m := Member{ID: kept.ID, Name: kept.Name, Role: Role(kept.Role), Disabled: !kept.Disabled.IsZero(), Created: kept.Created}
	all, err := d.Store.Credentials(ctx, kept.ID)
	if err != nil {
		return Member{}, fmt.Errorf("staff: credentials: %w", err)
	}
	for _, c := range all {
		switch c.Kind {
		case kindPassword:
			var detail passwordDetail
			if err := json.Unmarshal(c.Detail, &detail); err != nil && len(c.Detail) > 0 {
				return Member{}, fmt.Errorf("staff: a password's detail: %w", err)
			}
			m.password, m.oneTime = &c, detail.OneTime
		case kindTOTP:
			m.totp = &c
		case kindOIDC:
			m.oidc = &c
		case kindPasskey:
			p := passkey{kept: c}
			if err := json.Unmarshal(c.Detail, &p.detail); err != nil {
				return Member{}, fmt.Errorf("staff: a passkey's detail: %w", err)
			}
			m.passkeys = append(m.passkeys, p)
		}
	}
	return m, nil
}

// NormalName is how names are kept and looked up.
func NormalName(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) < 2 || len(name) > 64 {
		return "", ErrName
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_@+", r) {
			return "", ErrName
		}
	}
	return name, nil
}
