package redisdb_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/redisdb"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		url, addrs, user, password, master string
		db                                 int
		cluster, secure                    bool
	}{
		{url: "redis://localhost", addrs: "localhost:6379"},
		{url: "redis://[::1]:7000/3", addrs: "[::1]:7000", db: 3},
		{url: "redis://[::1]", addrs: "[::1]:6379"},
		{url: "rediss://ada:s%40fe@db.example.org:6380/0", addrs: "db.example.org:6380", user: "ada", password: "s@fe", secure: true},
		{url: "redis://:p@ss@host", addrs: "host:6379", password: "p@ss"},
		{url: "redis://a:1,b:2", addrs: "a:1 b:2", cluster: true},
		{url: "redis+cluster://a:1", addrs: "a:1", cluster: true},
		{url: "rediss+cluster://u:p@a,b:2", addrs: "a:6379 b:2", user: "u", password: "p", cluster: true, secure: true},
		{url: "redis+sentinel://a,b:7/mymaster", addrs: "a:26379 b:7", master: "mymaster"},
	} {
		o, err := redisdb.Parse(tt.url)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if strings.Join(o.Addrs, " ") != tt.addrs || o.Username != tt.user || o.Password != tt.password || o.MasterName != tt.master ||
			o.DB != tt.db || o.IsClusterMode != tt.cluster || (o.TLSConfig != nil) != tt.secure {
			t.Errorf("%s: got %+v", tt.url, o)
		}
	}
}

func TestParseRefusesAndKeepsThePassword(t *testing.T) {
	for _, url := range []string{
		"", "localhost:6379", "http://host", "redis+magic://host", "redis://", "redis://u:secret@", "redis://u:secret@host/db", "redis://u:secret@host:0",
		"redis://u:secret@host:99999", "redis://u:%zzsecret@host", "redis+sentinel://u:secret@host", "redis+cluster://u:secret@host/2", "redis://a,b/2",
		"redis://u:secret@host?x=1", "redis://u:secret@host#x", "redis://u:secret@a,,b",
	} {
		o, err := redisdb.Parse(url)
		if err == nil {
			t.Errorf("%q was taken for %+v", url, o)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestOpen(t *testing.T) {
	client, err := redisdb.Open(t.Context(), testenv.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	guarded := strings.TrimPrefix(testenv.Redis(t, "--requirepass", "of the test"), "redis://")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	_ = l.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mute.Close() }()
	for _, tt := range []struct{ name, url, want string }{
		{"nobody there", "redis://u:secret@" + free, "start Redis"},
		{"no password", "redis://" + guarded, "password"},
		{"wrong password", "redis://:secret@" + guarded, "password"},
		{"TLS to one without", "rediss://:secret@" + guarded, "TLS"},
		{"a Cluster that is none", "redis+cluster://" + strings.TrimPrefix(testenv.Redis(t), "redis://"), "no Cluster"},
		{"silence", "redis://:secret@" + mute.Addr().String(), "in time"},
		{"nonsense", "secret", "redis://host"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		client, err := redisdb.Open(ctx, tt.url)
		cancel()
		if err == nil {
			_ = client.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want something about %q and no password", tt.name, err, tt.want)
		}
	}
}
