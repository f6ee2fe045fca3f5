package api

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"passerby/internal/auth"
	"passerby/signaling/protocol"
)

const (
	// LongestTTL is how long a token may wait for its use.
	LongestTTL = time.Hour
	usualTTL   = 5 * time.Minute
	leastTTL   = 10 * time.Second
	userBytes  = 128
	nameRunes  = 40
)

func (a *api) mint(w http.ResponseWriter, r *http.Request, k Key) {
	var req SessionRequest
	if !read(w, r, &req) {
		return
	}
	ttl := time.Duration(req.TTL) * time.Second
	if req.TTL == 0 {
		ttl = usualTTL
	}
	age := auth.Age(req.Age)
	switch {
	case req.User == "" || len(req.User) > userBytes || !utf8.ValidString(req.User):
		bad(w, "user must be your own name for the user, 1 to %d bytes", userBytes)
		return
	case ttl < leastTTL || ttl > LongestTTL:
		bad(w, "ttl must be %d to %d seconds", int(leastTTL.Seconds()), int(LongestTTL.Seconds()))
		return
	case age != auth.Adult && age != auth.Minor:
		bad(w, `age must be "adult" or "minor": this service asks for it`)
		return
	case age == auth.Minor && !a.Minors:
		protocol.WriteError(w, 0, protocol.Errorf(protocol.AdultRequired, "this service is for adults; its operator can let minors in, into a pool of their own (minors: true)"))
		return
	}
	said, fault := said(req)
	if fault != "" {
		bad(w, "%s", fault)
		return
	}
	e := auth.Entry{User: a.AppUser(k.Name, req.User), Age: age, Said: said, Expires: time.Now().Add(ttl).Truncate(time.Second)}
	token, err := a.Tokens.IssueEntry(e)
	if err != nil {
		a.failed(w, r, err)
		return
	}
	answer(w, http.StatusCreated, SessionAnswer{Token: token, User: e.User, ExpiresAt: e.Expires.UTC().Format(time.RFC3339)})
}

// said reads what the app says of its user, or answers what is wrong with it.
func said(req SessionRequest) (s auth.Said, fault string) {
	s = auth.Said{Name: strings.TrimSpace(req.DisplayName), Language: req.Language, Gender: req.Gender, Seeking: strings.Join(req.Seeking, "")}
	if utf8.RuneCountInString(s.Name) > nameRunes || !utf8.ValidString(s.Name) || strings.ContainsFunc(s.Name, unshowable) {
		return s, "display_name must have at most 40 characters, and none that cannot be seen"
	}
	genders := []string{"f", "m", "x"}
	if s.Gender != "" && !slices.Contains(genders, s.Gender) {
		return s, "gender must be f, m or x"
	}
	for i, g := range req.Seeking {
		if !slices.Contains(genders, g) || slices.Contains(req.Seeking[:i], g) {
			return s, "seeking must be some of f, m, x"
		}
	}
	if len(s.Language) > 8 || strings.Trim(s.Language, "abcdefghijklmnopqrstuvwxyz") != "" || len(s.Language) == 1 {
		return s, `language must be a primary tag like "en"`
	}
	if len(req.Tags) > protocol.Tags {
		return s, "at most 8 tags"
	}
	for _, tag := range req.Tags {
		if n := utf8.RuneCountInString(tag); n < 1 || n > protocol.TagLength || !utf8.ValidString(tag) || strings.ContainsFunc(tag, unshowable) {
			return s, "a tag must have 1 to 24 characters, and none that cannot be seen"
		}
	}
	s.Tags = strings.Join(req.Tags, "\n")
	return s, ""
}

// unshowable are control characters, those that turn the direction of text, line and paragraph ends, and what stands for nothing.
func unshowable(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) && r != '\u200d' && r != '\u200c' // joiners belong into emoji and scripts
}
