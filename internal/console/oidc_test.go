package console_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"passerby/internal/console"
	"passerby/internal/staff"
)

// issuer is an OpenID provider that says what it is told to say.
type issuer struct {
	t         *testing.T
	url       string
	key       *rsa.PrivateKey
	claims    jwt.MapClaims // besides nonce
	challenge string        // of the last authorization
	nonce     string
	asked     int // times that a code was exchanged
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": i.url, "authorization_endpoint": i.url + "/authorize", "token_endpoint": i.url + "/token", "jwks_uri": i.url + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		answer(w, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		i.asked++
		id, secret, _ := r.BasicAuth()
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if id != "passerby" || secret != "shh" || r.FormValue("code") != "the-code" || base64.RawURLEncoding.EncodeToString(sum[:]) != i.challenge {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		claims := jwt.MapClaims{"nonce": i.nonce}
		for k, v := range i.claims {
			claims[k] = v
		}
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
		token.Header["kid"] = "k"
		signed, err := token.SignedString(key)
		if err != nil {
			t.Error(err)
		}
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": signed})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// signIn goes to the provider and comes back, as a browser does; change may spoil what it comes back with.
func (i *issuer) signIn(b *browser, change func(back url.Values)) (signedIn bool) {
	i.t.Helper()
	var away struct{ URL string }
	b.must("POST", "/sign-in/oidc", struct{}{}, &away)
	u, err := url.Parse(away.URL)
	if err != nil {
		i.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("redirect_uri") != "https://chat.example"+staff.OIDCReturn || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
		i.t.Fatalf("sent to %s", away.URL)
	}
	i.challenge, i.nonce = q.Get("code_challenge"), q.Get("nonce")
	back := url.Values{"state": {q.Get("state")}, "code": {"the-code"}}
	if change != nil {
		change(back)
	}
	header := b.header
	b.header = map[string]string{"Sec-Fetch-Site": "cross-site"} // another site sends it here
	delete(b.cookies, console.SessionCookie)
	code := b.ask("GET", strings.TrimPrefix(staff.OIDCReturn, console.Path+"/api")+"?"+back.Encode(), nil, nil)
	b.header = header
	if code != http.StatusSeeOther || strings.Contains(b.got.Header().Get("Location"), "://") {
		i.t.Errorf("the return: %d to %s", code, b.got.Header().Get("Location"))
	}
	return b.ask("GET", "/queue", nil, nil) == http.StatusOK
}

func TestSignInByAProvider(t *testing.T) {
	w, i := newWorld(t), newIssuer(t)
	w.now = time.Now().UTC()
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	w.door.OIDC = &staff.OIDC{Issuer: i.url, ClientID: "passerby", Secret: "shh", Client: client}
	_, _, _, err := w.door.Add(t.Context(), staff.CLI, "ann@example.org", staff.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change jwt.MapClaims) jwt.MapClaims {
		c := jwt.MapClaims{
			"iss": i.url, "aud": "passerby", "sub": "s1", "email": "Ann@example.org", "email_verified": true, "iat": w.now.Unix(), "exp": w.now.Add(time.Minute).Unix(),
		}
		for k, v := range change {
			c[k] = v
		}
		return c
	}
	for name, tt := range map[string]struct {
		claims jwt.MapClaims
		change func(url.Values)
	}{
		"an address that is not verified": {claims(jwt.MapClaims{"email_verified": false}), nil},
		"no member":                       {claims(jwt.MapClaims{"email": "eve@example.org"}), nil},
		"for another client":              {claims(jwt.MapClaims{"aud": "other"}), nil},
		"of another issuer":               {claims(jwt.MapClaims{"iss": "https://evil.example"}), nil},
		"too old":                         {claims(jwt.MapClaims{"exp": w.now.Add(-time.Hour).Unix()}), nil},
		"another nonce":                   {claims(jwt.MapClaims{"nonce": "x"}), nil},
		"another state":                   {claims(nil), func(v url.Values) { v.Set("state", "x") }},
		"no state":                        {claims(nil), func(v url.Values) { v.Del("state") }},
		"another code":                    {claims(nil), func(v url.Values) { v.Set("code", "x") }},
	} {
		i.claims = tt.claims
		if i.signIn(w.browser(), tt.change) {
			t.Errorf("%s: signed in", name)
		}
	}
	i.claims = claims(nil)
	if !i.signIn(w.browser(), nil) {
		t.Fatal("the member is not let in")
	}
	// From now on the subject counts, and the address no more.
	i.claims = claims(jwt.MapClaims{"email": "new@example.org"})
	if !i.signIn(w.browser(), nil) {
		t.Error("the same person with a new address is not let in")
	}
	i.claims = claims(jwt.MapClaims{"sub": "s2"})
	if i.signIn(w.browser(), nil) {
		t.Error("another person who got the address is let in")
	}
	// A ticket of one browser is of no use in another: it would sign the victim in as the attacker (login CSRF).
	before := i.asked
	w.browser().ask("GET", strings.TrimPrefix(staff.OIDCReturn, console.Path+"/api")+"?state=x&code=the-code", nil, nil)
	if i.asked != before {
		t.Error("a return without a beginning asks the provider")
	}
}
