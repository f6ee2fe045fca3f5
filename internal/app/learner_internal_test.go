package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"passerby/match"
	queuememory "passerby/match/memory"
	"passerby/match/taste"
)

// What was learnt outlives a restart; a file that is none is said, and nothing more comes of it.
func TestLearner(t *testing.T) {
	var logs bytes.Buffer
	file := filepath.Join(t.TempDir(), "taste.bin")
	live := func(log io.Writer, learn bool) []byte {
		t.Helper()
		q, err := queuememory.New(match.Config{Taste: new(taste.Config)})
		if err != nil {
			t.Fatal(err)
		}
		l := learner{q, file, slog.New(slog.NewTextHandler(log, nil))}
		if learn {
			m := taste.New(taste.Config{})
			m.Learn(taste.Traits{User: "ada"}, taste.Traits{User: "ben"}, 0, time.Unix(1_900_000_000, 0))
			if err := q.SetTaste(m.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Run(ctx); err != nil {
			t.Fatal(err)
		}
		return q.Taste()
	}
	learnt := live(&logs, true)
	if again := live(&logs, false); !bytes.Equal(learnt, again) || logs.Len() > 0 {
		t.Errorf("after a restart something else is known; %s", logs.String())
	}
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	live(&logs, false)
	if !strings.Contains(logs.String(), "begins anew") {
		t.Errorf("a broken file: %q", logs.String())
	}
}
