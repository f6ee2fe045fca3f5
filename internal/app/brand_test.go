package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"passerby/internal/app"
)

func TestBrandCommand(t *testing.T) {
	bad := t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "brand.yaml"), []byte("nam: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	faint := t.TempDir()
	if err := os.WriteFile(filepath.Join(faint, "brand.yaml"), []byte("colours: {light: {ink: '#aaaaaa'}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"brand", "../../config/brand"}, 0, "../../config/brand can be used"},
		{[]string{"brand", faint}, 0, "warning: colours: light: ink #aaaaaa on paper"},
		{[]string{"brand", bad}, 1, "field nam not found"},
		{[]string{"brand"}, 2, "passerby brand FOLDER"},
		{[]string{"serve", "--brand", bad, "--data-dir", t.TempDir()}, 1, "--brand " + bad + ": brand.yaml"},
	} {
		var out log
		if code := app.Main(t.Context(), tt.args, &out, &out); code != tt.code || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%v: %d, %s", tt.args, code, out.String())
		}
	}
}

func TestDoctorLooksAtTheBrand(t *testing.T) {
	said := doctorSays(t, map[string]string{"BRAND": t.TempDir()})
	if !strings.Contains(said, "FAIL  brand: --brand") || !strings.Contains(said, "try again with passerby brand") {
		t.Error(said)
	}
}
