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
	// Of the list that stays here.
	filterMost     = 20_000
	filterFileMost = 1 << 20
)

// filterWords reads the operator's words, one a line; lines that begin with # are comments. No file is no words.
func filterWords(file string) ([]string, error) {
	return readWords("filter-words", file, wordsFileMost, wordsMost)
}

func readWords(setting, file string, bytes, most int) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", setting, err)
	}
	if len(b) > bytes || !utf8.Valid(b) {
		return nil, fmt.Errorf("--%s: %s must be UTF-8 text of at most %d bytes", setting, file, bytes)
	}
	var words []string
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		if word := strings.TrimSpace(line); word != "" && !strings.HasPrefix(word, "#") {
			words = append(words, word)
		}
	}
	if len(words) > most {
		return nil, fmt.Errorf("--%s: %s has %d words: at most %d", setting, file, len(words), most)
	}
	return words, nil
}
