package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNoHTMLFromStrings: what strangers write is shown as text, so nothing of ours makes HTML or code of a string.
func TestNoHTMLFromStrings(t *testing.T) {
	makes := regexp.MustCompile(`dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|createContextualFragment|srcdoc`)
	read := 0
	for _, root := range []string{"app/src", "sdk/src", "console/src"} {
		_ = filepath.WalkDir("../../web/"+root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasPrefix(filepath.Ext(name), ".ts") {
				return nil // the console may not be there yet
			}
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			read++
			if found := makes.Find(b); found != nil {
				t.Errorf("%s has %q: show text by the framework, which escapes it", name, found)
			}
			return nil
		})
	}
	if read < 50 {
		t.Errorf("only %d files were read: the test looks in the wrong place", read)
	}
}
