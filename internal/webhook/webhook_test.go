package webhook_test

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/events"
	"passerby/internal/store"
	"passerby/internal/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = []byte("0123456789abcdef0123456789abcdef")

type got struct {
	header http.Header
	body   []byte
}

// receiver answers each try with the next of its statuses, the last one for ever.
func receiver(t *testing.T, statuses ...int) (*httptest.Server, <-chan got) {
	t.Helper()
	tries := make(chan got, 10)
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if statuses[n] == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(statuses[n])
		n = min(n+1, len(statuses)-1)
		tries <- got{r.Header, b}
	}))
	t.Cleanup(s.Close)
	return s, tries
}

func sender(t *testing.T, url string, private bool) *webhook.Sender {
	t.Helper()
	s, err := webhook.New(webhook.Config{URL: url, Secret: "whsec_" + base64.StdEncoding.EncodeToString(key), AllowPrivate: private})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var event = store.Event{ID: "b1.made", Kind: "ban.made", Body: []byte(`{"id":"b1.made"}`)}

func TestSigned(t *testing.T) {
	server, tries := receiver(t, 500, 302, 204)
	s := sender(t, server.URL, true)
	for _, ok := range []bool{false, false, true} { // a redirect is not followed, and counts as a failure
		if err := s.Deliver(t.Context(), []store.Event{event})[0]; (err == nil) != ok || errors.Is(err, events.ErrRefused) {
			t.Errorf("%v, want %v", err, ok)
		}
		g := <-tries
		at, err := strconv.ParseInt(g.header.Get("webhook-timestamp"), 10, 64)
		if err != nil || time.Since(time.Unix(at, 0)) > time.Minute {
			t.Errorf("timestamp %q", g.header.Get("webhook-timestamp"))
		}
		if g.header.Get("webhook-id") != event.ID || string(g.body) != string(event.Body) {
			t.Errorf("%s: %s", g.header.Get("webhook-id"), g.body)
		}
		if want := webhook.Sign(key, event.ID, at, g.body); !hmac.Equal([]byte(want), []byte(g.header.Get("webhook-signature"))) {
			t.Errorf("signature %q, want %q", g.header.Get("webhook-signature"), want)
		}
	}
}

// The example of the Standard Webhooks specification's reference implementations.
func TestSignatureOfTheSpecification(t *testing.T) {
	k, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	if got := webhook.Sign(k, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestGoneIsNotTriedAgain(t *testing.T) {
	server, _ := receiver(t, 410)
	if err := sender(t, server.URL, true).Deliver(t.Context(), []store.Event{event})[0]; !errors.Is(err, events.ErrRefused) {
		t.Error(err)
	}
}

func TestPrivateAddressesAreNotDialled(t *testing.T) {
	server, tries := receiver(t, 204)
	for _, host := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)} { // a name is judged by where it leads
		if err := sender(t, host, false).Deliver(t.Context(), []store.Event{event})[0]; !errors.Is(err, events.ErrRefused) {
			t.Error(err)
		}
	}
	if len(tries) > 0 {
		t.Error("the loopback address was reached")
	}
}

func TestPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false, "::1": false, "::": false, "fe80::1": false,
		"fd00::1": false, "::ffff:127.0.0.1": false, "::ffff:8.8.8.8": true, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "ff02::1": false, "::127.0.0.1": false,
	} {
		if got := webhook.Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v, want %v", addr, got, want)
		}
	}
}

func TestWhatIsNoTarget(t *testing.T) {
	for _, url := range []string{"", "example.org", "ftp://example.org", "https://user:secret@example.org", "file:///etc/passwd", "https://", "https://example.org/#x"} {
		if webhook.ParseURL(url) == nil {
			t.Errorf("%q is accepted", url)
		}
	}
	for _, secret := range []string{"", "whsec_", "whsec_short", "0123456789012345678901234567890123456789", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))} {
		if _, err := webhook.ParseSecret(secret); err == nil {
			t.Errorf("%q is accepted", secret)
		}
	}
}
