package httpapi_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/internal/httpapi"
)

func get(h http.Handler, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAdmin(t *testing.T) {
	var notReady, full error
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "passerby_test"}))
	h := httpapi.Admin("node1.internal:9090", reg, func() error { return notReady }, func() error { return full }, func() []string { return []string{"the database is away"} }, nil, nil)
	if w := get(h, "localhost:9090", "/metrics"); !strings.Contains(w.Body.String(), "passerby_test") {
		t.Errorf("/metrics: %s", w.Body)
	}
	if w := get(h, "localhost:9090", "/readyz"); w.Code != 200 {
		t.Errorf("/readyz: %d", w.Code)
	}
	full = errors.New("full: cpu")
	if w := get(h, "localhost:9090", "/readyz?newcomers"); w.Code != 503 || !strings.Contains(w.Body.String(), "full: cpu") {
		t.Errorf("/readyz?newcomers while full: %d %s", w.Code, w.Body)
	}
	if w := get(h, "localhost:9090", "/readyz"); w.Code != 200 {
		t.Errorf("/readyz while full: %d: who is in may come back", w.Code)
	}
	notReady = errors.New("draining")
	if w := get(h, "localhost:9090", "/readyz"); w.Code != 503 || !strings.Contains(w.Body.String(), "draining") {
		t.Errorf("/readyz while draining: %d %s", w.Code, w.Body)
	}
	if w := get(h, "localhost:9090", "/healthz"); w.Code != 200 {
		t.Errorf("/healthz while draining: %d: a draining server is not sick", w.Code)
	}
}

// A page of a stranger whose name was made to point at this listener gets nothing.
func TestAdminAnswersOnlyToItsNames(t *testing.T) {
	h := httpapi.Admin("Node1.internal:9090", prometheus.NewRegistry(), func() error { return nil }, func() error { return nil }, nil, nil, nil)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:9090": 200, "LocalHost.": 200, "a.localhost:1": 200,
		"127.0.0.1:9090": 200, "10.1.2.3": 200, "[::1]:9090": 200, "[2001:db8::1]": 200, "[fe80::1%25eth0]:9090": 200,
		"node1.internal:9090": 200, "NODE1.INTERNAL": 200, "": 200,
		"evil.example": 421, "evil.example:9090": 421, "localhost.evil.example": 421, "notlocalhost": 421,
		"127.0.0.1.evil.example": 421, "node1.internal.evil.example:9090": 421, "node1": 421, "0x7f000001": 421, "a:b:c": 421,
	} {
		for _, path := range []string{"/metrics", "/debug/pprof/cmdline", "/readyz"} {
			if w := get(h, host, path); w.Code != want {
				t.Errorf("Host %q, %s: %d, want %d", host, path, w.Code, want)
			}
		}
	}
}
