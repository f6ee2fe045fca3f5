package acme_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/acme"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const name = "turn.example.org"

// lines is a log that tells of each line.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// await returns the first line that holds a text.
func (l lines) await(t *testing.T, text string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return
			}
			t.Log(line)
		case <-late:
			t.Fatalf("the log does not say %q", text)
		}
	}
}

// site is a machine with a TLS listener that shows a Source's certificates.
type site struct {
	tls    net.Listener
	source *acme.Source
	logs   lines
}

func newSite(t *testing.T) *site {
	s := &site{logs: make(lines, 100)}
	var err error
	if s.tls, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.tls.Close() })
	return s
}

// serve lets the source run and the listener answer, until the returned function is called.
func (s *site) serve(t *testing.T, ca *testenv.ACMEServer, dir string) (stop func()) {
	t.Helper()
	root, err := os.ReadFile(ca.Root)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	s.source = acme.New(acme.Config{Domains: []string{name}, Email: "ada@example.org", Dir: dir, CA: ca.Directory, Roots: roots, Logger: slog.New(slog.NewTextHandler(s.logs, nil))})
	var turns sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	turns.Go(func() {
		for {
			c, err := s.tls.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			config := &tls.Config{GetCertificate: s.source.Certificate, NextProtos: []string{acme.ALPN}, MinVersion: tls.VersionTLS12}
			_ = tls.Server(c, config).Handshake()
			_ = c.Close()
		}
	})
	turns.Go(func() { _ = s.source.Run(ctx) })
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			_ = s.tls.Close()
			turns.Wait()
		})
	}
	t.Cleanup(stop)
	return stop
}

// shown is the certificate that a client sees who names a server, and the error of checking it.
func (s *site) shown(t *testing.T, roots *x509.CertPool, sni string) (*x509.Certificate, error) {
	t.Helper()
	config := &tls.Config{ServerName: sni, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // checked below, for the name that it should have
	c, err := tls.Dial("tcp", s.tls.Addr().String(), config)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	chain := c.ConnectionState().PeerCertificates
	between := x509.NewCertPool()
	for _, x := range chain[1:] {
		between.AddCert(x)
	}
	_, err = chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between})
	return chain[0], err
}

// A certificate is got from a real CA, and shown to whoever asks, also to who names no server. After a restart it comes
// from the directory, though the CA is gone.
func TestCertificateFromACA(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), filepath.Join(t.TempDir(), "acme")
	ca := testenv.StartACME(t, s.tls.Addr().(*net.TCPAddr).Port, 0)
	stop := s.serve(t, ca, dir)
	s.logs.await(t, "msg=certificate name="+name)
	roots := ca.Issued(t)
	var first *x509.Certificate
	for _, sni := range []string{name, "TURN.Example.org", "", "203.0.113.7", "other.example.org"} {
		leaf, err := s.shown(t, roots, sni)
		if err != nil {
			t.Fatalf("named %q: %v", sni, err)
		}
		if first != nil && !leaf.Equal(first) {
			t.Errorf("named %q: another certificate", sni)
		}
		first = leaf
	}
	stop()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Errorf("%v are kept, want account and certificate", files)
	}
	for _, file := range append(files, dir) {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v: others may read it", file, info.Mode(), err)
		}
	}

	gone := *ca
	gone.Directory = "https://127.0.0.1:1/dir"
	s = newSite(t)
	s.serve(t, &gone, dir)
	s.logs.await(t, "msg=certificate name="+name)
	if leaf, err := s.shown(t, roots, name); err != nil || !leaf.Equal(first) {
		t.Errorf("after a restart: %v", err)
	}
}

// What the CA cannot prove is said in a sentence. Until there is a certificate handshakes fail.
func TestTheCADoesNotReachThisServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ca := testenv.StartACME(t, 0, 0)
	stop := s.serve(t, ca, t.TempDir())
	if _, err := s.shown(t, nil, name); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("a handshake without a certificate: %v", err)
	}
	s.logs.await(t, "the CA must reach port 443")
	stop()
}

// A CA that does not answer holds nobody up: neither a handshake, which does not ask it, nor a stop.
func TestStopWhileTheCAIsSilent(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	s := acme.New(acme.Config{Domains: []string{name}, Dir: t.TempDir(), CA: "https://" + silent.Addr().String(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if _, err := s.Certificate(&tls.ClientHelloInfo{ServerName: name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}); err == nil || !strings.Contains(err.Error(), "no certificate for "+name) {
		t.Errorf("a handshake before the CA has answered: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	c, err := silent.Accept() // it has asked
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("it still waits for the CA")
	}
}
