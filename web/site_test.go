package web_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"passerby/web"
)

func page() fstest.MapFS {
	f := built()
	f["index.html"] = &fstest.MapFile{Data: []byte("<!doctype html>\n<head>\n<title>Passerby</title>\n<meta name=\"theme-color\" content=\"#f2f6f4\">\n" +
		"<link rel=\"icon\" href=\"/icon.svg\">\n<link rel=\"stylesheet\" href=\"/assets/main-1.css\">\n</head>\n" +
		"<span class=\"logo\"><svg class=\"mark\" viewBox=\"0 0 32 32\"><path/>\n</svg>Passerby</span>\n")}
	f["sw.js"] = &fstest.MapFile{Data: []byte("worker")}
	f["manifest.webmanifest"] = &fstest.MapFile{Data: []byte(`{"name": "Passerby", "start_url": "/"}`)}
	return f
}

func TestOnlyNamedOriginsMayHoldThePage(t *testing.T) {
	none := get(t, web.New(page(), web.Site{}), "GET", "/", nil).Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(none, "; frame-ancestors 'none'") {
		t.Errorf("policy %q", none)
	}
	r := get(t, web.New(page(), web.Site{Embed: []string{"https://a.example", "https://b.example:8443"}}), "GET", "/", nil)
	if csp := r.Header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "; frame-ancestors https://a.example https://b.example:8443") || strings.Count(csp, "http") != 2 {
		t.Errorf("policy %q", csp)
	}
	if b := body(t, r); !strings.Contains(b, `<script type="application/json" id="site">{"embed":["https://a.example","https://b.example:8443"]}</script>`) {
		t.Errorf("the page is not told:\n%s", b)
	}
}

func TestASiteOfOnesOwn(t *testing.T) {
	site := web.Site{
		Name: `A & "B" </script>`, Style: []byte("a{}"), Paper: [2]string{"#ffffff", "#000000"}, Imprint: "/imprint", Icon: web.Picture{Kind: "png", Body: []byte("icon")},
		Logo:  web.Picture{Kind: "svg", Body: []byte("<svg/>")},
		Words: map[string]map[string]any{"en": {"landing.headline": "</script><script>alert(1)</script>"}},
	}
	h := web.New(page(), site)
	first := get(t, h, "GET", "/", nil)
	b := body(t, first)
	for _, want := range []string{"<title>A &amp; &#34;B&#34; &lt;/script&gt;</title>", `content="#000000" media="(prefers-color-scheme: dark)"`, `"links":{"imprint":"/imprint"}`, `.svg" alt="">A &amp; `, `\u003c/script\u003e\u003cscript\u003ealert(1)`} {
		if !strings.Contains(b, want) {
			t.Errorf("not in the page: %s\n%s", want, b)
		}
	}
	if strings.Count(b, "</script>") != 1 || strings.Contains(b, "Passerby") || strings.Contains(b, "#f2f6f4") || strings.Contains(b, "/icon.svg") || strings.Contains(b, "<svg") {
		t.Errorf("the page:\n%s", b)
	}
	_, rest, _ := strings.Cut(b, `href="/assets/brand-`)
	style := "/assets/brand-" + rest[:strings.Index(rest, `"`)]
	if r := get(t, h, "GET", style, nil); body(t, r) != "a{}" || r.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %v", style, r.Header)
	}
	if strings.Index(b, "brand-") < strings.Index(b, "main-1.css") {
		t.Error("the operator's stylesheet comes before the page's own, which would win")
	}
	if m := body(t, get(t, h, "GET", "/manifest.webmanifest", nil)); !strings.Contains(m, `"short_name":"A \u0026 \"B\"`) || !strings.Contains(m, "/assets/icon-") || !strings.Contains(m, `"start_url":"/"`) {
		t.Errorf("manifest %s", m)
	}
	worker := body(t, get(t, h, "GET", "/sw.js", nil))
	if !strings.HasPrefix(worker, `const site = ["`) || !strings.Contains(worker, style) || !strings.HasSuffix(worker, "worker") {
		t.Errorf("service worker: %s", worker)
	}
	if r := get(t, h, "GET", "/", map[string]string{"Accept-Encoding": "br, gzip"}); r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("encoding %q: the build's own would be the page without the site", r.Header.Get("Content-Encoding"))
	}
	// Whatever changes, a browser that has been here asks and gets it, and its service worker is a new one.
	site.Words["en"]["landing.headline"] = "Hello"
	h = web.New(page(), site)
	if r := get(t, h, "GET", "/", map[string]string{"If-None-Match": first.Header.Get("ETag")}); r.StatusCode != 200 {
		t.Errorf("a changed page is answered with %d", r.StatusCode)
	}
	if body(t, get(t, h, "GET", "/sw.js", nil)) == worker {
		t.Error("the service worker stays the same")
	}
}
