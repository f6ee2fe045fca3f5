package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"time"
)

// client talks to the CA until it is closed, which ends what is under way.
type client struct {
	transport *http.Transport
	life      context.Context
	end       context.CancelFunc
}

func newClient(roots *x509.CertPool) *client {
	c := &client{transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

func (c *client) close() {
	c.end()
	c.transport.CloseIdleConnections()
}

// RoundTrip is a request of the ACME client, whose own context outlives this server's.
func (c *client) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(c.life, cancel)
	done := func() { stop(); cancel() }
	res, err := c.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		done()
		return nil, err
	}
	res.Body = body{res.Body, done}
	return res, nil
}

// body ends its request when it is closed.
type body struct {
	io.ReadCloser
	done func()
}

func (b body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
