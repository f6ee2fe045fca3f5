package textfilter_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/textfilter"
	"passerby/internal/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = []byte("0123456789abcdef0123456789abcdef")

var secret = "whsec_" + base64.StdEncoding.EncodeToString(key)

// judge is an operator's service, which checks who asks.
func judge(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, text string)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		at, _ := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64)
		if r.Header.Get("webhook-signature") != webhook.Sign(key, r.Header.Get("webhook-id"), at, b) || time.Since(time.Unix(at, 0)).Abs() > time.Minute {
			t.Error("the signature does not hold")
		}
		var q map[string]any
		if err := json.Unmarshal(b, &q); err != nil || q["type"] != "text.check" || q["match"] != "m" || q["user"] != "u" || q["session"] != "s" || q["n"] != 3.0 {
			t.Errorf("asked %s (%v)", b, err)
		}
		text, _ := q["text"].(string)
		answer(w, r, text)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func filter(t *testing.T, c textfilter.Config) func(text string) textfilter.Verdict {
	t.Helper()
	c.Secret, c.AllowPrivate = secret, true
	f, err := textfilter.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) textfilter.Verdict {
		return f.Judge(t.Context(), textfilter.Text{Match: "m", User: "u", Session: "s", N: 3, Text: text})
	}
}

func TestWordsThenService(t *testing.T) {
	asked := 0
	url := judge(t, func(w http.ResponseWriter, _ *http.Request, text string) {
		asked++
		fmt.Fprintf(w, `{"deliver": %v, "more": 1}`, text != "no")
	})
	f := filter(t, textfilter.Config{Words: []string{"badword"}, URL: url, Timeout: 4 * time.Second})
	for text, want := range map[string]textfilter.Verdict{"hello": textfilter.Passes, "no": textfilter.Refused, "a b4dw0rd": textfilter.Refused} {
		if got := f(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if asked != 2 {
		t.Errorf("the service was asked %d times: what the words refuse need not leave this machine", asked)
	}
	if got := filter(t, textfilter.Config{})("anything"); got != textfilter.Passes {
		t.Errorf("without words and service: %v", got)
	}
}

// A service that does not answer, in time or at all, or answers anything else, is as the operator has chosen.
func TestFailOpenAndFailClosed(t *testing.T) {
	over := make(chan struct{})
	url := judge(t, func(w http.ResponseWriter, r *http.Request, text string) {
		switch text {
		case "slow":
			select {
			case <-over:
			case <-r.Context().Done():
			}
		case "status":
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"deliver": true}`)
		case "elsewhere":
			http.Redirect(w, r, "/other", http.StatusFound)
		case "empty":
			fmt.Fprint(w, `{}`)
		case "long":
			fmt.Fprint(w, `{"deliver": true, "x": "`, strings.Repeat("x", 1<<20), `"}`)
		case "nonsense":
			fmt.Fprint(w, `deliver`)
		}
	})
	defer close(over)
	var log strings.Builder
	for _, open := range []bool{false, true} {
		want := textfilter.Unchecked
		if open {
			want = textfilter.Passes
		}
		f := filter(t, textfilter.Config{Words: []string{"badword"}, URL: url, Timeout: 300 * time.Millisecond, FailOpen: open, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for _, text := range []string{"slow", "status", "elsewhere", "empty", "long", "nonsense"} {
			began := time.Now()
			if got := f(text); got != want {
				t.Errorf("open %v, %s: %v, want %v", open, text, got, want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s: took %v", text, took)
			}
		}
		if f("badword") != textfilter.Refused {
			t.Error("the words do not count while the service is away")
		}
		gone := filter(t, textfilter.Config{URL: "http://127.0.0.1:1/?key=hidden", Timeout: 300 * time.Millisecond, FailOpen: open, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if got := gone("hello"); got != want {
			t.Errorf("open %v, nobody there: %v", open, got)
		}
	}
	if said := strings.Count(log.String(), "does not answer"); said != 4 || strings.Contains(log.String(), "hidden") {
		t.Errorf("said %d times, want once each:\n%s", said, log.String())
	}
}

func TestOnlyPublicAddressesUnlessAllowed(t *testing.T) {
	url := judge(t, func(http.ResponseWriter, *http.Request, string) { t.Error("asked at a private address") })
	f, err := textfilter.New(textfilter.Config{URL: url, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Judge(t.Context(), textfilter.Text{Text: "hello"}); got != textfilter.Unchecked {
		t.Errorf("%v", got)
	}
	if _, err := textfilter.New(textfilter.Config{URL: url, Secret: "short"}); err == nil {
		t.Error("a short secret is taken")
	}
}
