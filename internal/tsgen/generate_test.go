package tsgen_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/internal/tsgen"
)

var update = flag.Bool("update", false, "write web/sdk/src/protocol.gen.ts anew")

const (
	source    = "../../signaling/protocol"
	generated = "../../web/sdk/src/protocol.gen.ts"
)

func TestGeneratedFileIsFresh(t *testing.T) {
	want, err := tsgen.Generate(source)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(generated), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(generated, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(generated)
	if err != nil {
		t.Fatalf("%v; run: go generate ./signaling/protocol", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale; run: go generate ./signaling/protocol\n%s", generated, cmp.Diff(string(want), string(got)))
	}
}

func TestGenerateNeedsTheSource(t *testing.T) {
	if _, err := tsgen.Generate("testdata/nothing["); err == nil {
		t.Error("a folder that cannot be read was accepted")
	}
}
