package app_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"passerby/internal/app"
	"passerby/internal/config"
	"passerby/internal/doctor"
	"passerby/internal/testenv"
	"passerby/signaling/protocol"
)

func TestMain(m *testing.M) {
	if os.Getenv(asNode) != "" {
		os.Exit(runAsNode())
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
	}))
}

// log is a writer that a running server and a test share.
type log struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func local(t *testing.T) config.Config {
	c := config.Defaults()
	c.Moderate.Serve = "off" // a password to make costs each start a while
	c.HTTP, c.UDP, c.TCP, c.Admin, c.TURNListen = "127.0.0.1:0", ":0", ":0", "127.0.0.1:0", ":0"
	c.DataDir, c.DrainTimeout, c.LogLevel = t.TempDir(), 2*time.Second, "debug"
	return c
}

// run starts a server that ends, cleanly, with the test.
func run(t *testing.T, c config.Config) (url string, logs *log) {
	t.Helper()
	logs = &log{}
	s, err := app.Start(c, logs)
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	return s.URL(), logs
}

// untilEnd lets a server run until the test ends, and then end without an error.
func untilEnd(t *testing.T, s interface {
	Run(ctx context.Context) error
}) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
}

// TestCall lets two made-up people meet through the whole server: over UDP, TCP and TURN.
func TestCall(t *testing.T) {
	url, logs := run(t, local(t))
	seen := map[string]bool{}
	doctor.Run(t.Context(), url, func(c doctor.Check) {
		seen[c.Name] = true
		if c.Err != nil && c.Name != "page" { // the pages are built by the browser tests
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	})
	for _, name := range []string{"session and WebSocket", "media over TCP", "TURN", "a call over UDP"} {
		if !seen[name] {
			t.Errorf("%q was not checked", name)
		}
	}
	private := regexp.MustCompile(`eyJ|ice-pwd|candidate:|(udp|tcp)[46] |from .*:[0-9]+`)
	for line := range strings.Lines(logs.String()) {
		if m := private.FindString(line); m != "" {
			t.Errorf("the log holds a token, SDP or a person's address (%q): %s", m, line)
		}
	}
}

// Two people meet through the queue in Redis, and neither the log nor an error tells Redis's password.
func TestCallOverRedis(t *testing.T) {
	c := local(t)
	c.Redis = strings.Replace(testenv.Redis(t, "--requirepass", "hush"), "redis://", "redis://:hush@", 1)
	url, logs := run(t, c)
	doctor.Run(t.Context(), url, func(c doctor.Check) {
		if c.Err != nil && c.Name != "page" {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	})
	if strings.Contains(logs.String(), "hush") {
		t.Error("the log holds the password of Redis")
	}
	c = local(t)
	c.Redis = "redis://:hush@127.0.0.1:1"
	if _, err := app.Start(c, io.Discard); err == nil || !strings.Contains(err.Error(), "start Redis") || strings.Contains(err.Error(), "hush") {
		t.Errorf("without Redis: %v", err)
	}
}

// The limit of new sessions counts by the address that a trusted proxy names; a proxy that nobody named gets a warning.
func TestBehindAProxy(t *testing.T) {
	open := func(url, forwarded string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/session", strings.NewReader(`{"adult": true}`))
		if err != nil {
			t.Fatal(err)
		}
		if forwarded != "" {
			req.Header.Set("X-Forwarded-For", forwarded)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	const warning = "--trusted-proxies does not name it"
	c := local(t)
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	url, logs := run(t, c)
	status := http.StatusOK
	for range 500 {
		if status = open(url, "203.0.113.1"); status != http.StatusOK {
			break
		}
	}
	if status != http.StatusTooManyRequests || open(url, "203.0.113.2") != http.StatusOK || open(url, "") != http.StatusOK {
		t.Errorf("one address behind the proxy got %d after a burst; the others, and the operator, must not notice", status)
	}
	if strings.Contains(logs.String(), warning) {
		t.Error("warned of a proxy that is named")
	}
	url, logs = run(t, local(t))
	open(url, "203.0.113.1")
	open(url, "203.0.113.1")
	if n := strings.Count(logs.String(), warning); n != 1 {
		t.Errorf("%d warnings of a proxy that is not named, want 1", n)
	}
}

// WebSockets are counted by the address that a trusted proxy names.
func TestSocketsPerAddress(t *testing.T) {
	c := local(t)
	c.TrustedProxies, c.MaxPerAddress = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, 2
	url, _ := run(t, c)
	dial := func(forwarded string) int {
		d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
		header := http.Header{}
		if forwarded != "" {
			header.Set("X-Forwarded-For", forwarded)
		}
		ws, res, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/v1/ws", header)
		if res == nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if err == nil {
			t.Cleanup(func() { _ = ws.Close() })
		}
		return res.StatusCode
	}
	for _, tt := range []struct {
		forwarded string
		want      int
	}{
		{"2001:db8::1", 101}, {"2001:db8::2", 101}, {"2001:db8::3", 429}, {"2001:db8:0:1::1", 101},
		{"203.0.113.1", 101}, {"::ffff:203.0.113.1", 101}, {"203.0.113.1", 429},
		{"", 101}, {"", 101}, {"", 101},
	} {
		if got := dial(tt.forwarded); got != tt.want {
			t.Errorf("from %q: %d, want %d", tt.forwarded, got, tt.want)
		}
	}
}

func TestMetrics(t *testing.T) {
	c := local(t)
	admin, err := net.Listen("tcp", "127.0.0.1:0") // a free port; the next program to ask gets another
	if err != nil {
		t.Fatal(err)
	}
	c.Admin = admin.Addr().String()
	_ = admin.Close()
	url, _ := run(t, c)
	doctor.Run(t.Context(), url, func(doctor.Check) {})
	metrics := scrape(t, c.Admin)
	for _, name := range []string{"passerby_turn_allocations", "passerby_turn_users", "passerby_sfu_", "passerby_signaling_", "go_goroutines"} {
		if !strings.Contains(metrics, "\n"+name) {
			t.Errorf("/metrics lacks %s", name)
		}
	}
}

func TestDoctorWithoutTURN(t *testing.T) {
	c := local(t)
	c.TURNListen = "off"
	url, _ := run(t, c)
	doctor.Run(t.Context(), url, func(c doctor.Check) {
		if c.Name == "TURN" && (c.Err == nil || !strings.Contains(c.Err.Error(), "turn-listen")) {
			t.Errorf("TURN is off and doctor says: %v", c.Err)
		}
	})
}

func TestPortsTaken(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	heldUDP, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = heldUDP.Close() }()
	_, udpPort, _ := net.SplitHostPort(heldUDP.LocalAddr().String())
	for setting, change := range map[string]func(*config.Config){
		"--http":        func(c *config.Config) { c.HTTP = held.Addr().String() },
		"--admin":       func(c *config.Config) { c.Admin = held.Addr().String() },
		"--turn-listen": func(c *config.Config) { c.TURNListen = held.Addr().String() },
		"--udp":         func(c *config.Config) { c.UDP = ":" + udpPort },
		"--tcp":         func(c *config.Config) { c.TCP = held.Addr().String() },
	} {
		c := local(t)
		change(&c)
		_, err := app.Start(c, &log{})
		if err == nil || !strings.Contains(err.Error(), "taken by another program") || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestCommands(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 0, "passerby serve"},
		{[]string{"help"}, 0, "passerby doctor"},
		{[]string{"version"}, 0, "passerby dev go1."},
		{[]string{"serve", "--help"}, 0, "PASSERBY_PUBLIC_IP"},
		{[]string{"dance"}, 2, `no command "dance"`},
		{[]string{"serve", "--http"}, 2, "flag needs an argument"},
		{[]string{"serve", "--log-level", "loud"}, 2, "log-level"},
		{[]string{"--http", ":8081"}, 2, "did you mean passerby serve --http :8081?"},
		{[]string{"version", "now"}, 2, `"now"`},
		{[]string{"doctor", "now"}, 2, `"now" is not a setting; see passerby doctor --help`},
		{[]string{"doctor", "--help"}, 0, "--url ADDRESS"},
		{[]string{"doctor", "--ulr", "x"}, 2, "not defined: --ulr; see passerby doctor --help"},
		{[]string{"doctor", "--url", "foo"}, 2, `"foo" lacks http://`},
		{[]string{"doctor", "--url", "localhost:8080"}, 2, "write it like http://localhost:8080"},
		{[]string{"doctor", "--url", "ftp://x"}, 2, "not the address of a server"},
		{[]string{"doctor", "--url", "http://127.0.0.1:1"}, 1, "nothing listens at 127.0.0.1:1"},
		{[]string{"doctor", "--url", "http://127.0.0.1:1"}, 1, "passerby: 1 check failed"},
		{[]string{"serve", "--data-dir", "/etc/passwd"}, 1, "name a directory that this user may write"},
		{[]string{"serve", "--http", "127.0.0.1:0", "--data-dir", t.TempDir(), "--tls-cert", "/no/cert.pem", "--tls-key", "x"}, 1, "--tls-cert: open /no/cert.pem"},
		{[]string{"doctor", "--url", "http://127.0.0.1:1"}, 1, "To fix it"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var out log
			if code := app.Main(t.Context(), tt.args, &out, &out); code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("code %d, want %d with %q:\n%s", code, tt.code, tt.want, out.String())
			}
		})
	}
}

// scrape reads a node's metrics.
func scrape(t *testing.T, admin string) string {
	t.Helper()
	res, err := http.Get("http://" + admin + "/metrics") //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
