package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"passerby/internal/app"
	"passerby/internal/testenv"
)

// What a container asks with: well while the server runs, with its reason when not; and its settings may come from files.
func TestHealth(t *testing.T) {
	c := local(t)
	c.Admin = testenv.FreeAddr(t)
	run(t, c)
	ask := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := app.Main(t.Context(), append([]string{"health"}, args...), &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, said := ask("--admin", c.Admin, "--ready"); code != 0 || said != "ok\n" {
		t.Errorf("%d %q", code, said)
	}
	_, port, _ := strings.Cut(c.Admin, ":")
	t.Setenv("PASSERBY_ADMIN", ":"+port)
	if code, said := ask(); code != 0 {
		t.Errorf("%d %q", code, said)
	}
	if code, said := ask("--admin", testenv.FreeAddr(t)); code != 1 || !strings.Contains(said, "is it running") {
		t.Errorf("%d %q", code, said)
	}
	if code, _ := ask("--admin", "here"); code != 2 {
		t.Errorf("%d", code)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "redis")
	if err := os.WriteFile(name, []byte("http://no-redis\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PASSERBY_REDIS_FILE", name)
	var out, errs bytes.Buffer
	if code := app.Main(t.Context(), []string{"serve"}, &out, &errs); code != 2 || !strings.Contains(errs.String(), "redis://host") {
		t.Errorf("%d %s", code, &errs)
	}
}
