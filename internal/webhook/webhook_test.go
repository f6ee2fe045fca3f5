package webhook_test

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

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

// sender runs until the test ends.
func sender(t *testing.T, url string, private bool, waits ...time.Duration) (*webhook.Sender, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	s, err := webhook.New(webhook.Config{
		URL: url, Secret: "whsec_" + base64.StdEncoding.EncodeToString(key), AllowPrivate: private, Waits: waits, Logger: slog.New(slog.DiscardHandler), Registerer: reg,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s, reg
}

// outcome waits until as many events had an outcome.
func outcome(t *testing.T, reg *prometheus.Registry, name string, want float64) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range families[0].GetMetric() {
			if m.GetLabel()[0].GetValue() == name && m.GetCounter().GetValue() >= want {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			n, _ := testutil.GatherAndCount(reg)
			t.Fatalf("no %s within 10 s (%d series)", name, n)
		}
	}
}

func TestSignedAndTriedAgainWithTheSameID(t *testing.T) {
	server, tries := receiver(t, 500, 302, 204)
	s, reg := sender(t, server.URL, true, time.Millisecond, time.Millisecond)
	s.Send(webhook.BanMade, map[string]string{"ban": "b1"})
	outcome(t, reg, "delivered", 1)
	first := <-tries
	for _, g := range []got{first, <-tries, <-tries} { // a redirect is not followed, and counts as a failure
		at, err := strconv.ParseInt(g.header.Get("webhook-timestamp"), 10, 64)
		if err != nil || time.Since(time.Unix(at, 0)) > time.Minute {
			t.Errorf("timestamp %q", g.header.Get("webhook-timestamp"))
		}
		want := webhook.Sign(key, first.header.Get("webhook-id"), at, g.body)
		if !hmac.Equal([]byte(want), []byte(g.header.Get("webhook-signature"))) {
			t.Errorf("signature %q, want %q", g.header.Get("webhook-signature"), want)
		}
		var e struct {
			Type string
			Data map[string]string
		}
		if err := json.Unmarshal(g.body, &e); err != nil || e.Type != "ban.made" || e.Data["ban"] != "b1" {
			t.Errorf("body %s: %v", g.body, err)
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

func TestGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		tries    int
	}{"after the last wait": {[]int{503}, 3}, "at once when gone": {[]int{410}, 1}} {
		t.Run(name, func(t *testing.T) {
			server, tries := receiver(t, c.statuses...)
			s, reg := sender(t, server.URL, true, time.Millisecond, time.Millisecond)
			s.Send(webhook.ReportMade, nil)
			outcome(t, reg, "given_up", 1)
			if len(tries) != c.tries {
				t.Errorf("%d tries, want %d", len(tries), c.tries)
			}
		})
	}
}

func TestPrivateAddressesAreNotDialled(t *testing.T) {
	server, tries := receiver(t, 204)
	for _, host := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)} { // a name is judged by where it leads
		s, reg := sender(t, host, false)
		s.Send(webhook.ReportMade, nil)
		outcome(t, reg, "given_up", 1)
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

func TestAFullQueueDropsWhatIsNew(t *testing.T) {
	reg := prometheus.NewRegistry()
	s, err := webhook.New(webhook.Config{URL: "https://example.org", Secret: "whsec_" + base64.StdEncoding.EncodeToString(key), Logger: slog.New(slog.DiscardHandler), Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	for range 1010 { // nobody runs it
		s.Send(webhook.ReportMade, nil)
	}
	outcome(t, reg, "dropped", 10)
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
