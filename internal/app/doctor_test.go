package app_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"passerby/internal/app"
)

// doctorSays runs `passerby doctor` under an environment, for no longer than its first checks take.
func doctorSays(t *testing.T, env map[string]string) string {
	t.Helper()
	for name, value := range map[string]string{
		"HTTP": "127.0.0.1:0", "UDP": ":0", "TCP": ":0", "ADMIN": "127.0.0.1:0", "TURN_LISTEN": ":0", "DATA_DIR": t.TempDir(),
	} {
		t.Setenv("PASSERBY_"+name, value)
	}
	for name, value := range env {
		t.Setenv("PASSERBY_"+name, value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out log
	code := app.Main(ctx, []string{"doctor"}, &out, &out)
	if code == 0 {
		t.Errorf("all is well:\n%s", out.String())
	}
	return out.String()
}

func TestDoctorOfThisMachine(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	said := doctorSays(t, map[string]string{
		"ADMIN": held.Addr().String(), "TCP": "203.0.113.1:0", "DATA_DIR": filepath.Join("/dev/null", "data"), "REDIS": "redis://127.0.0.1:1",
	})
	for _, want := range []string{
		"FAIL  data directory: mkdir /dev/null", "make /dev/null/data writable, or name another with --data-dir",
		"FAIL  --admin " + held.Addr().String() + " (TCP): taken by another program", "choose another port with --admin",
		"FAIL  --tcp 203.0.113.1:0 (TCP): this machine has no such address",
		"FAIL  Redis:", "start Redis 7 or newer, or set --redis to its URL",
		"ok    --http 127.0.0.1:0 (TCP)", "ok    --udp :0 (UDP)", "ok    a call over UDP",
		"FAIL  database: mkdir /dev/null", "name another file with --database",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %s", want)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}

func TestDoctorBesideARunningServer(t *testing.T) {
	url, _ := run(t, local(t))
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	said := doctorSays(t, map[string]string{"HTTP": "127.0.0.1:" + port})
	if !strings.Contains(said, "FAIL  ports: a Passerby server already runs here") || !strings.Contains(said, "passerby doctor --url http://127.0.0.1:"+port) {
		t.Error(said)
	}
}

func TestDoctorOfWrongSettings(t *testing.T) {
	if said := doctorSays(t, map[string]string{"GRACE": "soon"}); !strings.Contains(said, "PASSERBY_GRACE") {
		t.Error(said)
	}
}
