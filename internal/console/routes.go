package console

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"passerby/internal/moderation"
	"passerby/internal/report"
	"passerby/internal/staff"
	"passerby/internal/store"
)

// routes lists every address below Path + "/api", with who may use it.
func routes() map[string]route {
	public := func(f serve) route { return route{public: true, serve: f} }
	account := func(f serve) route { return route{account: true, serve: f} }
	may := func(a staff.Action, f serve) route { return route{may: a, serve: f} }
	return map[string]route{
		"GET /session":                 public((*console).session),
		"POST /sign-in/password":       public((*console).password),
		"POST /sign-in/code":           public((*console).code),
		"POST /sign-in/passkey":        public((*console).askPasskey),
		"POST /sign-in/passkey/finish": public((*console).passkey),
		"POST /sign-in/oidc":           public((*console).askOIDC),

		"POST /sign-out":               account((*console).signOut),
		"GET /account":                 account((*console).account),
		"POST /account/password":       account((*console).setPassword),
		"POST /account/code":           account((*console).offerCode),
		"POST /account/code/finish":    account((*console).setCode),
		"POST /account/passkey":        account((*console).offerPasskey),
		"POST /account/passkey/finish": account((*console).setPasskey),
		"DELETE /account/passkey/{id}": account((*console).removePasskey),

		"GET /figures":                       may(staff.See, (*console).figures),
		"GET /queue":                         may(staff.See, (*console).queue),
		"GET /people/{id}":                   may(staff.See, (*console).person),
		"GET /reports/{id}/evidence/{piece}": may(staff.See, (*console).evidence),
		"GET /bans":                          may(staff.See, (*console).bans),
		"GET /appeals":                       may(staff.See, (*console).appeals),
		"GET /colleagues":                    may(staff.See, (*console).colleagues),
		"POST /people/{id}/claim":            may(staff.Decide, (*console).claim),
		"DELETE /people/{id}/claim":          may(staff.Decide, (*console).release),
		"POST /people/{id}/decide":           may(staff.Decide, (*console).decide),
		"POST /undo":                         may(staff.Decide, (*console).undo),
		"POST /bans/{id}/lift":               may(staff.Decide, (*console).lift),
		"POST /appeals/{id}/answer":          may(staff.Decide, (*console).answer),
		"GET /audit":                         may(staff.Inspect, (*console).audit),
		"POST /audit/verify":                 may(staff.Inspect, (*console).verify),
		"GET /moderators":                    may(staff.Govern, (*console).moderators),
		"POST /moderators":                   may(staff.Govern, (*console).addModerator),
		"POST /moderators/{id}":              may(staff.Govern, (*console).changeModerator),
		"POST /moderators/{id}/reset":        may(staff.Govern, (*console).resetModerator),
	}
}

type serve = func(c *console, r *http.Request, me staff.Session) (any, error)

// page reads ?before= and ?limit=.
func page(r *http.Request) store.Page {
	n, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	return store.Page{Before: r.URL.Query().Get("before"), Limit: n}
}

func (c *console) figures(r *http.Request, _ staff.Session) (any, error) {
	counts, err := c.Desk.Count(r.Context())
	return struct {
		Figures
		moderation.Counts
	}{c.Figures(r.Context()), counts}, err
}

func (c *console) queue(r *http.Request, _ staff.Session) (any, error) {
	cases, more, err := c.Desk.Queue(r.Context())
	return map[string]any{"cases": cases, "more": more}, err
}

func (c *console) person(r *http.Request, _ staff.Session) (any, error) {
	p, err := c.Desk.Person(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return viewPerson(p), nil
}

func (c *console) evidence(r *http.Request, me staff.Session) (any, error) {
	e, err := c.Desk.Evidence(r.Context(), me.Member.ID, r.PathValue("id"), r.PathValue("piece"))
	if err != nil || e.Type != report.TypeRecording {
		return file{e.Type, e.Body}, err
	}
	film, err := report.WebM(e)
	return file{"video/webm", film}, err
}

func (c *console) claim(r *http.Request, me staff.Session) (any, error) {
	claim, err := c.Desk.Claim(r.Context(), me.Member.ID, r.PathValue("id"))
	return viewClaim(&claim), err
}

func (c *console) release(r *http.Request, me staff.Session) (any, error) {
	return nil, c.Desk.Release(r.Context(), me.Member.ID, r.PathValue("id"))
}

func (c *console) decide(r *http.Request, me staff.Session) (any, error) {
	var act moderation.Act
	if err := read(r, &act); err != nil {
		return nil, err
	}
	return c.Desk.Decide(r.Context(), me.Member.ID, r.PathValue("id"), act)
}

func (c *console) undo(r *http.Request, me staff.Session) (any, error) {
	var q struct {
		Undo string `json:"undo"`
	}
	if err := read(r, &q); err != nil {
		return nil, err
	}
	return nil, c.Desk.Undo(r.Context(), me.Member.ID, q.Undo)
}

func (c *console) bans(r *http.Request, _ staff.Session) (any, error) {
	f := store.BanFilter{User: r.URL.Query().Get("user")}
	if r.URL.Query().Get("active") == "1" {
		f.Active = c.Desk.Clock()
	}
	all, err := c.Store.Bans(r.Context(), f, page(r))
	return map[string]any{"bans": viewAll(all, viewBan)}, err
}

func (c *console) lift(r *http.Request, me staff.Session) (any, error) {
	var q struct {
		Note string `json:"note"`
	}
	if err := read(r, &q); err != nil {
		return nil, err
	}
	return nil, c.Desk.Lift(r.Context(), me.Member.ID, r.PathValue("id"), q.Note)
}

func (c *console) appeals(r *http.Request, _ staff.Session) (any, error) {
	all, err := c.Store.Appeals(r.Context(), store.AppealFilter{Status: store.AppealStatus(r.URL.Query().Get("status"))}, page(r))
	if err != nil {
		return nil, err
	}
	out := make([]appealView, 0, len(all))
	for _, a := range all {
		v := viewAppeal(a)
		if b, err := c.Store.Ban(r.Context(), a.Ban); err == nil {
			ban := viewBan(b)
			v.Ban = &ban
		}
		out = append(out, v)
	}
	return map[string]any{"appeals": out}, nil
}

func (c *console) answer(r *http.Request, me staff.Session) (any, error) {
	var v moderation.Verdict
	if err := read(r, &v); err != nil {
		return nil, err
	}
	a, err := c.Desk.Answer(r.Context(), me.Member.ID, r.PathValue("id"), v)
	return viewAppeal(a), err
}

func (c *console) audit(r *http.Request, _ staff.Session) (any, error) {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	all, err := c.Store.AuditLog(r.Context(), before, 100)
	return map[string]any{"entries": viewAll(all, viewEntry)}, err
}

// verify walks the chain; a head that was kept elsewhere shows whether the end was cut off.
func (c *console) verify(r *http.Request, _ staff.Session) (any, error) {
	var q struct {
		Seq  int64  `json:"seq"`
		Hash string `json:"hash"`
	}
	if err := read(r, &q); err != nil {
		return nil, err
	}
	hash, err := base64.RawURLEncoding.DecodeString(q.Hash)
	if err != nil {
		return nil, badRequest("the hash is not base64url")
	}
	head, err := c.Store.VerifyAudit(r.Context(), store.AuditHead{Seq: q.Seq, Hash: hash})
	out := map[string]any{"ok": err == nil, "seq": head.Seq, "hash": base64.RawURLEncoding.EncodeToString(head.Hash)}
	if err != nil {
		c.Log.ErrorContext(r.Context(), "console: the audit log does not hold", "err", err)
		out["fault"] = err.Error()
	}
	return out, nil
}

// colleagues tells the names behind ids, so that lists can be read.
func (c *console) colleagues(r *http.Request, _ staff.Session) (any, error) {
	all, err := c.Store.Moderators(r.Context())
	names := map[string]string{}
	for _, m := range all {
		names[m.ID] = m.Name
	}
	return map[string]any{"names": names}, err
}

func raw(b json.RawMessage) json.RawMessage {
	if !json.Valid(b) {
		return json.RawMessage("null")
	}
	return b
}
