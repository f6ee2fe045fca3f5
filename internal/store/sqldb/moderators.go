package sqldb

import (
	"context"
	"time"

	"passerby/internal/store"
)

const (
	moderatorColumns  = `id, name, role, created, disabled, detail`
	credentialColumns = `id, moderator, kind, subject, secret, detail, created, used`
	sessionColumns    = `id, moderator, created, seen, expires, detail`
)

func readModerator(scan func(...any) error) (m store.Moderator, err error) {
	return m, scan(&m.ID, &m.Name, &m.Role, moment{&m.Created}, moment{&m.Disabled}, raw{&m.Detail})
}

func readCredential(scan func(...any) error) (c store.Credential, err error) {
	return c, scan(&c.ID, &c.Moderator, &c.Kind, &c.Subject, &c.Secret, raw{&c.Detail}, moment{&c.Created}, moment{&c.Used})
}

func readSession(scan func(...any) error) (s store.ModeratorSession, err error) {
	return s, scan(&s.ID, &s.Moderator, moment{&s.Created}, moment{&s.Seen}, moment{&s.Expires}, raw{&s.Detail})
}

// SaveModerator implements store.Moderators.
func (d *DB) SaveModerator(ctx context.Context, m store.Moderator) (store.Moderator, error) {
	if m.ID == "" {
		m.ID = store.NewID()
	}
	_, err := d.exec(ctx, `INSERT INTO moderators (`+moderatorColumns+`) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, disabled = excluded.disabled, detail = excluded.detail`,
		m.ID, m.Name, m.Role, ms(m.Created), ms(m.Disabled), string(m.Detail))
	return m, err
}

// Moderator implements store.Moderators.
func (d *DB) Moderator(ctx context.Context, id string) (store.Moderator, error) {
	return get(ctx, d, readModerator, `SELECT `+moderatorColumns+` FROM moderators WHERE id = ?`, id)
}

// ModeratorByName implements store.Moderators.
func (d *DB) ModeratorByName(ctx context.Context, name string) (store.Moderator, error) {
	return get(ctx, d, readModerator, `SELECT `+moderatorColumns+` FROM moderators WHERE name = ?`, name)
}

// Moderators implements store.Moderators.
func (d *DB) Moderators(ctx context.Context) ([]store.Moderator, error) {
	return list(ctx, d, readModerator, `SELECT `+moderatorColumns+` FROM moderators ORDER BY created, id`)
}

// SaveCredential implements store.Moderators.
func (d *DB) SaveCredential(ctx context.Context, c store.Credential) (store.Credential, error) {
	if c.ID == "" {
		c.ID = store.NewID()
	}
	_, err := d.exec(ctx, `INSERT INTO credentials (`+credentialColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, secret = excluded.secret, detail = excluded.detail, used = excluded.used`,
		c.ID, c.Moderator, c.Kind, c.Subject, orEmpty(c.Secret), string(c.Detail), ms(c.Created), ms(c.Used))
	return c, err
}

// Credentials implements store.Moderators.
func (d *DB) Credentials(ctx context.Context, moderator string) ([]store.Credential, error) {
	return list(ctx, d, readCredential, `SELECT `+credentialColumns+` FROM credentials WHERE moderator = ? ORDER BY created, id`, moderator)
}

// CredentialBySubject implements store.Moderators.
func (d *DB) CredentialBySubject(ctx context.Context, kind, subject string) (store.Credential, error) {
	return get(ctx, d, readCredential, `SELECT `+credentialColumns+` FROM credentials WHERE kind = ? AND subject = ? AND subject <> ''`, kind, subject)
}

// DeleteCredential implements store.Moderators.
func (d *DB) DeleteCredential(ctx context.Context, id string) error {
	return d.one(ctx, `DELETE FROM credentials WHERE id = ?`, id)
}

// SaveModeratorSession implements store.Moderators.
func (d *DB) SaveModeratorSession(ctx context.Context, s store.ModeratorSession) error {
	_, err := d.exec(ctx, `INSERT INTO moderator_sessions (`+sessionColumns+`) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, expires = excluded.expires, detail = excluded.detail`,
		s.ID, s.Moderator, ms(s.Created), ms(s.Seen), ms(s.Expires), string(s.Detail))
	return err
}

// ModeratorSession implements store.Moderators.
func (d *DB) ModeratorSession(ctx context.Context, id string, now time.Time) (store.ModeratorSession, error) {
	return get(ctx, d, readSession, `SELECT `+sessionColumns+` FROM moderator_sessions WHERE id = ? AND expires > ?`, id, ms(now))
}

// DeleteModeratorSession implements store.Moderators.
func (d *DB) DeleteModeratorSession(ctx context.Context, id string) error {
	_, err := d.exec(ctx, `DELETE FROM moderator_sessions WHERE id = ?`, id)
	return err
}

// DeleteModeratorSessions implements store.Moderators.
func (d *DB) DeleteModeratorSessions(ctx context.Context, moderator string) error {
	_, err := d.exec(ctx, `DELETE FROM moderator_sessions WHERE moderator = ?`, moderator)
	return err
}
