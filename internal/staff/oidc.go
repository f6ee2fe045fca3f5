package staff

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"passerby/internal/store"
)

// OIDC signs members in by an OpenID provider: the code flow with PKCE (RFC 7636), state and nonce. The provider says who somebody is; whether
// he is a member, and what he may do, is said here: his name must be the address that the provider has verified.
type OIDC struct {
	Issuer, ClientID, Secret string
	Client                   *http.Client // with time-outs

	mu       sync.Mutex // guards provider
	provider *oidc.Provider
}

type oidcState struct {
	State, Nonce, Verifier, Redirect string
}

// OIDCReturn is where the provider sends browsers back to.
const OIDCReturn = "/moderate/api/oidc/return"

// open asks the provider for its addresses, once it answers; again at each sign-in until it does.
func (o *OIDC) open(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	// The provider keeps the context for its keys, longer than this request lives.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.Client), o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("staff: the OpenID provider %s: %w", o.Issuer, err)
	}
	o.provider = p
	return p, nil
}

func (o *OIDC) config(p *oidc.Provider, redirect string) oauth2.Config {
	return oauth2.Config{ClientID: o.ClientID, ClientSecret: o.Secret, Endpoint: p.Endpoint(), RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID, "email"}}
}

// AskOIDC begins a sign-in: the browser goes to url and comes back with the ticket.
func (d *Door) AskOIDC(ctx context.Context, site Site) (url, ticket string, err error) {
	if d.OIDC == nil {
		return "", "", ErrNone
	}
	p, err := d.OIDC.open(ctx)
	if err != nil {
		return "", "", err
	}
	s := oidcState{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Redirect: site.Origin() + OIDCReturn}
	if ticket, err = d.Sealer.Seal("oidc", s, 2*halfway); err != nil {
		return "", "", err
	}
	config := d.OIDC.config(p, s.Redirect)
	return config.AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier)), ticket, nil
}

// ReturnOIDC ends it.
func (d *Door) ReturnOIDC(ctx context.Context, network, ticket, state, code string) (Step, error) {
	if d.OIDC == nil {
		return Step{}, ErrNone
	}
	if network != "" {
		if ok, wait := d.ByNetwork(ctx, network); !ok {
			return Step{}, &TooManyError{wait}
		}
	}
	var s oidcState
	if err := d.Sealer.Open("oidc", ticket, &s); err != nil {
		return Step{}, err
	}
	if state == "" || state != s.State {
		return Step{}, ErrWrong
	}
	p, err := d.OIDC.open(ctx)
	if err != nil {
		return Step{}, err
	}
	config := d.OIDC.config(p, s.Redirect)
	token, err := config.Exchange(oidc.ClientContext(ctx, d.OIDC.Client), code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		return Step{}, fmt.Errorf("%w: the provider: %w", ErrWrong, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: d.OIDC.ClientID, Now: d.now}).Verify(oidc.ClientContext(ctx, d.OIDC.Client), raw)
	if err != nil || id.Nonce != s.Nonce {
		return Step{}, fmt.Errorf("%w: the provider's word does not hold: %w", ErrWrong, err)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return Step{}, fmt.Errorf("%w: %w", ErrWrong, err)
	}
	if !claims.Verified {
		claims.Email = ""
	}
	m, err := d.vouched(ctx, id.Issuer+" "+id.Subject, claims.Email)
	if err != nil {
		return Step{}, err
	}
	if m.Disabled {
		d.refused(ctx, m, "oidc")
		return Step{}, ErrWrong
	}
	return d.begin(ctx, m, Full, "oidc")
}

// vouched finds whom the provider means: by its subject, and the first time by the verified address, which is the member's name. From then on
// the subject alone counts, since an address may get another owner.
func (d *Door) vouched(ctx context.Context, subject, email string) (Member, error) {
	c, err := d.Store.CredentialBySubject(ctx, kindOIDC, subject)
	if err == nil {
		return d.member(ctx, c.Moderator)
	} else if !errors.Is(err, store.ErrNotFound) {
		return Member{}, fmt.Errorf("staff: oidc: %w", err)
	}
	name, err := NormalName(email)
	if err != nil {
		return Member{}, ErrWrong
	}
	m, err := d.named(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && m.oidc != nil:
		d.refused(ctx, m, "oidc")
		return Member{}, ErrWrong
	case err != nil:
		return Member{}, err
	}
	_, err = d.Store.SaveCredential(ctx, store.Credential{Moderator: m.ID, Kind: kindOIDC, Subject: subject, Created: d.now()})
	if err != nil {
		return Member{}, fmt.Errorf("staff: oidc: %w", err)
	}
	d.audit(ctx, m.ID, "oidc.link", "moderator:"+m.ID, nil)
	return d.member(ctx, m.ID)
}
