package store

import (
	"context"
	"encoding/json"
	"time"
)

// Moderator is an account of the console.
type Moderator struct {
	ID       string // made by SaveModerator when empty
	Name     string // to sign in with; unique, compared as written
	Role     string // the console's words
	Created  time.Time
	Disabled time.Time // zero: may sign in
	Detail   json.RawMessage
}

// Credential is one way for a moderator to prove who he is.
type Credential struct {
	ID        string // made by SaveCredential when empty
	Moderator string
	Kind      string // "password", "totp", "passkey", "oidc" …
	Subject   string // what it is found by, unique within its kind: a passkey's id, an OIDC issuer and subject; may be empty
	Secret    []byte // a digest or a sealed secret, never a clear one
	Detail    json.RawMessage
	Created   time.Time
	Used      time.Time
}

// ModeratorSession is a signed-in browser.
type ModeratorSession struct {
	ID        string // digest of the cookie, never the cookie itself
	Moderator string
	Created   time.Time
	Seen      time.Time
	Expires   time.Time
	Detail    json.RawMessage
}

// Moderators are accounts, credentials and sessions of the console.
type Moderators interface {
	// SaveModerator makes an account, or changes the one with this ID; ErrExists when another has the name.
	SaveModerator(ctx context.Context, m Moderator) (Moderator, error)
	Moderator(ctx context.Context, id string) (Moderator, error)
	ModeratorByName(ctx context.Context, name string) (Moderator, error)
	Moderators(ctx context.Context) ([]Moderator, error)

	// SaveCredential makes a credential, or changes the one with this ID; ErrExists when another of the kind has the subject.
	SaveCredential(ctx context.Context, c Credential) (Credential, error)
	Credentials(ctx context.Context, moderator string) ([]Credential, error)
	CredentialBySubject(ctx context.Context, kind, subject string) (Credential, error)
	DeleteCredential(ctx context.Context, id string) error

	SaveModeratorSession(ctx context.Context, s ModeratorSession) error
	// ModeratorSession answers one that has not expired at now.
	ModeratorSession(ctx context.Context, id string, now time.Time) (ModeratorSession, error)
	DeleteModeratorSession(ctx context.Context, id string) error
	// DeleteModeratorSessions signs a moderator out everywhere.
	DeleteModeratorSessions(ctx context.Context, moderator string) error
}
