package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/internal/app"
	"passerby/signaling/protocol"
)

const hurry = 300 * time.Millisecond

// hurried starts a server that gives each part of a request little time, and answers its address.
func hurried(t *testing.T) string {
	t.Helper()
	s, err := app.Start(local(t), &log{})
	if err != nil {
		t.Fatal(err)
	}
	s.Hurry(hurry)
	untilEnd(t, s)
	return strings.Replace(strings.TrimPrefix(s.URL(), "http://"), "localhost", "127.0.0.1", 1)
}

// Clients that take their time, over real TCP: each is cut off, and says what it got.
func TestSlowHTTPClientsAreCutOff(t *testing.T) {
	addr := hurried(t)
	const head = "POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
	for _, tt := range []struct {
		name        string
		once, again string // what is sent, and what then follows, piece by piece
		want        string // in the answer
	}{
		{"says nothing", "", "", ""},
		{"a header that never ends", head, "X: y\r\n", ""},
		{"a body that does not come", head + "\r\n{", "", "408 Request Timeout"},
		{"a body that drips", head + "\r\n{", " ", "408 Request Timeout"},
		{"an idle connection", "GET /v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n", "", "200 OK"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(patience))
			stop := make(chan struct{})
			dripped := make(chan struct{})
			go func() {
				defer close(dripped)
				_, _ = io.WriteString(c, tt.once)
				tick := time.NewTicker(hurry / 100)
				defer tick.Stop()
				for sent := 0; sent < 90*len(tt.again); sent += len(tt.again) { // less than the body has
					select {
					case <-tick.C:
						_, _ = io.WriteString(c, tt.again)
					case <-stop:
						return
					}
				}
			}()
			got, err := io.ReadAll(c)
			close(stop)
			<-dripped
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the connection is held open")
			}
			if !strings.Contains(string(got), tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A client that asks on and on and reads nothing does not hold its connection.
func TestSlowReaderOverHTTPIsCutOff(t *testing.T) {
	c, err := net.Dial("tcp", hurried(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	long := "https://" + strings.Repeat("a", 8<<10) + ".example" // comes back in the refusal
	for err == nil {
		_, err = io.WriteString(c, "GET /v1/stats HTTP/1.1\r\nHost: localhost\r\nOrigin: "+long+"\r\n\r\n")
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is held open")
	}
}

// The times are not for WebSockets.
func TestAWebSocketOutlivesTheTimes(t *testing.T) {
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
	ws, res, err := d.DialContext(t.Context(), "ws://"+hurried(t)+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	<-time.After(3 * hurry)
	if err := ws.WriteJSON(map[string]string{"type": "hello", "token": "none"}); err != nil {
		t.Fatal(err)
	}
	if _, answer, err := ws.ReadMessage(); err != nil || !strings.Contains(string(answer), string(protocol.TokenInvalid)) {
		t.Errorf("%s, %v", answer, err)
	}
}

// Only HTTPS promises HTTPS (RFC 6797 §7.2).
func TestHSTS(t *testing.T) {
	c := local(t)
	c.TLSCert, c.TLSKey = selfSigned(t)
	url, _ := run(t, c)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // made above
	defer client.CloseIdleConnections()
	plain, _ := run(t, local(t))
	for _, tt := range []struct{ url, want string }{{url, "max-age=31536000"}, {plain, ""}} {
		for _, path := range []string{"/", "/v1/stats", "/v1/nothing"} {
			res, err := client.Get(tt.url + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if got := res.Header.Get("Strict-Transport-Security"); got != tt.want {
				t.Errorf("%s%s: %q, want %q", tt.url, path, got, tt.want)
			}
		}
	}
}

// selfSigned writes a certificate for localhost and its key.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certify(t, cert, key)
	return cert, key
}

// certify writes a new pair, over what is there. It returns the certificate in DER.
func certify(t *testing.T, cert, key string) []byte {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "PRIVATE KEY", Bytes: rawKey}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return raw
}
