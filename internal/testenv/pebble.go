package testenv

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// ACMEServer is a Pebble, Let's Encrypt's CA for tests. It finds every name at 127.0.0.1, and ends with the test.
type ACMEServer struct {
	Directory string // URL
	Root      string // PEM file that its own HTTPS is checked with
	DNS       string // name server, over UDP

	management string
	client     *http.Client
}

// StartACME starts a CA that asks for proofs on these ports of 127.0.0.1; 0 is a port where nobody listens.
func StartACME(t testing.TB, tlsPort, httpPort int) *ACMEServer {
	t.Helper()
	if _, err := exec.LookPath("pebble"); err != nil {
		t.Fatal("pebble is missing: run scripts/test-deps.sh, or install it (on Debian: apt-get install pebble)")
	}
	dir, listen, management := t.TempDir(), FreeAddr(t), FreeAddr(t)
	for _, port := range []*int{&tlsPort, &httpPort} {
		if *port == 0 {
			_, free, _ := net.SplitHostPort(FreeAddr(t))
			_, _ = fmt.Sscan(free, port)
		}
	}
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := writeCertificate(t, cert, key)
	config, _ := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": management, "certificate": cert, "privateKey": key, "httpPort": httpPort, "tlsPort": tlsPort,
	}})
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	dns := startDNS(t)
	// As with Redis: the shell kills the CA when our end of its input closes, also when the tests die.
	cmd := exec.Command("sh", "-c", `pebble "$@" 2>&1 & pid=$!; exec >&-; read -r _; kill -9 $pid; wait $pid`, "pebble", "-config", file, "-dnsserver", dns)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		var all strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&all, lines.Text())
		}
		said <- all.String()
	}()
	s := &ACMEServer{Directory: "https://" + listen + "/dir", Root: cert, DNS: dns, management: "https://" + management, client: &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	}}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		_ = in.Close()
		text := <-said
		_ = cmd.Wait() // killed, as it should be
		if t.Failed() {
			t.Logf("pebble said:\n%s", text)
		}
	})
	deadline := time.Now().Add(time.Minute) // it makes RSA keys first
	for _, addr := range []string{listen, management} {
		for {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				_ = c.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("pebble does not listen at %s: %v", addr, err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return s
}

// Issued is what the certificates of this CA are checked with.
func (s *ACMEServer) Issued(t testing.TB) *x509.CertPool {
	t.Helper()
	res, err := s.client.Get(s.management + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(b) {
		t.Fatalf("the CA's root: %v %s", err, b)
	}
	return pool
}

// writeCertificate makes one for 127.0.0.1, and the pool that vouches for it.
func writeCertificate(t testing.TB, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool, public := x509.NewCertPool(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool.AppendCertsFromPEM(public)
	for file, b := range map[string][]byte{certFile: public, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pool
}

// startDNS starts a name server that finds every name at 127.0.0.1, and returns its address.
func startDNS(t testing.TB) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
			if q.Type == dnsmessage.TypeA {
				answer.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
				}}
			}
			if packed, err := answer.Pack(); err == nil {
				_, _ = c.WriteTo(packed, from)
			}
		}
	}()
	t.Cleanup(func() { _ = c.Close(); <-ended })
	return c.LocalAddr().String()
}
