package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// certificate looks at what a TLS server at addr, host:port, shows for the host. nil roots are the system's.
func certificate(ctx context.Context, addr string, roots *x509.CertPool) (string, error) {
	c, err := (&tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", explainTLS(err, addr)
	}
	defer func() { _ = c.Close() }()
	leaf := c.(*tls.Conn).ConnectionState().PeerCertificates[0]
	left, life := time.Until(leaf.NotAfter), leaf.NotAfter.Sub(leaf.NotBefore)
	if left < min(life/5, 14*24*time.Hour) {
		return "", fmt.Errorf("it runs out on %s and nobody has renewed it", leaf.NotAfter.Format(time.DateOnly))
	}
	return fmt.Sprintf("by %s, good until %s", issuer(leaf), leaf.NotAfter.Format(time.DateOnly)), nil
}

func issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}

// explainTLS says in a sentence what is wrong with the certificate that the server at addr showed; other errors stay as they are.
func explainTLS(err error, addr string) error {
	if strings.Contains(err.Error(), "remote error: tls: internal error") {
		return fmt.Errorf("the server has no certificate to show: with ACME its log says why: %w", err)
	}
	var failed *tls.CertificateVerificationError
	if !errors.As(err, &failed) || len(failed.UnverifiedCertificates) == 0 {
		return err
	}
	leaf := failed.UnverifiedCertificates[0]
	host, _, _ := net.SplitHostPort(addr)
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		names := leaf.DNSNames
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		return fmt.Errorf("the certificate is for %s, not for %s: %w", strings.Join(names, ", "), host, err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is good from %s on only: is the clock right? %w", leaf.NotBefore.Format(time.DateTime), err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the certificate expired on %s: %w", leaf.NotAfter.Format(time.DateOnly), err)
	case errors.As(err, new(x509.UnknownAuthorityError)) && leaf.Issuer.String() == leaf.Subject.String():
		return fmt.Errorf("nobody vouches for the certificate, it is signed by itself: browsers refuse it: %w", err)
	case errors.As(err, new(x509.UnknownAuthorityError)) && len(failed.UnverifiedCertificates) == 1:
		return fmt.Errorf("the certificate comes without the one of its issuer, %s: give tls-cert the whole chain (fullchain.pem), or a CA that browsers know: %w", issuer(leaf), err)
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return fmt.Errorf("the certificate is from %s, which this machine does not know: %w", issuer(leaf), err)
	}
	return err
}
