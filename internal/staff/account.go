package staff

import (
	"context"
	"errors"
	"fmt"

	"passerby/internal/store"
)

// What a member does with his own account. Whatever changes how he signs in ends all his other sessions.

// SetPassword takes a new password. A full session must tell the old one, when there is one; a session at Setup has just done so.
func (d *Door) SetPassword(ctx context.Context, s Session, old, password string) (Step, error) {
	if !GoodPassword(s.Member.Name, password) {
		return Step{}, ErrWeak
	}
	if s.Stage == Full && s.Member.password != nil {
		if err := d.sure(ctx, s, old); err != nil {
			return Step{}, err
		}
	}
	if s.Member.password != nil {
		if same, err := CheckPassword(ctx, string(s.Member.password.Secret), password); err != nil || same {
			return Step{}, errors.Join(err, ErrWeak) // a one-time password is no password
		}
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return Step{}, err
	}
	c := store.Credential{Moderator: s.Member.ID, Kind: kindPassword, Created: d.now(), Secret: []byte(hash), Detail: []byte("{}")}
	if s.Member.password != nil {
		c.ID = s.Member.password.ID
	}
	return d.change(ctx, s, "password.set", c)
}

// OfferTOTP makes a secret for the member's app; the ticket is for SetTOTP.
func (d *Door) OfferTOTP(s Session, issuer string) (offer TOTPOffer, ticket string, err error) {
	if offer, err = NewTOTP(issuer, s.Member.Name); err != nil {
		return TOTPOffer{}, "", err
	}
	ticket, err = d.Sealer.Seal("offer:"+s.Member.ID, offer.Secret, setup)
	return offer, ticket, err
}

// SetTOTP takes the secret once the member shows a code that his app made of it.
func (d *Door) SetTOTP(ctx context.Context, s Session, ticket, code string) (Step, error) {
	var secret string
	if err := d.Sealer.Open("offer:"+s.Member.ID, ticket, &secret); err != nil {
		return Step{}, err
	}
	if _, ok := CheckTOTP(secret, code, d.now()); !ok {
		return Step{}, ErrWrong
	}
	kept, err := d.Sealer.Seal("totp", secret, 0)
	if err != nil {
		return Step{}, err
	}
	c := store.Credential{Moderator: s.Member.ID, Kind: kindTOTP, Created: d.now(), Secret: []byte(kept)}
	if s.Member.totp != nil {
		c.ID = s.Member.totp.ID
	}
	return d.change(ctx, s, "code.set", c)
}

// RemovePasskey forgets one of the member's passkeys.
func (d *Door) RemovePasskey(ctx context.Context, s Session, id string) (Step, error) {
	for _, p := range s.Member.passkeys {
		if p.kept.ID != id {
			continue
		}
		if err := d.Store.DeleteCredential(ctx, id); err != nil {
			return Step{}, fmt.Errorf("staff: passkey: %w", err)
		}
		d.audit(ctx, s.Member.ID, "passkey.remove", "moderator:"+s.Member.ID, nil)
		return d.renew(ctx, s.Member.ID, s.Via)
	}
	return Step{}, ErrNone
}

// sure asks for the password again.
func (d *Door) sure(ctx context.Context, s Session, password string) error {
	if err := d.allow(ctx, "", s.Member.Name); err != nil {
		return err
	}
	if right, err := CheckPassword(ctx, string(s.Member.password.Secret), password); err != nil || !right {
		d.refused(ctx, s.Member, "password again")
		return errors.Join(err, ErrWrong)
	}
	return nil
}

func (d *Door) change(ctx context.Context, s Session, action string, c store.Credential) (Step, error) {
	if _, err := d.Store.SaveCredential(ctx, c); err != nil {
		return Step{}, fmt.Errorf("staff: %s: %w", action, err)
	}
	d.audit(ctx, s.Member.ID, action, "moderator:"+s.Member.ID, nil)
	return d.renew(ctx, s.Member.ID, s.Via)
}
