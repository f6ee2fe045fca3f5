package app_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"passerby/internal/config"
	"passerby/internal/testenv"
)

// behindHAProxy starts a server and a real HAProxy in front of it, and answers HAProxy's address.
func behindHAProxy(t *testing.T, c config.Config) string {
	t.Helper()
	c.Admin = testenv.FreeAddr(t)
	url, _ := run(t, c)
	return startHAProxy(t, [2]string{url, c.Admin})
}

// startHAProxy starts a real HAProxy with the site that we ship in front of servers, each with its operator's address, and answers its own.
func startHAProxy(t *testing.T, nodes ...[2]string) string {
	t.Helper()
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Fatal("haproxy is missing: run scripts/test-deps.sh, or install it (on Debian: apt-get install haproxy)")
	}
	site, err := os.ReadFile("../../deploy/haproxy/passerby.cfg")
	if err != nil {
		t.Fatal(err)
	}
	addr := testenv.FreeAddr(t)
	dir := t.TempDir()
	cert, key := selfSigned(t)
	var both []byte
	for _, name := range []string{cert, key} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, b...)
	}
	pem := filepath.Join(dir, "both.pem")
	if err := os.WriteFile(pem, both, 0o600); err != nil {
		t.Fatal(err)
	}
	conf := strings.NewReplacer("bind :443", "bind "+addr, "/etc/ssl/passerby/both.pem", pem).Replace(string(site))
	conf = regexp.MustCompile(`(?m)^    server one 127\.0\.0\.1:8080 check port 9090(.*)$`).ReplaceAllStringFunc(conf, func(line string) string {
		var all strings.Builder
		for i, n := range nodes {
			_, admin, _ := net.SplitHostPort(n[1])
			all.WriteString(strings.NewReplacer("one", fmt.Sprint("n", i), "127.0.0.1:8080", hostPort(n[0]), "9090", admin).Replace(line) + "\n")
		}
		return all.String()
	})
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte("global\n    maxconn 2000\n"+conf), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	haproxy := exec.CommandContext(ctx, "haproxy", "-db", "-f", file)
	said := &log{}
	haproxy.Stdout, haproxy.Stderr = said, said
	if err := haproxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = haproxy.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: anyCertificate.Clone(), DisableKeepAlives: true}}
	for deadline := time.Now().Add(patience); ; {
		if res, err := client.Get("https://" + addr + "/v1/stats"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK { // it has found the node ready
				return addr
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("HAProxy does not come up: %s", said)
		}
	}
}

// What we ship for HAProxy lets passerby limit by the client's address, and has a limit of its own above that.
func TestLimitsBehindHAProxy(t *testing.T) {
	for _, tt := range []struct {
		name      string
		max, want int
		by        string // content type of the refusal
	}{
		{"by passerby", 3, 3, "application/json"},
		{"by HAProxy", 1000, 160, "text/html"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := local(t)
			c.TrustedProxies, c.MaxPerAddress = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, tt.max
			got, refusal := crowd(t, behindHAProxy(t, c))
			if got != tt.want || refusal.StatusCode != http.StatusTooManyRequests || refusal.Header.Get("Content-Type") != tt.by {
				t.Errorf("%d WebSockets, then %d %s, want %d, 429 %s", got, refusal.StatusCode, refusal.Header.Get("Content-Type"), tt.want, tt.by)
			}
		})
	}
}
