package web

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// policy of the chat allows what the page needs and nothing inline: scripts, styles and the Worker from this
// server, WebSockets and requests to it, pictures also from memory. Who may hold the page in a frame stands behind it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; " +
	"connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; font-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "

// ConsolePolicy is that of the moderators' console: less still, since nothing there runs in a Worker. Nothing can become a script
// from text either (Trusted Types).
const ConsolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const (
	hashed   = "public, max-age=31536000, immutable" // names under assets/ change with their content
	asked    = "no-cache"                            // kept, but asked for each time
	index    = "index.html"
	console  = "console" // the folder of the moderators' console
	notBuilt = "The web page is not part of this build.\n\nRun \"make web\" and build again, or use \"make run\".\n"
)

// file is one file in each encoding that the build made of it.
type file struct {
	contentType string
	cache       string
	plain       variant
	encoded     []variant // best first
}

type variant struct {
	encoding string // as in Content-Encoding; "" for none
	body     []byte
	etag     string
}

type handler struct {
	files       map[string]*file // by URL path without the leading slash
	policy      string           // Content-Security-Policy
	permissions string           // Permissions-Policy
}

// New serves the files of a build, for example os.DirFS("web/dist"), but for the console's, with what is the operator's own. It reads them
// all at once.
func New(built fs.FS, site Site) http.Handler {
	h := newHandler(built, policy+site.ancestors(), "camera=(self), microphone=(self), display-capture=(self), geolocation=()")
	site.apply(h)
	return h
}

// NewConsole serves the moderators' console of a build, from its root.
func NewConsole(built fs.FS) http.Handler {
	own, err := fs.Sub(built, console)
	if err != nil {
		panic(err) // the name is a constant: cannot happen
	}
	return newHandler(own, ConsolePolicy, "camera=(), microphone=(), geolocation=()")
}

func newHandler(built fs.FS, policy, permissions string) *handler {
	h := &handler{files: map[string]*file{}, policy: policy, permissions: permissions}
	_ = fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && name == console {
			return fs.SkipDir
		}
		if err == nil && !entry.IsDir() && !strings.HasPrefix(path.Base(name), ".") && !isEncoded(name) {
			h.add(built, name)
		}
		return nil // what cannot be read is answered with 404
	})
	return h
}

func isEncoded(name string) bool {
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

func (h *handler) add(built fs.FS, name string) {
	body, err := fs.ReadFile(built, name)
	if err != nil {
		return
	}
	f := &file{contentType: contentType(name, body), cache: asked, plain: newVariant("", body)}
	if strings.HasPrefix(name, "assets/") {
		f.cache = hashed
	}
	for _, encoding := range []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if body, err := fs.ReadFile(built, name+encoding.suffix); err == nil {
			f.encoded = append(f.encoded, newVariant(encoding.name, body))
		}
	}
	h.files[name] = f
}

func newVariant(encoding string, body []byte) variant {
	sum := sha256.Sum256(body)
	return variant{encoding, body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

func contentType(name string, body []byte) string {
	switch path.Ext(name) { // not left to the system's table, which differs from machine to machine
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return http.DetectContentType(body)
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", h.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", h.permissions)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = index
	}
	f := h.files[name]
	switch {
	case f != nil:
		f.serve(w, r)
	case name == index:
		header.Set("Content-Type", "text/plain; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(notBuilt))
	default:
		http.NotFound(w, r)
	}
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	chosen := f.choose(r.Header.Values("Accept-Encoding"))
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", f.cache)
	header.Set("ETag", chosen.etag)
	if len(f.encoded) > 0 {
		header.Set("Vary", "Accept-Encoding")
	}
	if matches(r.Header.Get("If-None-Match"), chosen.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if chosen.encoding != "" {
		header.Set("Content-Encoding", chosen.encoding)
	}
	header.Set("Content-Length", strconv.Itoa(len(chosen.body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(chosen.body) // the client may be gone
	}
}

func matches(ifNoneMatch, etag string) bool {
	for tag := range strings.SplitSeq(ifNoneMatch, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
			return true
		}
	}
	return false
}

// choose takes the best encoding that the client accepts (RFC 9110 §12.5.3).
func (f *file) choose(accept []string) variant {
	for _, v := range f.encoded {
		if accepts(accept, v.encoding) {
			return v
		}
	}
	return f.plain
}

// accepts says whether an Accept-Encoding names an encoding, or "*" without naming it, with a weight above zero.
func accepts(accept []string, encoding string) bool {
	any := false
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			if parsed, err := strconv.ParseFloat(q, 64); err == nil {
				weight = parsed
			}
		}
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, encoding):
			return weight > 0
		case name == "*":
			any = weight > 0
		}
	}
	return any
}
