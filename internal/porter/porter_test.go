package porter_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/porter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// binding is a STUN Binding request.
var binding, _ = hex.DecodeString("000100002112a442000102030405060708090a0b")

// house is a porter before an HTTP server that says "page" and the protocol, and a TURN server that says "turn" and what it reads first.
func house(t *testing.T, change func(*porter.Config)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := porter.Config{
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate(t)}, NextProtos: append(append([]string{"acme-tls/1"}, porter.HTTP...), porter.TURN...), MinVersion: tls.VersionTLS12},
		TURN: func(c net.Conn) bool {
			go func() {
				defer func() { _ = c.Close() }()
				b := make([]byte, len(binding))
				_, _ = io.ReadFull(c, b)
				_, _ = c.Write(append([]byte("turn "), b...))
			}()
			return true
		},
	}
	if change != nil {
		change(&cfg)
	}
	p := porter.New(l, cfg)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "page "+r.Proto+" "+r.RemoteAddr)
	})}
	ended := make(chan error, 2)
	go func() { ended <- p.Run() }()
	go func() { ended <- server.Serve(p) }()
	t.Cleanup(func() {
		_ = server.Close() // and with it the porter
		for range 2 {
			if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		}
	})
	return p.Addr().String()
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// dial shakes hands, offering these protocols.
func dial(t *testing.T, addr string, protocols ...string) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}) //nolint:gosec // made above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func TestWhoGoesWhere(t *testing.T) {
	addr := house(t, nil)
	for _, h2 := range []bool{true, false} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: h2}} //nolint:gosec // made above
		res, err := client.Get("https://" + addr)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		client.CloseIdleConnections()
		if want := map[bool]string{true: "page HTTP/2.0 127.0.0.1:", false: "page HTTP/1.1 127.0.0.1:"}[h2]; !strings.HasPrefix(string(b), want) {
			t.Errorf("HTTP/2 %v: %s", h2, b)
		}
	}
	const get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for name, tt := range map[string]struct {
		protocols []string
		say, want string
	}{
		"HTTP by name":             {[]string{"http/1.1"}, get, "page HTTP/1.1"},
		"HTTP without a name":      {nil, get, "page HTTP/1.1"},
		"HTTP after an empty line": {nil, "\r\n\r\n" + get, "400 Bad Request"},
		"TURN by name":             {[]string{"stun.turn"}, string(binding), "turn " + string(binding)},
		"STUN by name":             {[]string{"stun.nat-discovery"}, string(binding), "turn " + string(binding)},
		"TURN without a name":      {nil, string(binding), "turn " + string(binding)},
		"an old STUN, no cookie":   {nil, strings.Repeat("\x00", 20) + "\r\n\r\n", "400 Bad Request"},
		"a proof for a CA":         {[]string{"acme-tls/1"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, addr, tt.protocols...)
			for _, part := range []string{tt.say[:len(tt.say)/8], tt.say[len(tt.say)/8:]} { // in two records
				_, _ = io.WriteString(c, part)
			}
			b, err := io.ReadAll(c)
			if errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(string(b), tt.want) {
				t.Errorf("%q, %v, want %q", b, err, tt.want)
			}
		})
	}
}

// Without a TURN server all is HTTP, and one that is full loses its connection.
func TestNoTURN(t *testing.T) {
	for name, turn := range map[string]func(net.Conn) bool{"400 Bad Request": nil, "": func(net.Conn) bool { return false }} {
		c := dial(t, house(t, func(c *porter.Config) { c.TURN = turn }))
		_, _ = c.Write(append(binding, "\r\n\r\n"...))
		b, err := io.ReadAll(c)
		if errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(string(b), name) || name == "" && len(b) > 0 {
			t.Errorf("%q, %v, want %q", b, err, name)
		}
	}
}

// Who says nothing, or a byte at a time, is cut off, before the handshake and after it, and meanwhile others are let in.
func TestSlowClientsAreCutOff(t *testing.T) {
	const patience = time.Second // the handshake included, on a busy machine, too
	addr := house(t, func(c *porter.Config) { c.Patience = patience })
	for name, open := range map[string]func(t *testing.T) net.Conn{
		"no handshake": func(t *testing.T) net.Conn {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			return c
		},
		"half a handshake": func(t *testing.T) net.Conn {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			_, _ = c.Write([]byte{0x16, 3, 1, 2, 0, 1})
			return c
		},
		"silence after it": func(t *testing.T) net.Conn { return dial(t, addr) },
		"half a message": func(t *testing.T) net.Conn {
			c := dial(t, addr)
			_, _ = c.Write(binding[:7])
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection is held open")
			}
		})
	}
	t.Run("who speaks lives on", func(t *testing.T) {
		t.Parallel()
		const patience = 1500 * time.Millisecond
		c := dial(t, house(t, func(c *porter.Config) { c.Patience = patience }))
		r := bufio.NewReader(c)
		for _, first := range []bool{true, false} {
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if first {
				<-time.After(patience + 100*time.Millisecond)
			}
		}
	})
	t.Run("who speaks TURN lives on", func(t *testing.T) {
		t.Parallel()
		const patience = 1500 * time.Millisecond
		c := dial(t, house(t, func(c *porter.Config) { c.Patience = patience }))
		_, _ = c.Write(binding[:8])
		<-time.After(patience + 100*time.Millisecond)
		_, _ = c.Write(binding[8:])
		if b, err := io.ReadAll(c); err != nil || string(b) != "turn "+string(binding) {
			t.Errorf("%q, %v", b, err)
		}
	})
}

// So many may wait from one address, and in all; a place is free again when one has gone on.
func TestSoManyWait(t *testing.T) {
	for name, change := range map[string]func(*porter.Config){
		"from an address": func(c *porter.Config) { c.PerAddress = 2 }, "in all": func(c *porter.Config) { c.Most = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			addr := house(t, change)
			first, second := dial(t, addr), dial(t, addr)
			if c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}); err == nil { //nolint:gosec // made above
				_ = c.Close()
				t.Error("a third one was let in")
			}
			for _, c := range []net.Conn{first, second} {
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				if b, err := io.ReadAll(c); err != nil || !strings.Contains(string(b), "page") {
					t.Errorf("%s %v", b, err)
				}
			}
			c := dial(t, addr, "http/1.1")
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if b, err := io.ReadAll(c); err != nil || !strings.Contains(string(b), "page") {
				t.Errorf("afterwards: %s %v", b, err)
			}
		})
	}
}
