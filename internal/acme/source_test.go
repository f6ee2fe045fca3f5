package acme_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
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
	late := time.After(30 * time.Second)
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

// site is a machine with a TLS listener that shows a Source's certificates, and with an HTTP listener.
type site struct {
	tls, http net.Listener
	source    *acme.Source
	logs      lines
}

func newSite(t *testing.T) *site {
	s := &site{logs: make(lines, 100)}
	for _, l := range []*net.Listener{&s.tls, &s.http} {
		var err error
		if *l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = (*l).Close() })
	}
	return s
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// serve lets the source run and the listeners answer, until the returned function is called.
func (s *site) serve(t *testing.T, ca *testenv.ACMEServer, dir string, http01 bool) (stop func()) {
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
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	if http01 {
		server.Handler = s.source.HTTP(http.NotFoundHandler())
	}
	turns.Go(func() { _ = server.Serve(s.http) })
	turns.Go(func() {
		for {
			c, err := s.tls.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			config := &tls.Config{GetCertificate: s.source.Certificate, MinVersion: tls.VersionTLS12}
			if !http01 {
				config.NextProtos = []string{acme.ALPN}
			}
			_ = tls.Server(c, config).Handshake()
			_ = c.Close()
		}
	})
	turns.Go(func() { _ = s.source.Run(ctx) })
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			_ = server.Close()
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

// A certificate is got from a real CA, by each way of proof, and shown to whoever asks, also to who names no server. After a restart it comes
// from the directory, though the CA is gone.
func TestCertificateFromACA(t *testing.T) {
	for way, http01 := range map[string]bool{"tls-alpn-01": false, "http-01": true} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s, dir := newSite(t), filepath.Join(t.TempDir(), "acme")
			ca := testenv.StartACME(t, port(s.tls), port(s.http))
			stop := s.serve(t, ca, dir, http01)
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
			s.serve(t, &gone, dir, http01)
			s.logs.await(t, "msg=certificate name="+name)
			if leaf, err := s.shown(t, roots, name); err != nil || !leaf.Equal(first) {
				t.Errorf("after a restart: %v", err)
			}
		})
	}
}

// What the CA cannot prove is said in a sentence. Until there is a certificate handshakes fail at once and ask the CA nothing, and a stop
// does not wait for it.
func TestTheCADoesNotReachThisServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ca := testenv.StartACME(t, 0, 0)
	stop := s.serve(t, ca, t.TempDir(), false)
	if _, err := s.shown(t, nil, name); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("a handshake without a certificate: %v", err)
	}
	s.logs.await(t, "the CA must reach port 443")
	stop()
}

// A CA that does not answer holds nobody up.
func TestStopWhileTheCAIsSilent(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	s := acme.New(acme.Config{Domains: []string{name}, Dir: t.TempDir(), CA: "https://" + silent.Addr().String(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
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
