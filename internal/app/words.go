package app

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Caps of the operator's list of words, which every visitor loads.
const (
	wordsMost     = 1000
	wordsFileMost = 64 << 10 // bytes
)

// filterWords reads the operator's words, one a line; lines that begin with # are comments. No file is no words.
func filterWords(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--filter-words: %w", err)
	}
	if len(b) > wordsFileMost || !utf8.Valid(b) {
		return nil, fmt.Errorf("--filter-words: %s must be UTF-8 text of at most %d bytes: every visitor loads it", file, wordsFileMost)
	}
	var words []string
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		if word := strings.TrimSpace(line); word != "" && !strings.HasPrefix(word, "#") {
			words = append(words, word)
		}
	}
	if len(words) > wordsMost {
		return nil, fmt.Errorf("--filter-words: %s has %d words: at most %d", file, len(words), wordsMost)
	}
	return words, nil
}
