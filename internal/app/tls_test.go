package app_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	pion "github.com/pion/turn/v5"

	"passerby/internal/app"
	"passerby/internal/config"
	"passerby/internal/testenv"
	"passerby/signaling/protocol"
)

var anyCertificate = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // of a server of the test's own

// The page, a WebSocket and TURN over TLS, all on one port: where it is stands in what browsers are told, and plain HTTP only leads there.
func TestHTTPSAndTURNOnOnePort(t *testing.T) {
	c := local(t)
	c.HTTPS = "127.0.0.1:0"
	c.TLSCert, c.TLSKey = selfSigned(t)
	logs := &log{}
	s, err := app.Start(c, logs)
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL(), "https://"))
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: anyCertificate.Clone(), ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()

	res, err := client.Get("http://" + s.PlainAddr() + "/a?b=c")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got, want := res.Header.Get("Location"), "https://127.0.0.1:"+port+"/a?b=c"; got != want || res.StatusCode != 301 {
		t.Errorf("plain HTTP: %d to %s, want %s", res.StatusCode, got, want)
	}
	if res, err = client.Post("http://"+s.PlainAddr()+"/v1/session", "application/json", strings.NewReader(`{"adult": true}`)); err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != 403 {
		t.Errorf("a session over plain HTTP: %d", res.StatusCode)
	}

	if res, err = client.Post(s.URL()+"/v1/session", "application/json", strings.NewReader(`{"adult": true}`)); err != nil {
		t.Fatal(err)
	}
	var session protocol.SessionAnswer
	err = json.NewDecoder(res.Body).Decode(&session)
	_ = res.Body.Close()
	if err != nil || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Fatalf("%s %v, %v", res.Proto, res.Header, err)
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: anyCertificate.Clone()}
	ws, res, err := d.DialContext(t.Context(), "wss"+strings.TrimPrefix(s.URL(), "https")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	if err := ws.WriteJSON(map[string]string{"type": "hello", "token": session.Token}); err != nil {
		t.Fatal(err)
	}
	var welcome protocol.Welcome
	if err := ws.ReadJSON(&welcome); err != nil || len(welcome.ICEServers) != 1 {
		t.Fatalf("%+v, %v", welcome, err)
	}
	entry := welcome.ICEServers[0]
	if !slices.Contains(entry.URLs, "turns:localhost:"+port+"?transport=tcp") {
		t.Fatalf("browsers are told %v", entry.URLs)
	}
	for _, alpn := range [][]string{nil, {"stun.turn"}} { // browsers' way, and that of RFC 7443
		if err := allocate("127.0.0.1:"+port, entry, alpn); err != nil {
			t.Errorf("TURN over TLS, ALPN %v: %v", alpn, err)
		}
	}
}

// allocate asks for a relay over TLS.
func allocate(addr string, entry protocol.ICEServer, alpn []string) error {
	config := anyCertificate.Clone()
	config.NextProtos = alpn
	c, err := tls.Dial("tcp", addr, config)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	client, err := pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: addr, TURNServerAddr: addr, Conn: pion.NewSTUNConn(c), Username: entry.Username, Password: entry.Credential,
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Listen(); err != nil {
		return err
	}
	relay, err := client.Allocate()
	if err != nil {
		return err
	}
	return relay.Close()
}

// Files that another program renews are used from the next handshakes on, at every port, and nobody's connection ends.
func TestCertificateFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	cert, key := selfSigned(t)
	c := local(t)
	c.HTTPS, c.TLSCert, c.TLSKey = "127.0.0.1:0", cert, key
	serving, err := app.Start(c, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, serving)
	alone := runTURN(t, func(c *config.TURN) { c.TLSListen, c.TLSCert, c.TLSKey = "127.0.0.1:0", cert, key })
	ports := make(map[string]string)
	_, ports["serve"], _ = net.SplitHostPort(strings.TrimPrefix(serving.URL(), "https://"))
	_, ports["turn"], _ = net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(alone.URLs()[2], "turns:"), "?transport=tcp"))

	shown := func(server string, protocols ...string) (*tls.Conn, []byte) {
		config := anyCertificate.Clone()
		config.NextProtos = protocols
		conn, err := tls.Dial("tcp", "127.0.0.1:"+ports[server], config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn, conn.ConnectionState().PeerCertificates[0].Raw
	}
	shownByDTLS := func() []byte {
		port, _ := strconv.Atoi(ports["turn"])
		conn, err := dtls.DialWithOptions("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, dtls.WithInsecureSkipVerify(true))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if err := conn.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		state, _ := conn.ConnectionState()
		return state.PeerCertificates[0]
	}
	old, _ := shown("serve", "http/1.1")
	renewed := certify(t, cert, key)
	waitFor(t, "the new certificate is shown everywhere", func() bool {
		_, https := shown("serve", "h2")
		_, shared := shown("serve", "stun.turn")
		_, silent := shown("serve")
		_, alone := shown("turn")
		return bytes.Equal(https, renewed) && bytes.Equal(shared, renewed) && bytes.Equal(silent, renewed) && bytes.Equal(alone, renewed) && bytes.Equal(shownByDTLS(), renewed)
	})
	_ = old.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(old, "GET /v1/stats HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if b, err := io.ReadAll(old); err != nil || !strings.Contains(string(b), `"online"`) {
		t.Errorf("the connection from before: %s %v", b, err)
	}
}

// A certificate from a CA, by a proof on the port that HTTPS and TURN share, or by one over plain HTTP.
func TestServeWithACME(t *testing.T) {
	for _, name := range []string{"tls-alpn-01", "http-01"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, logs := local(t), &log{}
			asked, release := hold(t)
			tlsPort, httpPort := int(asked.Port()), 0
			if c.HTTPS = asked.String(); name == "http-01" {
				c.HTTPS, c.HTTP, tlsPort, httpPort = c.HTTP, c.HTTPS, httpPort, tlsPort
			}
			ca := testenv.StartACME(t, tlsPort, httpPort)
			c.ACME = config.ACME{Domains: []string{"chat.example.org"}, Accept: true, HTTP: "off", CA: ca.Directory, CARoot: ca.Root}
			release()
			s, err := app.Start(c, logs)
			if err != nil {
				t.Fatal(err)
			}
			untilEnd(t, s)
			certified(t, logs)
			_, at, _ := net.SplitHostPort(strings.TrimPrefix(s.URL(), "https://"))
			conn, err := tls.Dial("tcp", "127.0.0.1:"+at, &tls.Config{ServerName: "chat.example.org", RootCAs: ca.Issued(t), NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(patience))
			_, _ = io.WriteString(conn, "GET /v1/stats HTTP/1.1\r\nHost: chat.example.org\r\nConnection: close\r\n\r\n")
			if b, err := io.ReadAll(conn); err != nil || !strings.Contains(string(b), `"online"`) {
				t.Errorf("%s %v", b, err)
			}
			if kept, _ := filepath.Glob(filepath.Join(c.DataDir, "acme", "chat.example.org")); len(kept) != 1 || !strings.HasPrefix(s.URL(), "https://chat.example.org:") {
				t.Errorf("kept %v, %s", kept, s.URL())
			}
		})
	}
}
