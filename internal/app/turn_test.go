package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"passerby/internal/app"
	"passerby/internal/config"
	"passerby/internal/doctor"
)

// runTURN starts `passerby turn` on loopback; it ends, cleanly, with the test.
func runTURN(t *testing.T, change func(*config.TURN)) *app.TURNServer {
	t.Helper()
	c := config.DefaultTURN()
	c.Listen, c.TLSListen, c.Admin, c.DrainTimeout = "127.0.0.1:0", "127.0.0.1:0", "off", 0
	c.PublicIP = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	if change != nil {
		change(&c)
	}
	s, err := app.StartTURN(c, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	return s
}

// With no settings at all, the iceServers that are printed let two clients meet.
func TestTURNWithoutSettings(t *testing.T) {
	s := runTURN(t, nil)
	entry := s.ICEServers("test", time.Hour)[0]
	host, _, _ := strings.Cut(strings.TrimPrefix(entry.URLs[0], "turn:"), "?")
	checks := 0
	doctor.TURN{Server: host, Username: entry.Username, Password: entry.Credential}.Run(t.Context(), func(c doctor.Check) {
		if checks++; c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	})
	if checks != 4 {
		t.Errorf("%d checks", checks)
	}
	said := ""
	doctor.TURN{Server: host, Username: entry.Username, Password: "guess"}.Run(t.Context(), func(c doctor.Check) {
		if c.Err != nil {
			said += c.Err.Error()
		}
	})
	if !strings.Contains(said, "does not accept the credentials") {
		t.Errorf("a wrong password: %q", said)
	}
}

// TCP relays are tried where the server has them, and where it has none that is said and no fault.
func TestTURNDoctorTriesTCPRelays(t *testing.T) {
	for offered, want := range map[bool]string{true: "there and back in", false: "the server offers none"} {
		s := runTURN(t, func(c *config.TURN) { c.TCPRelay = offered })
		entry := s.ICEServers("test", time.Hour)[0]
		host, _, _ := strings.Cut(strings.TrimPrefix(entry.URLs[0], "turn:"), "?")
		said := ""
		doctor.TURN{Server: host, Username: entry.Username, Password: entry.Credential}.Run(t.Context(), func(c doctor.Check) {
			if strings.HasPrefix(c.Name, "TCP relays: ") {
				said = c.Name
			}
			if c.Err != nil {
				t.Errorf("%s: %v", c.Name, c.Err)
			}
		})
		if !strings.Contains(said, want) {
			t.Errorf("offered %v: %q", offered, said)
		}
	}
}

// Over TLS and DTLS too, from a certificate on disk; a certificate that nobody vouches for is a failure that is named, unless it was asked to be taken.
func TestTURNDoctorOverTLS(t *testing.T) {
	cert, key := mustCertificate(t)
	s := runTURN(t, func(c *config.TURN) { c.TLSCert, c.TLSKey = cert, key })
	entry := s.ICEServers("test", time.Hour)[0]
	at := func(i int) string {
		host, _, _ := strings.Cut(entry.URLs[i], "?")
		_, host, _ = strings.Cut(host, ":")
		return host
	}
	for _, trust := range []bool{true, false} {
		failed := map[string]bool{}
		doctor.TURN{Server: at(0), TLSServer: at(2), AnyCertificate: trust, Username: entry.Username, Password: entry.Credential}.Run(t.Context(), func(c doctor.Check) {
			name, _, _ := strings.Cut(c.Name, ":")
			if failed[name] = c.Err != nil; c.Err != nil && trust {
				t.Errorf("%s: %v", c.Name, c.Err)
			}
		})
		for _, name := range []string{"TURN over UDP", "TURN over TCP", "TURN over TLS", "TURN over DTLS"} {
			secure := strings.HasSuffix(name, "TLS")
			if got, checked := failed[name]; !checked || got != (secure && !trust) {
				t.Errorf("any certificate %v, %s: failed %v, checked %v", trust, name, got, checked)
			}
		}
	}
}

// mustCertificate writes a certificate that nobody vouches for.
func mustCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// STUN only: the entry has no credentials, since none are needed or made.
func TestTURNWithoutRelays(t *testing.T) {
	entry := runTURN(t, func(c *config.TURN) { c.STUNOnly = true }).ICEServers("ada", time.Hour)[0]
	if len(entry.URLs) != 1 || !strings.HasPrefix(entry.URLs[0], "stun:127.0.0.1:") || entry.Username != "" || entry.Credential != "" {
		t.Errorf("%+v", entry)
	}
}

func TestTURNCredentials(t *testing.T) {
	var out bytes.Buffer
	if code := app.Main(t.Context(), []string{"turn", "credentials", "--secret", "a shared secret of apps", "--user", "ada", "--ttl", "2h"}, &out, io.Discard); code != 0 {
		t.Fatalf("exit %d", code)
	}
	m := regexp.MustCompile(`(?s)^username: (\d+:ada)\npassword: (\S+)\n$`).FindStringSubmatch(out.String())
	if m == nil {
		t.Fatalf("printed %q", out.String())
	}
	mac := hmac.New(sha1.New, []byte("a shared secret of apps"))
	mac.Write([]byte(m[1]))
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); m[2] != want {
		t.Errorf("password %s, want %s", m[2], want)
	}
	for _, args := range [][]string{{}, {"--secret", "x", "--ttl", "-1h"}, {"--secret", "x", "--user", "a\nb"}} {
		if code := app.Main(t.Context(), append([]string{"turn", "credentials"}, args...), io.Discard, io.Discard); code != 2 {
			t.Errorf("%q: exit %d, want 2", args, code)
		}
	}
}

func TestTURNMetricsAndHealth(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port; the next program to ask gets another
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	runTURN(t, func(c *config.TURN) { c.Admin = l.Addr().String() })
	defer http.DefaultClient.CloseIdleConnections()
	for path, want := range map[string]string{"/metrics": "\npasserby_turn_allocations{transport=\"udp\"} 0", "/healthz": "ok", "/readyz": "ok"} {
		res, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(b), want) {
			t.Errorf("%s: %d %v, without %q", path, res.StatusCode, err, want)
		}
	}
}
