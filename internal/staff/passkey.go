package staff

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"passerby/internal/store"
)

const passkeysPerMember = 10

type passkey struct {
	kept   store.Credential
	detail passkeyDetail
}

type passkeyDetail struct {
	Label      string              `json:"label"`
	Host       string              `json:"host"` // for which it was made; it works nowhere else
	Credential webauthn.Credential `json:"credential"`
}

// user is a member in the library's words. The handle is his id.
type user struct{ m Member }

func (u user) WebAuthnID() []byte          { return []byte(u.m.ID) }
func (u user) WebAuthnName() string        { return u.m.Name }
func (u user) WebAuthnDisplayName() string { return u.m.Name }
func (u user) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(u.m.passkeys))
	for i, p := range u.m.passkeys {
		all[i] = p.detail.Credential
	}
	return all
}

// Site is what a browser calls this server: scheme and host of the page that asks.
type Site struct {
	Secure bool   // https
	Host   string // with port
}

// Origin is scheme, host and port.
func (s Site) Origin() string {
	if s.Secure {
		return "https://" + s.Host
	}
	return "http://" + s.Host
}

func (s Site) name() string {
	if h, _, err := net.SplitHostPort(s.Host); err == nil {
		return strings.ToLower(h)
	}
	return strings.ToLower(s.Host)
}

// relyingParty is this server under the name by which the browser knows it. A key is bound to that name by the browser and by its own
// signature, so a forged name opens nothing.
func relyingParty(s Site) (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: s.name(), RPDisplayName: "Passerby", RPOrigins: []string{s.Origin()},
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
		AttestationPreference:  protocol.PreferNoAttestation,
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Enforce: true, Timeout: halfway, TimeoutUVD: halfway},
			Registration: webauthn.TimeoutConfig{Enforce: true, Timeout: halfway, TimeoutUVD: halfway},
		},
	})
}

// OfferPasskey begins to add a passkey: options are for the browser, the ticket for SetPasskey.
func (d *Door) OfferPasskey(s Session, site Site) (options any, ticket string, err error) {
	if len(s.Member.passkeys) >= passkeysPerMember {
		return nil, "", fmt.Errorf("%w: a member has %d passkeys at most", ErrTaken, passkeysPerMember)
	}
	rp, err := relyingParty(site)
	if err != nil {
		return nil, "", fmt.Errorf("staff: passkeys: %w", err)
	}
	known := make([]protocol.CredentialDescriptor, 0, len(s.Member.passkeys))
	for _, p := range s.Member.passkeys {
		known = append(known, p.detail.Credential.Descriptor())
	}
	creation, data, err := rp.BeginRegistration(user{s.Member}, webauthn.WithExclusions(known))
	if err != nil {
		return nil, "", fmt.Errorf("staff: passkeys: %w", err)
	}
	ticket, err = d.Sealer.Seal("passkey-add:"+s.Member.ID, data, halfway)
	return creation.Response, ticket, err
}

// SetPasskey takes what the browser made.
func (d *Door) SetPasskey(ctx context.Context, s Session, site Site, ticket, label string, made []byte) (Step, error) {
	var data webauthn.SessionData
	if err := d.Sealer.Open("passkey-add:"+s.Member.ID, ticket, &data); err != nil {
		return Step{}, err
	}
	rp, err := relyingParty(site)
	if err != nil {
		return Step{}, fmt.Errorf("staff: passkeys: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(made)
	if err != nil {
		return Step{}, fmt.Errorf("%w: %w", ErrWrong, err)
	}
	credential, err := rp.CreateCredential(user{s.Member}, data, parsed)
	if err != nil {
		return Step{}, fmt.Errorf("%w: %w", ErrWrong, err)
	}
	if label = strings.TrimSpace(label); label == "" || len(label) > 60 {
		label = "passkey"
	}
	detail, err := json.Marshal(passkeyDetail{label, site.name(), *credential})
	if err != nil {
		return Step{}, err
	}
	step, err := d.change(ctx, s, "passkey.add", store.Credential{
		Moderator: s.Member.ID, Kind: kindPasskey, Subject: base64.RawURLEncoding.EncodeToString(credential.ID), Created: d.now(), Detail: detail,
	})
	if errors.Is(err, store.ErrExists) {
		return Step{}, ErrTaken
	}
	return step, err
}

// AskPasskey begins a sign-in by passkey, for whoever has one.
func (d *Door) AskPasskey(site Site) (options any, ticket string, err error) {
	rp, err := relyingParty(site)
	if err != nil {
		return nil, "", fmt.Errorf("staff: passkeys: %w", err)
	}
	assertion, data, err := rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, "", fmt.Errorf("staff: passkeys: %w", err)
	}
	ticket, err = d.Sealer.Seal("passkey-ask", data, halfway)
	return assertion.Response, ticket, err
}

// Passkey ends it.
func (d *Door) Passkey(ctx context.Context, network string, site Site, ticket string, shown []byte) (Step, error) {
	if network != "" {
		if ok, wait := d.ByNetwork(ctx, network); !ok {
			return Step{}, &TooManyError{wait}
		}
	}
	var data webauthn.SessionData
	if err := d.Sealer.Open("passkey-ask", ticket, &data); err != nil {
		return Step{}, err
	}
	rp, err := relyingParty(site)
	if err != nil {
		return Step{}, fmt.Errorf("staff: passkeys: %w", err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(shown)
	if err != nil {
		return Step{}, ErrWrong
	}
	var m Member
	_, credential, err := rp.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		var err error
		m, err = d.member(ctx, string(handle))
		return user{m}, err
	}, data, parsed)
	if err != nil || m.Disabled {
		d.refused(ctx, m, "passkey")
		return Step{}, ErrWrong
	}
	if err := d.spend(ctx, m.ID, "challenge:"+data.Challenge); err != nil {
		return Step{}, err
	}
	if err := d.usedPasskey(ctx, m, credential); err != nil {
		return Step{}, err
	}
	return d.begin(ctx, m, Full, "passkey")
}

// usedPasskey keeps the key's counter; one that went back says that there are two of the key.
func (d *Door) usedPasskey(ctx context.Context, m Member, used *webauthn.Credential) error {
	for _, p := range m.passkeys {
		if string(p.detail.Credential.ID) != string(used.ID) {
			continue
		}
		if used.Authenticator.CloneWarning {
			d.refused(ctx, m, "passkey with a counter that went back")
			return ErrWrong
		}
		p.detail.Credential = *used
		detail, err := json.Marshal(p.detail)
		if err != nil {
			return err
		}
		p.kept.Detail, p.kept.Used = detail, d.now()
		_, err = d.Store.SaveCredential(ctx, p.kept)
		return err
	}
	return ErrWrong
}
