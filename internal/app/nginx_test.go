package app_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/internal/config"
	"passerby/signaling/protocol"
)

// behindNGINX starts a server and a real NGINX in front of it, and answers NGINX's address.
func behindNGINX(t *testing.T, c config.Config) string {
	t.Helper()
	url, _ := run(t, c)
	return startNGINX(t, url)
}

// startNGINX starts a real NGINX with the site that we ship in front of servers, and answers its address.
func startNGINX(t *testing.T, urls ...string) string {
	t.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Fatal("nginx is missing: run scripts/test-deps.sh, or install it (on Debian: apt-get install nginx)")
	}
	site, err := os.ReadFile("../../deploy/nginx/passerby.conf")
	if err != nil {
		t.Fatal(err)
	}
	var servers strings.Builder
	for _, url := range urls {
		fmt.Fprintf(&servers, "server %s max_fails=0;\n", hostPort(url))
	}
	free, err := net.Listen("tcp", "127.0.0.1:0") // the next program to ask gets another
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	cert, key := selfSigned(t)
	dir := t.TempDir()
	conf := strings.NewReplacer(
		"server 127.0.0.1:8080 max_fails=0;", servers.String(),
		"listen 443", "listen "+addr,
		"/etc/ssl/passerby/fullchain.pem", cert, "/etc/ssl/passerby/privkey.pem", key,
	).Replace(string(site))
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	file := filepath.Join(dir, "nginx.conf")
	all := fmt.Sprintf("daemon off; master_process off; pid %s/pid; error_log stderr error;\nevents { worker_connections 2048; }\nhttp {\naccess_log off;\n%s%s}\n", dir, &temp, conf)
	if err := os.WriteFile(file, []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	nginx := exec.CommandContext(ctx, "nginx", "-p", dir, "-c", file, "-e", "stderr")
	said := &log{}
	nginx.Stderr = said
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = nginx.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	for deadline := time.Now().Add(patience); ; {
		if probe, err := net.Dial("tcp", addr); err == nil {
			_ = probe.Close()
			return addr
		}
		if time.Now().After(deadline) {
			t.Fatalf("NGINX does not come up: %s", said)
		}
	}
}

// hostPort is where the server of a URL listens.
func hostPort(url string) string {
	return strings.Replace(strings.TrimPrefix(url, "http://"), "localhost", "127.0.0.1", 1)
}

// crowd opens WebSockets through NGINX until one is refused, and answers how many it got and the refusal.
func crowd(t *testing.T, addr string) (got int, refusal *http.Response) {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // made above
	for ; got < 400; got++ {
		ws, res, err := d.DialContext(t.Context(), "wss://"+addr+"/v1/ws", nil)
		if err != nil {
			if res == nil {
				t.Fatal(err)
			}
			return got, res
		}
		_ = res.Body.Close()
		t.Cleanup(func() { _ = ws.Close() })
	}
	t.Fatal("never refused")
	return got, nil
}

// What we ship for NGINX lets passerby limit by the client's address, and has a limit of its own above that.
func TestLimitsBehindNGINX(t *testing.T) {
	for _, tt := range []struct {
		name      string
		max, want int
		by        string // content type of the refusal
	}{
		{"by passerby", 3, 3, "application/json"},
		{"by NGINX", 1000, 160, "text/html"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := local(t)
			c.TrustedProxies, c.MaxPerAddress = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, tt.max
			got, refusal := crowd(t, behindNGINX(t, c))
			if got != tt.want || refusal.StatusCode != http.StatusTooManyRequests || refusal.Header.Get("Content-Type") != tt.by {
				t.Errorf("%d WebSockets, then %d %s, want %d, 429 %s", got, refusal.StatusCode, refusal.Header.Get("Content-Type"), tt.want, tt.by)
			}
		})
	}
}
