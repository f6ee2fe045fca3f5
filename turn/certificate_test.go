package turn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"passerby/turn"
)

// mustCertificate writes a self-signed certificate of a name into dir, over what is there.
func mustCertificate(t testing.TB, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// A renewal is picked up without a restart; a spoiled one leaves the former in place.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := mustCertificate(t, dir, "first")
	synctest.Test(t, func(t *testing.T) {
		current := turn.Certificate(cert, key)
		expect := func(name string) {
			t.Helper()
			pair, err := current()
			if err != nil {
				t.Fatal(err)
			}
			leaf, err := x509.ParseCertificate(pair.Certificate[0])
			if err != nil || leaf.Subject.CommonName != name {
				t.Errorf("serves %q, want %q (%v)", leaf.Subject.CommonName, name, err)
			}
		}
		expect("first")
		mustCertificate(t, dir, "second")
		expect("first") // it does not look at every handshake
		time.Sleep(time.Second)
		expect("second")
		if err := os.WriteFile(key, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		expect("second")
		mustCertificate(t, dir, "the third")
		time.Sleep(time.Second)
		expect("the third")
	})
}

// TLS shows the certificate, and refuses what is older than TLS 1.2.
func TestTLS(t *testing.T) {
	cert, key := mustCertificate(t, t.TempDir(), "first")
	s := mustListen(t, turn.Config{TLSListen: "127.0.0.1:0", TLSCert: cert, TLSKey: key, PublicIP: netip.MustParseAddr("127.0.0.1")})
	c, err := tls.Dial("tcp", s.TLSAddr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.ConnectionState().PeerCertificates[0].Subject.CommonName; got != "first" {
		t.Errorf("certificate of %q", got)
	}
	old, err := tls.Dial("tcp", s.TLSAddr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	if err == nil {
		old.Close()
		t.Error("TLS 1.1 was accepted")
	}
	if _, err := turn.Listen(turn.Config{Secret: secret, Listen: "127.0.0.1:0", TLSListen: "127.0.0.1:0", TLSCert: "/none", TLSKey: "/none"}); err == nil {
		t.Error("it starts without its certificate")
	}
}
