package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"passerby/internal/app"
)

// desk is a moderator at the console of one node.
type desk struct {
	t      *testing.T
	base   string
	cookie string
}

// openDesk makes a moderator and signs him in: one-time password, password, authenticator.
func openDesk(t *testing.T, base string, settings ...string) *desk {
	t.Helper()
	var out bytes.Buffer
	if code := app.Main(t.Context(), append([]string{"moderator", "add", "mo", "moderator"}, settings...), &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	said := regexp.MustCompile(`one-time password: (\S+)`).FindStringSubmatch(out.String())
	if said == nil {
		t.Fatal(out.String())
	}
	d := &desk{t: t, base: base}
	d.ask("POST", "/sign-in/password", map[string]string{"name": "mo", "password": said[1]}, nil)
	d.ask("POST", "/account/password", map[string]string{"old": "", "password": "a long enough password"}, nil)
	var offer struct{ Secret, Ticket string }
	d.ask("POST", "/account/code", struct{}{}, &offer)
	code, err := totp.GenerateCode(offer.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d.ask("POST", "/account/code/finish", map[string]string{"ticket": offer.Ticket, "code": code}, nil)
	return d
}

func (d *desk) ask(method, path string, body, out any) {
	d.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.base+"/moderate/api"+path, bytes.NewReader(b))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", d.base)
	r.Header.Set("Cookie", d.cookie)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		d.t.Fatalf("%s %s: %s %s", method, path, res.Status, text)
	}
	for _, c := range res.Cookies() {
		if strings.HasPrefix(c.Name, "__Host-") {
			d.cookie = c.Name + "=" + c.Value
		}
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			d.t.Fatalf("%s: %v", text, err)
		}
	}
}
