package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"passerby/web"
)

func built() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		".placeholder":         file(""),
		"index.html":           file("<!doctype html>"),
		"index.html.br":        file("html in brotli"),
		"icon.svg":             file("<svg/>"),
		"assets/main-1.js":     file("plain"),
		"assets/main-1.js.br":  file("brotli"),
		"assets/main-1.js.gz":  file("gzip"),
		"assets/main-1.css":    file("body{}"),
		"assets/main-1.css.gz": file("css in gzip"),
	}
}

func get(t *testing.T, h http.Handler, method, path string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFiles(t *testing.T) {
	const forever, asked = "public, max-age=31536000, immutable", "no-cache"
	tests := []struct {
		name, method, path, accept                string
		status                                    int
		body, encoding, contentType, cacheControl string
	}{
		{"index", "GET", "/", "", 200, "<!doctype html>", "", "text/html; charset=utf-8", asked},
		{"index by name", "GET", "/index.html", "br", 200, "html in brotli", "br", "text/html; charset=utf-8", asked},
		{"best encoding", "GET", "/assets/main-1.js", "gzip, deflate, br, zstd", 200, "brotli", "br", "text/javascript; charset=utf-8", forever},
		{"gzip only", "GET", "/assets/main-1.js", "gzip", 200, "gzip", "gzip", "text/javascript; charset=utf-8", forever},
		{"brotli refused", "GET", "/assets/main-1.js", "br;q=0, gzip;q=0.5", 200, "gzip", "gzip", "text/javascript; charset=utf-8", forever},
		{"anything", "GET", "/assets/main-1.js", "*", 200, "brotli", "br", "text/javascript; charset=utf-8", forever},
		{"anything but brotli", "GET", "/assets/main-1.js", "br;q=0, *", 200, "gzip", "gzip", "text/javascript; charset=utf-8", forever},
		{"nothing accepted", "GET", "/assets/main-1.js", "identity", 200, "plain", "", "text/javascript; charset=utf-8", forever},
		{"no brotli made", "GET", "/assets/main-1.css", "br, gzip", 200, "css in gzip", "gzip", "text/css; charset=utf-8", forever},
		{"picture", "GET", "/icon.svg", "br", 200, "<svg/>", "", "image/svg+xml", asked},
		{"head", "HEAD", "/assets/main-1.js", "br", 200, "", "br", "text/javascript; charset=utf-8", forever},
		{"unknown", "GET", "/assets/main-2.js", "br", 404, "404 page not found\n", "", "text/plain; charset=utf-8", ""},
		{"encoded by name", "GET", "/assets/main-1.js.br", "br", 404, "404 page not found\n", "", "text/plain; charset=utf-8", ""},
		{"hidden", "GET", "/.placeholder", "", 404, "404 page not found\n", "", "text/plain; charset=utf-8", ""},
		{"climbing", "GET", "/assets/../handler.go", "", 404, "404 page not found\n", "", "text/plain; charset=utf-8", ""},
		{"post", "POST", "/", "", 405, "method not allowed\n", "", "text/plain; charset=utf-8", ""},
	}
	h := web.New(built(), web.Site{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get(t, h, tt.method, tt.path, map[string]string{"Accept-Encoding": tt.accept})
			got := []any{r.StatusCode, body(t, r), r.Header.Get("Content-Encoding"), r.Header.Get("Content-Type"), r.Header.Get("Cache-Control")}
			want := []any{tt.status, tt.body, tt.encoding, tt.contentType, tt.cacheControl}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("got %q, want %q", got[i], want[i])
				}
			}
		})
	}
}

func TestUnchangedFileIsNotSentAgain(t *testing.T) {
	h := web.New(built(), web.Site{})
	first := get(t, h, "GET", "/", map[string]string{"Accept-Encoding": "br"})
	etag := first.Header.Get("ETag")
	again := get(t, h, "GET", "/", map[string]string{"Accept-Encoding": "br", "If-None-Match": `"old", W/` + etag})
	if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
		t.Errorf("with its own tag: status %d", again.StatusCode)
	}
	other := get(t, h, "GET", "/", map[string]string{"If-None-Match": etag})
	if other.StatusCode != http.StatusOK {
		t.Errorf("with the tag of another encoding: status %d", other.StatusCode)
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := web.New(built(), web.Site{})
	for _, path := range []string{"/", "/assets/main-1.js", "/missing"} {
		r := get(t, h, "GET", path, nil)
		csp := r.Header.Get("Content-Security-Policy")
		if csp == "" || strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if got := r.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
	}
}

func TestWithoutABuild(t *testing.T) {
	h := web.New(fstest.MapFS{".placeholder": &fstest.MapFile{}}, web.Site{})
	r := get(t, h, "GET", "/", nil)
	if r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body(t, r), `Run "make web"`) {
		t.Errorf("status %d, want 503 and how to build", r.StatusCode)
	}
}

func TestHandlerServesWhatIsEmbedded(t *testing.T) {
	r := get(t, web.Handler(web.Site{}), "GET", "/", nil)
	if r.StatusCode != http.StatusOK && r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, want the page, or 503 before a build", r.StatusCode)
	}
}
