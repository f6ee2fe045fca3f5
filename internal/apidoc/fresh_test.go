package apidoc_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/internal/apidoc"
)

var update = flag.Bool("update", false, "write the documents anew")

const docs = "../../docs"

func TestDocumentsAreFresh(t *testing.T) {
	files, err := apidoc.Events()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		fresh(t, filepath.Join(docs, "events", name), want)
	}
	for name, make := range map[string]func() ([]byte, error){"openapi.yaml": apidoc.OpenAPI, "asyncapi.yaml": apidoc.AsyncAPI} {
		want, err := make()
		if err != nil {
			t.Fatal(err)
		}
		fresh(t, filepath.Join(docs, name), want)
	}
	there, err := filepath.Glob(filepath.Join(docs, "events", "*"))
	if err != nil || len(there) != len(files) {
		t.Errorf("docs/events has %d files, want %d; %v", len(there), len(files), err)
	}
}

func fresh(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run: go generate ./internal/apidoc", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale; run: go generate ./internal/apidoc\n%s", path, cmp.Diff(string(want), string(got)))
	}
}
