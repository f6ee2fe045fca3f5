package staff

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"passerby/internal/store"
)

// Stage is how far a session has come.
type Stage string

// The stages.
const (
	Setup Stage = "setup" // may do nothing but complete his account
	Full  Stage = "full"
)

// Session is a signed-in browser.
type Session struct {
	ID     string // the digest of its token
	Member Member
	Stage  Stage
	Via    string // how it was begun
	Began  time.Time
}

type sessionDetail struct {
	Stage Stage  `json:"stage"`
	Via   string `json:"via"`
}

// digest is what is kept of a token: whoever reads the database cannot sign in with it.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// begin makes a session with a new token, always: what a browser brought along from before never becomes a session (no fixation).
func (d *Door) begin(ctx context.Context, m Member, stage Stage, via string) (Step, error) {
	token, now := secretText(32), d.now()
	life := oldest
	if stage == Setup {
		life = setup
	}
	detail, err := json.Marshal(sessionDetail{stage, via})
	if err != nil {
		return Step{}, err
	}
	err = d.Store.SaveModeratorSession(ctx, store.ModeratorSession{ID: digest(token), Moderator: m.ID, Created: now, Seen: now, Expires: now.Add(life), Detail: detail})
	if err != nil {
		return Step{}, fmt.Errorf("staff: session: %w", err)
	}
	d.audit(ctx, m.ID, "sign-in", "moderator:"+m.ID, map[string]any{"by": via, "stage": string(stage)})
	return Step{Token: token, Stage: stage, Member: m}, nil
}

// Session answers whose token it is: ErrNone when nobody's, or not any more.
func (d *Door) Session(ctx context.Context, token string) (Session, error) {
	if len(token) != 43 {
		return Session{}, ErrNone
	}
	now := d.now()
	kept, err := d.Store.ModeratorSession(ctx, digest(token), now)
	if errors.Is(err, store.ErrNotFound) {
		return Session{}, ErrNone
	} else if err != nil {
		return Session{}, fmt.Errorf("staff: session: %w", err)
	}
	var detail sessionDetail
	if err := json.Unmarshal(kept.Detail, &detail); err != nil {
		return Session{}, fmt.Errorf("staff: a session's detail: %w", err)
	}
	if now.Sub(kept.Seen) > idle {
		return Session{}, errors.Join(ErrNone, d.Store.DeleteModeratorSession(ctx, kept.ID))
	}
	m, err := d.member(ctx, kept.Moderator)
	if errors.Is(err, store.ErrNotFound) || err == nil && m.Disabled {
		return Session{}, ErrNone
	} else if err != nil {
		return Session{}, err
	}
	if now.Sub(kept.Seen) > freshest {
		if err := d.Store.SeeModeratorSession(ctx, kept.ID, now); errors.Is(err, store.ErrNotFound) {
			return Session{}, ErrNone // ended meanwhile
		} else if err != nil {
			return Session{}, fmt.Errorf("staff: session: %w", err)
		}
	}
	return Session{ID: kept.ID, Member: m, Stage: detail.Stage, Via: detail.Via, Began: kept.Created}, nil
}

// Leave ends a session.
func (d *Door) Leave(ctx context.Context, s Session) error {
	if err := d.Store.DeleteModeratorSession(ctx, s.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("staff: sign-out: %w", err)
	}
	d.audit(ctx, s.Member.ID, "sign-out", "moderator:"+s.Member.ID, nil)
	return nil
}

// renew ends all sessions of a member whose ways to sign in changed, and begins one for the browser that changed them.
func (d *Door) renew(ctx context.Context, member string, via string) (Step, error) {
	m, err := d.member(ctx, member)
	if err != nil {
		return Step{}, err
	}
	if err := d.Store.DeleteModeratorSessions(ctx, member); err != nil {
		return Step{}, fmt.Errorf("staff: sessions: %w", err)
	}
	stage := Setup
	if m.Complete() || m.oidc != nil {
		stage = Full
	}
	return d.begin(ctx, m, stage, via)
}
