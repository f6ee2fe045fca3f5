package staff

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"passerby/internal/store"
)

// Allow says whether one more try of a name is allowed, and else how long to wait.
type Allow func(ctx context.Context, name string) (bool, time.Duration)

// Door lets members in. All fields but OIDC and Now are required.
type Door struct {
	Store  Store
	Sealer *Sealer
	// ByNetwork counts the tries of one network, ByName those for one account from one network, ByAccount those for one account from
	// anywhere, its codes among them: large, or strangers could lock a member out.
	ByNetwork, ByName, ByAccount Allow
	OIDC                         *OIDC // nil: off
	Log                          *slog.Logger
	Now                          func() time.Time // time.Now when nil
}

// How long things last.
const (
	idle     = 30 * time.Minute // of a session
	oldest   = 12 * time.Hour   // of a session
	setup    = 20 * time.Minute // of a session at Setup
	halfway  = 5 * time.Minute  // between two steps of a sign-in
	oneTime  = 7 * 24 * time.Hour
	freshest = time.Minute // a session's Seen may be that old
)

func (d *Door) now() time.Time {
	if d.Now != nil {
		return d.Now().UTC()
	}
	return time.Now().UTC()
}

// Step is the outcome of one step of a sign-in: a session, or what comes next.
type Step struct {
	Token  string // of a session; empty: there is none yet
	Stage  Stage
	Next   string // "code" or "passkey", when there is no session yet
	Ticket string // for Code, sealed
	Member Member
}

type half struct {
	Member string `json:"m"`
	Nonce  string `json:"n"`
}

// Password takes the first step by a name and a password. network is that of the browser, as other limits count it; empty: the operator's own.
func (d *Door) Password(ctx context.Context, network, name, password string) (Step, error) {
	normal, err := NormalName(name)
	if err != nil {
		normal = "?" // counted and checked like any other
	}
	if err := d.allow(ctx, network, normal); err != nil {
		return Step{}, err
	}
	m, err := d.named(ctx, normal)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Step{}, err
	}
	hash := ""
	if m.password != nil && !m.Disabled {
		hash = string(m.password.Secret)
	}
	right, err := CheckPassword(ctx, hash, password)
	if err != nil {
		return Step{}, err
	}
	if !right || !m.oneTime.IsZero() && d.now().After(m.oneTime) {
		d.refused(ctx, m, "password")
		return Step{}, ErrWrong
	}
	switch {
	case !m.oneTime.IsZero() || !m.Complete():
		return d.begin(ctx, m, Setup, "password")
	case m.totp == nil:
		return Step{Next: "passkey"}, nil
	}
	ticket, err := d.Sealer.Seal("half", half{Member: m.ID, Nonce: rand.Text()}, halfway)
	return Step{Next: "code", Ticket: ticket}, err
}

// Code takes the second step.
func (d *Door) Code(ctx context.Context, network, ticket, code string) (Step, error) {
	var h half
	if err := d.Sealer.Open("half", ticket, &h); err != nil {
		return Step{}, err
	}
	if err := d.allow(ctx, network, "code:"+h.Member); err != nil {
		return Step{}, err
	}
	m, err := d.member(ctx, h.Member)
	if err != nil {
		return Step{}, err
	}
	if m.Disabled || m.totp == nil {
		return Step{}, ErrWrong
	}
	var secret string
	if err := d.Sealer.Open("totp", string(m.totp.Secret), &secret); err != nil {
		return Step{}, fmt.Errorf("staff: the secret of a code cannot be opened; was the key in data-dir changed? %w", err)
	}
	step, right := CheckTOTP(secret, code, d.now())
	if !right {
		d.refused(ctx, m, "code")
		return Step{}, ErrWrong
	}
	if err := d.spend(ctx, m.ID, fmt.Sprintf("totp:%s:%d", m.totp.ID, step)); err != nil {
		return Step{}, err
	}
	return d.begin(ctx, m, Full, "password and code")
}

// spend takes something that counts once; ErrExpired when it was taken before, on whichever node.
func (d *Door) spend(ctx context.Context, member, what string) error {
	_, err := d.Store.SaveCredential(ctx, store.Credential{Moderator: member, Kind: kindUsed, Subject: what, Created: d.now()})
	if errors.Is(err, store.ErrExists) {
		return ErrExpired
	} else if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	all, err := d.Store.Credentials(ctx, member)
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	for _, c := range all { // what is so old would not be taken anyway
		if c.Kind == kindUsed && d.now().Sub(c.Created) > 2*halfway {
			if err := d.Store.DeleteCredential(ctx, c.ID); err != nil {
				return fmt.Errorf("staff: %w", err)
			}
		}
	}
	return nil
}

// allow counts a try. The operator on the machine itself is not limited by network.
func (d *Door) allow(ctx context.Context, network, account string) error {
	if network != "" {
		if ok, wait := d.ByNetwork(ctx, network); !ok {
			return &TooManyError{wait}
		}
	}
	if ok, wait := d.ByName(ctx, account+" "+network); !ok {
		return &TooManyError{wait}
	}
	if ok, wait := d.ByAccount(ctx, account); !ok {
		return &TooManyError{wait}
	}
	return nil
}

func (d *Door) member(ctx context.Context, id string) (Member, error) {
	kept, err := d.Store.Moderator(ctx, id)
	if err != nil {
		return Member{}, err
	}
	return d.load(ctx, kept)
}

func (d *Door) named(ctx context.Context, name string) (Member, error) {
	kept, err := d.Store.ModeratorByName(ctx, name)
	if err != nil {
		return Member{}, err
	}
	return d.load(ctx, kept)
}

// refused notes a failed step. A name that nobody has is not written down: people type passwords into the wrong field.
func (d *Door) refused(ctx context.Context, m Member, step string) {
	if m.ID == "" {
		d.Log.Info("console: sign-in refused", "step", step)
		return
	}
	d.audit(ctx, "system", "sign-in.refuse", "moderator:"+m.ID, map[string]any{"step": step})
}

// audit writes down what happened; what cannot be written is logged, since the act itself is done.
func (d *Door) audit(ctx context.Context, actor, action, target string, detail map[string]any) {
	b, _ := json.Marshal(detail) // strings alone
	if _, err := d.Store.AppendAudit(ctx, store.AuditEntry{At: d.now(), Actor: actor, Action: action, Target: target, Detail: b}); err != nil {
		d.Log.Error("console: the audit log does not take an entry", "action", action, "err", err)
	}
}

func secretText(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
