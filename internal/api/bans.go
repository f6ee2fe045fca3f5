package api

import (
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"passerby/internal/store"
	"passerby/signaling/protocol"
)

const (
	messageBytes = 500
	longestBan   = 100 * 365 * 24 * 3600 // seconds
	// pause is how long a user whose session was ended stays out: no client comes back by itself after it.
	pause = 10 * time.Second
)

func (a *api) ban(w http.ResponseWriter, r *http.Request, k Key) {
	var req BanRequest
	if !read(w, r, &req) {
		return
	}
	switch {
	case !pseudonym(req.User):
		bad(w, "user must be a pseudonym, as sessions and events name it")
		return
	case !slices.Contains(protocol.ReportReason("").Enum(), req.Reason):
		bad(w, "reason must be minor, nudity, threat, hate, spam or other")
		return
	case len(req.Message) > messageBytes || !utf8.ValidString(req.Message):
		bad(w, "message must have at most %d bytes", messageBytes)
		return
	case req.Seconds < 0 || req.Seconds > longestBan:
		bad(w, "seconds must be above 0, or absent for good")
		return
	}
	b := store.Ban{User: req.User, Reason: req.Reason, Message: req.Message}
	if req.Seconds > 0 {
		b.Until = time.Now().Add(time.Duration(req.Seconds) * time.Second)
	}
	if b, err := a.keep(r, k, "ban.make", b); err != nil {
		a.failed(w, r, err)
	} else {
		answer(w, http.StatusCreated, shown(b))
	}
}

// end ends the session of a user on whatever node it is, as a ban of some seconds does.
func (a *api) end(w http.ResponseWriter, r *http.Request, k Key) {
	user := r.PathValue("user")
	if !pseudonym(user) {
		bad(w, "the user must be a pseudonym, as sessions and events name it")
		return
	}
	if _, err := a.keep(r, k, "session.end", store.Ban{User: user, Reason: "other", Until: time.Now().Add(pause)}); err != nil {
		a.failed(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// keep keeps a ban with its entry in the audit log.
func (a *api) keep(r *http.Request, k Key, action string, b store.Ban) (out store.Ban, err error) {
	b.ID, b.At, b.By = store.NewID(), time.Now(), "api:"+k.Name
	err = a.Store.Within(r.Context(), func(tx store.Store) error {
		if out, err = tx.SaveBan(r.Context(), b); err != nil {
			return err
		}
		_, err := tx.AppendAudit(r.Context(), store.AuditEntry{At: b.At, Actor: b.By, Action: action, Target: "ban:" + b.ID})
		return err
	})
	return out, err
}

func (a *api) showBan(w http.ResponseWriter, r *http.Request, _ Key) {
	b, err := a.Store.Ban(r.Context(), r.PathValue("ban"))
	if err != nil {
		a.failed(w, r, err)
		return
	}
	answer(w, http.StatusOK, shown(b))
}

func (a *api) lift(w http.ResponseWriter, r *http.Request, k Key) {
	id, now := r.PathValue("ban"), time.Now()
	err := a.Store.Within(r.Context(), func(tx store.Store) error {
		if err := tx.LiftBan(r.Context(), id, now); err != nil {
			return err
		}
		_, err := tx.AppendAudit(r.Context(), store.AuditEntry{At: now, Actor: "api:" + k.Name, Action: "ban.lift", Target: "ban:" + id})
		return err
	})
	if err != nil {
		a.failed(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func shown(b store.Ban) BanAnswer {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	return BanAnswer{Ban: b.ID, User: b.User, Reason: b.Reason, At: stamp(b.At), Until: stamp(b.Until), Lifted: stamp(b.Lifted)}
}

// pseudonym says whether a text can be one: 22 characters of base64url, or 26 of who has no device key.
func pseudonym(s string) bool {
	if len(s) < 20 || len(s) > 32 {
		return false
	}
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
