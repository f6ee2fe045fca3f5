package console

import (
	"encoding/json"
	"net/http"

	"passerby/internal/staff"
)

const issuer = "Passerby"

type meView struct {
	SignedIn bool        `json:"signed_in"`
	ID       string      `json:"id,omitempty"`
	Name     string      `json:"name,omitempty"`
	Role     staff.Role  `json:"role,omitempty"`
	Stage    staff.Stage `json:"stage,omitempty"`
	OIDC     bool        `json:"oidc"` // there is a provider to sign in with
}

func (c *console) me(s staff.Session) meView {
	return meView{s.ID != "", s.Member.ID, s.Member.Name, s.Member.Role, s.Stage, c.Door.OIDC != nil}
}

func (c *console) session(_ *http.Request, me staff.Session) (any, error) { return c.me(me), nil }

// stepView is what a page is told after a step of a sign-in.
type stepView struct {
	Next   string      `json:"next,omitempty"` // code, passkey
	Ticket string      `json:"ticket,omitempty"`
	Stage  staff.Stage `json:"stage,omitempty"`
}

func answered(s staff.Step, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	v := stepView{s.Next, s.Ticket, s.Stage}
	if s.Token == "" {
		return v, nil
	}
	return signed{s.Token, v}, nil
}

func (c *console) password(r *http.Request, _ staff.Session) (any, error) {
	var q struct{ Name, Password string }
	if err := read(r, &q); err != nil {
		return nil, err
	}
	return answered(c.Door.Password(r.Context(), c.network(r), q.Name, q.Password))
}

func (c *console) code(r *http.Request, _ staff.Session) (any, error) {
	var q struct{ Ticket, Code string }
	if err := read(r, &q); err != nil {
		return nil, err
	}
	return answered(c.Door.Code(r.Context(), c.network(r), q.Ticket, q.Code))
}

func (c *console) askPasskey(r *http.Request, _ staff.Session) (any, error) {
	s, err := site(r)
	if err != nil {
		return nil, err
	}
	options, ticket, err := c.Door.AskPasskey(s)
	return map[string]any{"options": options, "ticket": ticket}, err
}

type passkeyRequest struct {
	Ticket     string          `json:"ticket"`
	Label      string          `json:"label"`
	Credential json.RawMessage `json:"credential"`
}

func (c *console) passkey(r *http.Request, _ staff.Session) (any, error) {
	var q passkeyRequest
	if err := read(r, &q); err != nil {
		return nil, err
	}
	s, err := site(r)
	if err != nil {
		return nil, err
	}
	return answered(c.Door.Passkey(r.Context(), c.network(r), s, q.Ticket, q.Credential))
}

func (c *console) signOut(r *http.Request, me staff.Session) (any, error) {
	return cleared{}, c.Door.Leave(r.Context(), me)
}

func (c *console) account(_ *http.Request, me staff.Session) (any, error) {
	return map[string]any{"me": c.me(me), "ways": me.Member.Ways(), "complete": me.Member.Complete(), "began": me.Began, "via": me.Via}, nil
}

func (c *console) setPassword(r *http.Request, me staff.Session) (any, error) {
	var q struct{ Old, Password string }
	if err := read(r, &q); err != nil {
		return nil, err
	}
	return answered(c.Door.SetPassword(r.Context(), me, q.Old, q.Password))
}

func (c *console) offerCode(_ *http.Request, me staff.Session) (any, error) {
	offer, ticket, err := c.Door.OfferTOTP(me, issuer)
	return map[string]any{"secret": offer.Secret, "url": offer.URL, "qr": offer.QR, "ticket": ticket}, err
}

func (c *console) setCode(r *http.Request, me staff.Session) (any, error) {
	var q struct{ Ticket, Code string }
	if err := read(r, &q); err != nil {
		return nil, err
	}
	return answered(c.Door.SetTOTP(r.Context(), me, q.Ticket, q.Code))
}

func (c *console) offerPasskey(r *http.Request, me staff.Session) (any, error) {
	s, err := site(r)
	if err != nil {
		return nil, err
	}
	options, ticket, err := c.Door.OfferPasskey(me, s)
	return map[string]any{"options": options, "ticket": ticket}, err
}

func (c *console) setPasskey(r *http.Request, me staff.Session) (any, error) {
	var q passkeyRequest
	if err := read(r, &q); err != nil {
		return nil, err
	}
	s, err := site(r)
	if err != nil {
		return nil, err
	}
	return answered(c.Door.SetPasskey(r.Context(), me, s, q.Ticket, q.Label, q.Credential))
}

func (c *console) removePasskey(r *http.Request, me staff.Session) (any, error) {
	return answered(c.Door.RemovePasskey(r.Context(), me, r.PathValue("id")))
}
