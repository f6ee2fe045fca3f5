package app_test

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"passerby/internal/app"
	"passerby/internal/config"
	"passerby/internal/doctor"
	"passerby/internal/testenv"
)

// viaDNS lets this process find every name at 127.0.0.1, as the CA does.
func viaDNS(t *testing.T, ca *testenv.ACMEServer) {
	usual := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", ca.DNS)
	}}
	t.Cleanup(func() { net.DefaultResolver = usual })
}

// hold takes a port of 127.0.0.1, for TCP and UDP, until it is released for who is to have it.
func hold(t *testing.T) (addr netip.AddrPort, release func()) {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.ListenPacket("udp", l.Addr().String())
		if err != nil { // taken for UDP
			_ = l.Close()
			continue
		}
		return l.Addr().(*net.TCPAddr).AddrPort(), func() { _, _ = l.Close(), c.Close() }
	}
}

// certified waits until a server's log says that it has a certificate.
func certified(t *testing.T, logs *log) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !strings.Contains(logs.String(), "msg=certificate"); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("no certificate came:\n%s", logs)
		}
	}
}

// With a name alone, clients that trust the CA relay over TLS and DTLS, by the URL that they are told.
func TestTURNWithACME(t *testing.T) {
	logs := &log{}
	secure, release := hold(t)
	ca := testenv.StartACME(t, int(secure.Port()), 0)
	viaDNS(t, ca)
	c := config.DefaultTURN()
	c.Listen, c.TLSListen, c.Admin, c.DrainTimeout = "127.0.0.1:0", secure.String(), "off", 0
	c.PublicIP = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	c.ACME = config.ACME{Domains: []string{"turn.example.org"}, Accept: true, Dir: filepath.Join(t.TempDir(), "acme"), HTTP: "127.0.0.1:0", CA: ca.Directory, CARoot: ca.Root}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	release()
	s, err := app.StartTURN(c, logs)
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	certified(t, logs)
	entry := s.ICEServers("ada", time.Hour)[0]
	if url := entry.URLs[2]; !strings.HasPrefix(url, "turns:turn.example.org:") {
		t.Errorf("URL %s", url)
	}
	checks := 0
	doctor.TURN{
		Server: hostOf(entry.URLs[0]), TLSServer: hostOf(entry.URLs[2]), Roots: ca.Issued(t), Username: entry.Username, Password: entry.Credential,
	}.Run(t.Context(), func(c doctor.Check) {
		if checks++; c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	})
	if checks != 7 {
		t.Errorf("%d checks", checks)
	}
}

// What is wrong with where certificates come from, and go to, is said before the server starts.
func TestACMESettings(t *testing.T) {
	taken, release := hold(t)
	defer release()
	for name, change := range map[string]func(*config.TURN){
		"--acme-ca-root": func(c *config.TURN) { c.ACME.CARoot = "/does/not/exist" },
		"--acme-http":    func(c *config.TURN) { c.ACME.HTTP = "203.0.113.1:0" },
		"--tls-listen " + taken.String() + " is taken": func(c *config.TURN) { c.TLSListen = taken.String() },
	} {
		c := config.DefaultTURN()
		c.Listen, c.TLSListen, c.Admin = "127.0.0.1:0", "127.0.0.1:0", "off"
		c.ACME = config.ACME{Domains: []string{"turn.example.org"}, Accept: true, Dir: t.TempDir(), HTTP: "off"}
		change(&c)
		if _, err := app.StartTURN(c, &log{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
