package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"passerby/internal/doctor"
)

// authority is a key that signs, and its certificate; the zero value signs with the key that it certifies.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (a authority) sign(t *testing.T, change func(*x509.Certificate)) (authority, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), BasicConstraintsValid: true}
	change(template)
	parent, signer := a.cert, a.key
	if a.key == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}, der
}

// shown starts a TLS server that shows a chain, and returns its port.
func shown(t *testing.T, pair tls.Certificate) string {
	t.Helper()
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if pair.Certificate == nil {
			return nil, errors.New("none yet")
		}
		return &pair, nil
	}, MinVersion: tls.VersionTLS12}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	var turns sync.WaitGroup
	turns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); turns.Wait() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// Each thing that can be wrong with a certificate is said in a sentence.
func TestCertificateSentences(t *testing.T) {
	root, _ := authority{}.sign(t, func(c *x509.Certificate) { c.IsCA, c.Subject = true, pkix.Name{CommonName: "A Root"} })
	between, betweenDER := root.sign(t, func(c *x509.Certificate) { c.IsCA, c.Subject = true, pkix.Name{CommonName: "An Intermediate"} })
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		by    authority
		chain bool // with the intermediate
		life  func(c *x509.Certificate)
		want  string // in what is said; or, with "ok", in what is well
	}{
		"well":          {between, true, nil, "ok by An Intermediate, good until"},
		"another name":  {between, true, func(c *x509.Certificate) { c.DNSNames = []string{"a.example", "b.example"} }, "is for a.example, b.example, not for localhost"},
		"expired":       {between, true, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(-9*day), time.Now().Add(-day) }, "expired on "},
		"not yet":       {between, true, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(day) }, "is the clock right?"},
		"runs out":      {between, true, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(-80*day), time.Now().Add(10*day) }, "nobody has renewed it"},
		"a short life":  {between, true, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(-3*day), time.Now().Add(3*day) }, "ok by An Intermediate"},
		"by itself":     {authority{}, false, nil, "signed by itself"},
		"half a chain":  {between, false, nil, "without the one of its issuer, An Intermediate"},
		"of a stranger": {stranger(t), true, nil, "from A Stranger, which this machine does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			leaf, der := tt.by.sign(t, func(c *x509.Certificate) {
				c.DNSNames, c.Subject = []string{"localhost"}, pkix.Name{CommonName: "leaf"}
				if tt.life != nil {
					tt.life(c)
				}
			})
			pair := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: leaf.key}
			if tt.chain {
				pair.Certificate = append(pair.Certificate, betweenDER)
			}
			said, err := doctor.Certificate(t.Context(), "localhost:"+shown(t, pair), roots)
			if err != nil {
				said = err.Error()
			} else {
				said = "ok " + said
			}
			if !strings.Contains(said, tt.want) {
				t.Errorf("%q, want %q", said, tt.want)
			}
		})
	}
	if _, err := doctor.Certificate(t.Context(), "localhost:"+shown(t, tls.Certificate{}), roots); err == nil || !strings.Contains(err.Error(), "no certificate to show") {
		t.Errorf("none: %v", err)
	}
}

func stranger(t *testing.T) authority {
	a, _ := authority{}.sign(t, func(c *x509.Certificate) { c.IsCA, c.Subject = true, pkix.Name{CommonName: "A Stranger"} })
	return a
}
