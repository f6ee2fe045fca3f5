package app_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"passerby/internal/config"
	"passerby/internal/doctor"
	"passerby/internal/stack"
	"passerby/internal/testenv"
)

// service is what the test looks at of compose.yaml.
type service struct {
	Command     []string
	Environment map[string]string
	Secrets     []string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Network     string   `yaml:"network_mode"`
	Grace       string   `yaml:"stop_grace_period"`
	Volumes     []string
	DependsOn   map[string]any `yaml:"depends_on"`
}

// The compose file with Debian's programs in place of the images: its Redis takes the password from the file and nobody
// without, the tables are made, and the server runs on both, with each setting and secret as they stand there.
func TestCompose(t *testing.T) {
	const dir = "../../deploy/compose"
	b, err := os.ReadFile(filepath.Join(dir, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]service
		Secrets  map[string]struct{ File string }
		Volumes  map[string]any
	}
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}

	work := t.TempDir()
	script, err := os.ReadFile(filepath.Join(dir, "secrets.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "secrets.sh"), script, 0o700); err != nil { //nolint:gosec // to run it
		t.Fatal(err)
	}
	for range 2 { // the second time it changes nothing
		if out, err := exec.CommandContext(t.Context(), "bash", filepath.Join(work, "secrets.sh")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	secret := func(name string) string {
		b, err := os.ReadFile(filepath.Join(work, file.Secrets[name].File))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}

	for name, s := range file.Services {
		if !s.ReadOnly || len(s.CapDrop) != 1 || len(s.SecurityOpt) != 1 || s.Network != "host" {
			t.Errorf("%s has more rights than the others", name)
		}
		for _, one := range s.Secrets {
			if secret(one) == "" {
				t.Errorf("%s: no secret %s", name, one)
			}
		}
		for on := range s.DependsOn {
			if _, ok := file.Services[on]; !ok {
				t.Errorf("%s waits for %s, which is not there", name, on)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := file.Volumes[from]; !named && !strings.HasPrefix(from, "${") {
				if _, err := os.Stat(filepath.Join(dir, from)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}

	// Redis, by its own command.
	if err := os.Chmod(work, 0o755); err != nil { //nolint:gosec // for redis
		t.Fatal(err)
	}
	args := append([]string{filepath.Join(work, file.Secrets["redis_conf"].File)}, file.Services["redis"].Command[2:]...)
	addr := testenv.FreeAddr(t)
	host, port, _ := strings.Cut(addr, ":")
	said := &log{}
	redis, err := stack.Start(stack.Program{Args: append(append([]string{"redis-server"}, args...), "--port", port, "--dir", work), Log: said, Listens: addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Kill)
	if out, _ := exec.CommandContext(t.Context(), "redis-cli", "-h", host, "-p", port, "ping").CombinedOutput(); !bytes.Contains(out, []byte("NOAUTH")) {
		t.Errorf("Redis without the password: %s", out)
	}

	// The server, with its settings; what differs here are ports, and PostgreSQL's own address.
	ours := file.Services["passerby"]
	dataDir, admin := t.TempDir(), ""
	env := []string{asNode + "=1", "PASSERBY_DATA_DIR=" + dataDir}
	for name, value := range ours.Environment {
		switch name {
		case "PASSERBY_PUBLIC_IP":
			value = "127.0.0.1"
		case "PASSERBY_ADMIN":
			admin = testenv.FreeAddr(t)
			value = admin
		case "PASSERBY_REDIS_FILE":
			value = put(t, strings.Replace(secret("redis_url"), "127.0.0.1:6379", addr, 1))
		case "PASSERBY_DATABASE_FILE":
			if !strings.HasPrefix(secret("database_url"), "postgres://passerby:"+strings.TrimSpace(secret("database_password"))+"@127.0.0.1:5432/") {
				t.Error("the URL of the database is not that of the service")
			}
			value = put(t, testenv.StartPostgres(t).URL())
		}
		env = append(env, name+"="+value)
	}
	if unknown := config.UnknownEnv(env[2:]); len(unknown) > 0 {
		t.Errorf("no settings: %v", unknown)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	migrate := exec.CommandContext(t.Context(), self, file.Services["migrate"].Command...)
	migrate.Env = append(os.Environ(), env...)
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v: %s", err, out)
	}
	n, err := stack.NewNode("compose", "127.0.0.1", said, append([]string{self}, ours.Command...), env, "--admin", admin, "--turn-listen", "127.0.0.1:0", "--tcp", "off")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Kill)
	if answer, err := http.Get("http://" + admin + "/readyz"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("not ready: %v", err)
	} else {
		_ = answer.Body.Close()
	}
	doctor.Run(t.Context(), "http://"+n.Addr, func(c doctor.Check) {
		if c.Err != nil && (c.Name == "session and WebSocket" || c.Name == "a call over UDP") {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	})
	if !strings.Contains(said.String(), `"log.level":"info","message":"serving"`) {
		t.Errorf("the log is not as Elastic wants it: %s", said)
	}

	if promtool, err := exec.LookPath("promtool"); err == nil {
		if out, err := exec.CommandContext(t.Context(), promtool, "check", "config", "../../deploy/prometheus/prometheus.yml").CombinedOutput(); err != nil {
			t.Errorf("prometheus: %v: %s", err, out)
		}
	}
}

func put(t *testing.T, text string) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
