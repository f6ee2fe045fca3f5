package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"passerby/internal/moderation"
	"passerby/internal/staff"
	"passerby/internal/store"
)

// apiError is what a page is told: a code for the program, a sentence for the person.
type apiError struct {
	status        int
	Code, Message string
	retryAfter    int // seconds
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

var (
	errNoSuch    = &apiError{status: http.StatusNotFound, Code: "not_found", Message: "There is no such thing any more."}
	errOrigin    = &apiError{status: http.StatusForbidden, Code: "origin_forbidden", Message: "Only the console's own page may do this."}
	errSignedOut = &apiError{status: http.StatusUnauthorized, Code: "signed_out", Message: "Sign in."}
	errSetup     = &apiError{status: http.StatusForbidden, Code: "setup_required", Message: "First set a password and a second factor, or a passkey."}
	errForbidden = &apiError{status: http.StatusForbidden, Code: "forbidden", Message: "Your role does not allow this."}
	errTooLarge  = &apiError{status: http.StatusRequestEntityTooLarge, Code: "too_large", Message: "The request is too large."}
	errInternal  = &apiError{status: http.StatusInternalServerError, Code: "internal", Message: "Something went wrong on the server. Try again; its log says more."}
)

func badRequest(why string) error {
	return &apiError{status: http.StatusBadRequest, Code: "bad_request", Message: why}
}

// known maps what the rooms behind answer to what a page is told. The first that fits counts.
var known = []struct {
	err     error
	status  int
	code    string
	message string // empty: that of the error
}{
	{staff.ErrWrong, 401, "wrong", "Name, password or code is wrong."},
	{staff.ErrExpired, 400, "expired", "That took too long, or was used already. Begin again."},
	{staff.ErrWeak, 400, "weak_password", "Take a new password of 12 to 200 characters that is not your name."},
	{staff.ErrName, 400, "bad_name", "A name has 2 to 64 letters, digits or any of . - _ @ +"},
	{staff.ErrTaken, 409, "taken", "There is one already."},
	{staff.ErrLastAdmin, 409, "last_admin", "This is the last admin who can sign in. Make another one first."},
	{staff.ErrNone, 404, "not_found", errNoSuch.Message},
	{moderation.ErrClaimed, 409, "claimed", "A colleague works on this."},
	{moderation.ErrTooLate, 409, "too_late", "A decision can be taken back for a minute, by whoever made it, while nobody has decided anew."},
	{moderation.ErrNoRange, 409, "no_network", "This person's network is not known any more. Ban the device."},
	{moderation.ErrOwnBan, 403, "own_ban", "You made this ban: a colleague answers the appeal."},
	{moderation.ErrNoReason, 400, "no_reason", "Choose a reason. The person is told it."},
	{moderation.ErrBadAct, 400, "bad_request", ""},
	{store.ErrNotFound, 404, "not_found", errNoSuch.Message},
	{store.ErrDecided, 409, "decided", "Somebody has decided this already."},
	{store.ErrExists, 409, "taken", "There is one already."},
	{store.ErrFull, 409, "full", "No more of these."},
}

// failed answers an error; what the page can do nothing about is logged.
func (c *console) failed(w http.ResponseWriter, r *http.Request, err error) {
	var api *apiError
	var wait *staff.TooManyError
	switch {
	case errors.As(err, &api):
		fail(w, api)
		return
	case errors.As(err, &wait):
		seconds := int(math.Ceil(wait.Wait.Seconds()))
		fail(w, &apiError{429, "rate_limited", fmt.Sprintf("Too many tries. Wait %d seconds.", seconds), seconds})
		return
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			message := k.message
			if message == "" {
				message = err.Error()
			}
			fail(w, &apiError{status: k.status, Code: k.code, Message: message})
			return
		}
	}
	if r.Context().Err() == nil {
		c.Log.ErrorContext(r.Context(), "console", "path", r.Pattern, "err", err)
	}
	fail(w, errInternal)
}

func fail(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = errInternal
	}
	harden(w)
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	write(w, e.status, map[string]any{"error": map[string]any{"code": e.Code, "message": e.Message, "retry_after": e.retryAfter}})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone when this fails
}

// signed is an answer that signs the browser in; cleared one that signs it out.
type signed struct {
	token  string
	answer any
}

type cleared struct{}

// file is a piece of evidence.
type file struct {
	kind string
	body []byte
}

// shown are the media types that a page may show; everything else is only handed out to be saved.
var shown = map[string]bool{"image/jpeg": true, "image/png": true, "image/webp": true, "video/webm": true}

func (f file) serve(w http.ResponseWriter) {
	kind := f.kind
	if !shown[kind] {
		kind = "application/octet-stream"
		w.Header().Set("Content-Disposition", "attachment")
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(f.body)))
	_, _ = w.Write(f.body) // the client may be gone
}
