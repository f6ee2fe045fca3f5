package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Check is one thing that was looked at.
type Check struct {
	Name string
	Err  error  // nil when it is well
	Fix  string // what to do when it is not
}

const eachCheck = 10 * time.Second

// Run examines the server at base, like http://localhost:8080, and reports each check as soon as it is done.
func Run(ctx context.Context, base string, report func(Check)) {
	check := func(name, fix string, f func(context.Context) error) bool {
		ctx, cancel := context.WithTimeout(ctx, eachCheck)
		defer cancel()
		err := f(ctx)
		report(Check{Name: name, Err: err, Fix: fix})
		return err == nil
	}
	const renew = "renew the files of tls-cert and tls-key, or let acme-domain get them"
	reached, cancel := context.WithTimeout(ctx, eachCheck)
	unreached := Reach(reached, base)
	cancel()
	what, fix := "server", "start it with `make run`, or give its right address with --url"
	if refused := new(tls.CertificateVerificationError); errors.As(unreached, &refused) {
		what, fix = "certificate", renew
	}
	if !check(what, fix, func(context.Context) error { return unreached }) {
		return
	}
	if u, err := url.Parse(base); err == nil && u.Scheme == "https" {
		check("certificate", renew, func(ctx context.Context) error {
			_, err := certificate(ctx, hostPort(u), nil)
			return err
		})
	}
	check("page", "run `make web`, then build again", func(ctx context.Context) error { return page(ctx, base) })
	if !check("session and WebSocket", "look at the server's log; a proxy in between must pass Upgrade on", func(ctx context.Context) error { return socketOnly(ctx, base) }) {
		return
	}
	check("media over TCP", "open the tcp port, and set public-ip to the address that browsers reach", func(ctx context.Context) error { return media(ctx, base, overTCP) })
	check("TURN", "open the turn-listen port for UDP and TCP, and set public-ip to the address that browsers reach", func(ctx context.Context) error { return media(ctx, base, overTURN) })
	if secure, ok := secureTURN(ctx, base); ok {
		check("TURN over TLS", "open the https port; the certificate must be for the name that browsers are told: set host", secure.allocate)
	}
	check("a call over UDP", "open the udp port, and set public-ip to the address that browsers reach", func(ctx context.Context) error { return call(ctx, base) })
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	switch {
	case err != nil && strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return nil, errors.New("the server speaks plain HTTP: write http:// instead of https://")
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("nothing listens at %s", req.URL.Host)
	case err != nil:
		return nil, explainTLS(err, hostPort(req.URL))
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		if bytes.Contains(b, []byte("HTTP request to an HTTPS server")) {
			return nil, errors.New("the server speaks HTTPS: write https:// instead of http://")
		}
		return nil, fmt.Errorf("something answers at %s, but with status %d: it is not Passerby, or a proxy in between does not pass this on", url, res.StatusCode)
	}
	return io.ReadAll(io.LimitReader(res.Body, 1<<20))
}

// hostPort is where an http or https URL leads.
func hostPort(u *url.URL) string {
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	return u.Host
}

// Address checks the address of a server as an operator writes it, and returns it without a slash at the end.
func Address(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && u.RawQuery == "" && u.Fragment == "":
		return strings.TrimRight(s, "/"), nil
	case strings.Contains(s, "://"):
		return "", fmt.Errorf("%q is not the address of a server: write it like http://localhost:8080 or https://chat.example.org", s)
	default:
		return "", fmt.Errorf("%q lacks http:// or https:// in front: write it like http://localhost:8080 or https://chat.example.org", s)
	}
}

// Reach returns nil when a Passerby server answers at base.
func Reach(ctx context.Context, base string) error {
	url := base + "/v1/stats"
	b, err := get(ctx, url)
	if err == nil && !bytes.Contains(b, []byte(`"online"`)) {
		return fmt.Errorf("something answers at %s, but it is not Passerby", url)
	}
	return err
}

func page(ctx context.Context, base string) error {
	b, err := get(ctx, base+"/")
	if err == nil && !bytes.Contains(b, []byte("<script")) {
		return errors.New("the binary was built without the web pages")
	}
	return err
}

func socketOnly(ctx context.Context, base string) error {
	session, err := newSession(ctx, base)
	if err != nil {
		return err
	}
	s, err := dial(ctx, base, session.Token)
	if err != nil {
		return err
	}
	s.close()
	return nil
}

func media(ctx context.Context, base string, p path) error {
	s, err := newStranger(ctx, base, p)
	if err != nil {
		return err
	}
	s.close()
	return nil
}

// call lets two strangers meet by a tag of their own; a frame and a text must go from one to the other.
func call(ctx context.Context, base string) error {
	a, err := newStranger(ctx, base, overUDP)
	if err != nil {
		return err
	}
	defer a.close()
	b, err := newStranger(ctx, base, overUDP)
	if err != nil {
		return err
	}
	defer b.close()

	secret := make([]byte, 8)
	_, _ = rand.Read(secret)
	tag := "doctor " + hex.EncodeToString(secret)
	if err := errors.Join(a.find(tag), b.find(tag)); err != nil {
		return err
	}
	matched, err := a.socket.await("matched")
	if err != nil {
		return err
	}
	if _, err := b.socket.await("matched"); err != nil {
		return err
	}
	keyID, err := keyIDOf(matched.KeyID)
	if err != nil {
		return err
	}
	if err := a.socket.send("keyed", map[string]any{"match": matched.Match}); err != nil {
		return err
	}
	sending, stop := context.WithCancel(ctx)
	sent := make(chan struct{})
	go func() { defer close(sent); a.sendFrames(sending, keyID, secret) }()
	defer func() { stop(); <-sent }()
	for got := false; !got; {
		select {
		case payload := <-b.frames:
			got = bytes.HasSuffix(payload, secret)
		case <-ctx.Done():
			return errors.New("two strangers met, but no frame of one reached the other")
		}
	}
	body := base64.RawURLEncoding.EncodeToString(append([]byte{1}, make([]byte, 32+12+16)...))
	if err := a.socket.send("text", map[string]any{"match": matched.Match, "n": 1, "body": body}); err != nil {
		return err
	}
	return b.text(ctx, body)
}
