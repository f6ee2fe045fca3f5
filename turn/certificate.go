package turn

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often a handshake looks whether the files have changed.
const lookEvery = time.Second

// certificate is a pair of PEM files that another program renews.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex // guards the rest
	pair   *tls.Certificate
	stamp  string
	looked time.Time
}

// CertificateFiles is a tls.Config.GetCertificate that serves a pair of PEM files, which are read again when they change. It is an error
// when they cannot be used now; later the former pair goes on.
func CertificateFiles(certFile, keyFile string, log *slog.Logger) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.reload(); err != nil {
		return nil, err
	}
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current() }, nil
}

// current returns the newest pair that could be loaded: while the files are
// half written, or unreadable, the one before goes on.
func (c *certificate) current() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if stamp := c.stampLocked(); stamp != c.stamp {
			if err := c.loadLocked(); err != nil {
				c.log.Warn("the certificate changed and cannot be used; the former one goes on", "err", err)
			} else {
				c.log.Info("the certificate was read again")
			}
		}
	}
	return c.pair, nil
}

func (c *certificate) reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = time.Now()
	return c.loadLocked()
}

func (c *certificate) loadLocked() error {
	stamp := c.stampLocked()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("certificate and key: %w", err)
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}

// stampLocked changes when one of the files does.
func (c *certificate) stampLocked() string {
	stamp := ""
	for _, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			stamp += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size(), "\n")
		}
	}
	return stamp
}
