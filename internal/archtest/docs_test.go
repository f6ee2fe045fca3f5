package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

var skipped = []string{"node_modules", ".git", "dist", "out", "bin", "data"}

func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(skipped, d.Name()):
			return fs.SkipDir
		case !d.IsDir():
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	seen := 0
	walk(t, func(path string) {
		if filepath.Ext(path) != ".md" {
			return
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			seen++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
	})
	if seen == 0 {
		t.Error("no link was found: the test looks in the wrong place")
	}
}

// Names in backquotes that look like files of ours must exist, so that the map stays true.
var named = regexp.MustCompile("`((?:cmd|signaling|match|sfu|turn|internal|config|web|deploy|bench|docs|scripts)/[A-Za-z0-9_./-]+)`")

func TestFilesNamedInDocumentsExist(t *testing.T) {
	walk(t, func(path string) {
		if filepath.Ext(path) != ".md" || strings.Contains(path, "decisions") {
			return
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			if strings.HasPrefix(m[1], "web/dist") || strings.HasPrefix(m[1], "bench/out") || strings.HasPrefix(m[1], "web/test/out") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s names %s, which is not there", path, m[1])
			}
		}
	})
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	dirs := map[string]bool{}
	walk(t, func(path string) {
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(path)
		if strings.HasPrefix(string(b), "// Package ") || strings.HasPrefix(string(b), "// Command ") ||
			strings.Contains(string(b), "\n// Package ") || strings.Contains(string(b), "\n// Command ") {
			dirs[dir] = true
		} else if !dirs[dir] {
			dirs[dir] = false
		}
	})
	for dir, ok := range dirs {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

var sleep = regexp.MustCompile(`time\.Sleep\(`)

func TestNoTestSleeps(t *testing.T) {
	walk(t, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// Inside a synctest bubble a sleep costs no time and waits for nothing but the clock.
		if sleep.Match(b) && !strings.Contains(string(b), "testing/synctest") && !strings.Contains(path, "archtest") {
			t.Errorf("%s sleeps: wait for the event, or use testing/synctest", path)
		}
	})
}
