package app_test

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"passerby/internal/testenv"
)

// Newcomers who come through a proxy as we ship it get in while one of two nodes is full. HAProxy does not even ask the full one; when
// both are full, newcomers hear of it from a node, not from the proxy.
func TestNewcomersFindTheNodeWithRoom(t *testing.T) {
	full, open := node(t, time.Nanosecond), node(t, 0)
	for _, tt := range []struct {
		name  string
		start func(nodes ...[2]string) string
		asked bool // the full node is asked first, now and then
	}{
		{"NGINX", func(nodes ...[2]string) string {
			var urls []string
			for _, n := range nodes {
				urls = append(urls, n[0])
			}
			return startNGINX(t, urls...)
		}, true},
		{"HAProxy", func(nodes ...[2]string) string { return startHAProxy(t, nodes...) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := tt.start(full, open)
			pace := time.NewTicker(250 * time.Millisecond) // below the limit of sessions from one network
			defer pace.Stop()
			for deadline := time.Now().Add(patience); ; { // HAProxy asks it until its first checks are done
				before := refusals(t, full[1])
				for range 6 {
					<-pace.C
					if status, body := newcomer(t, at); status != http.StatusOK {
						t.Fatalf("%d %s", status, body)
					}
				}
				if asked := refusals(t, full[1]) > before; asked == tt.asked {
					break
				} else if time.Now().After(deadline) {
					t.Fatalf("the full node was asked: %t, want %t", asked, tt.asked)
				}
			}
			at = tt.start(full)
			if status, body := newcomer(t, at); status != http.StatusServiceUnavailable || !strings.Contains(body, "server_full") {
				t.Errorf("only a full node: %d %s", status, body)
			}
		})
	}
}

// node starts a server, and answers its address and its operator's. With a mark for lag that every machine is above it gets full, which is waited for.
func node(t *testing.T, lag time.Duration) [2]string {
	t.Helper()
	c := local(t)
	c.Admin, c.OverloadCPU, c.OverloadMemory, c.OverloadLag = testenv.FreeAddr(t), 0, 0, lag
	url, _ := run(t, c)
	want := http.StatusOK
	if lag > 0 {
		want = http.StatusServiceUnavailable
	}
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(patience); ; <-look.C {
		res, err := http.Get("http://" + c.Admin + "/readyz?newcomers") //nolint:noctx // ends with the test
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == want {
				return [2]string{url, c.Admin}
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("/readyz?newcomers does not become %d: %v %v", want, res, err)
		}
	}
}

// newcomer asks for a session.
func newcomer(t *testing.T, addr string) (status int, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: anyCertificate.Clone(), DisableKeepAlives: true}}
	res, err := client.Post("https://"+addr+"/v1/session", "application/json", strings.NewReader(`{"adult":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// refusals is how many newcomers a node has sent away.
func refusals(t *testing.T, admin string) float64 {
	t.Helper()
	var sum float64
	for line := range strings.Lines(scrape(t, admin)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(name, "passerby_overload_refused_total") {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

// The chart's Ingress asks another pod in the same cases as the NGINX file that we ship.
func TestChartAsksTheNextPodAsNGINXDoes(t *testing.T) {
	find := func(file, pattern string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s has no %s", file, pattern)
		}
		return string(found[1])
	}
	site := find("../../deploy/nginx/passerby.conf", `(?m)^\s*proxy_next_upstream (.*);$`)
	if chart := find("../../deploy/helm/passerby/values.yaml", `(?m)^\s*nginx\.ingress\.kubernetes\.io/proxy-next-upstream: (.*)$`); chart != site {
		t.Errorf("the chart says %q, the site of NGINX %q", chart, site)
	}
}
