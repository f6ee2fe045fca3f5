package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFilterWords(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          []string
		fault         string
	}{
		{"words", "\ufeff# ours\n one \r\n\ntwo words\nдурак", []string{"one", "two words", "дурак"}, ""},
		{"empty", "", nil, ""},
		{"not text", "\xff\xfe", nil, "must be UTF-8"},
		{"too many", strings.Repeat("a\n", 1001), nil, "at most 1000"},
		{"too large", strings.Repeat("a", 64<<10+1), nil, "at most 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "words")
			if err := os.WriteFile(file, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := filterWords(file)
			if !slices.Equal(got, tt.want) || (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	if words, err := filterWords(""); words != nil || err != nil {
		t.Errorf("no file: %v, %v", words, err)
	}
	if _, err := filterWords(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there")
	}
}
