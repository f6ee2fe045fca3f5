package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"passerby/internal/report"
	"passerby/internal/store"
)

const reportUsage = `passerby report list               print the open reports, the gravest first, as JSON, one a line
passerby report show NUMBER        print a report with its evidence, as JSON; pictures and recordings only by their size
passerby report save NUMBER DIR    write a report and its evidence into files: messages, the picture, and the recording as
                                   WebM, opened with the key that the reporter handed over

Settings as for passerby serve follow: --database, --data-dir, --config FILE. "show" and "save" leave an entry in the audit log.`

// reportCommand shows reports to an operator who has no console at hand.
func reportCommand(ctx context.Context, args []string, stdout io.Writer) error {
	words := 0
	for words < len(args) && !strings.HasPrefix(args[words], "-") {
		words++
	}
	wanted := map[string]int{"list": 1, "show": 2, "save": 3}
	if words > 0 && wanted[args[0]] > words {
		return usageError{errors.New("something is missing:\n\n" + reportUsage)}
	}
	verb, cfg, err := settingsCommand(append(args[:min(1, words):1], args[words:]...), reportUsage, stdout, "list", "show", "save")
	if err != nil {
		return err
	}
	return withStore(ctx, cfg, func(db store.Store) error {
		out := json.NewEncoder(stdout)
		if verb == "list" {
			all, err := db.Reports(ctx, store.ReportFilter{Status: store.ReportOpen}, store.Page{Limit: 500})
			for i := 0; i < len(all) && err == nil; i++ {
				err = out.Encode(shown(all[i]))
			}
			return err
		}
		r, err := db.Report(ctx, args[1])
		if err != nil {
			return fmt.Errorf("report %s: %w", args[1], err)
		}
		if _, err := db.AppendAudit(ctx, store.AuditEntry{At: time.Now(), Actor: "cli", Action: "report." + verb, Target: "report:" + r.ID}); err != nil {
			return err
		}
		if verb == "save" {
			return saveReport(args[2], r)
		}
		out.SetIndent("", "  ")
		return out.Encode(shown(r))
	})
}

// shownReport is a report as JSON.
type shownReport struct {
	ID, Match, Reporter, Reported, Reason, Note string
	At                                          time.Time
	Status                                      store.ReportStatus
	Detail                                      json.RawMessage `json:",omitempty"`
	Evidence                                    []shownEvidence `json:",omitempty"`
}

type shownEvidence struct {
	Kind, From, Type string
	Proof            store.Proof
	At               time.Time
	N                uint64 `json:",omitempty"`
	Text             string `json:",omitempty"`
	Bytes            int
}

func shown(r store.Report) shownReport {
	out := shownReport{
		ID: r.ID, Match: r.Match, Reporter: r.Reporter, Reported: r.Reported, Reason: r.Reason, Note: r.Comment, At: r.At, Status: r.Status, Detail: r.Detail,
	}
	for _, e := range r.Evidence {
		s := shownEvidence{Kind: e.Kind, From: e.From, Type: e.Type, Proof: e.Proof, At: e.At, N: e.N, Bytes: len(e.Body)}
		if strings.HasPrefix(e.Type, "text/plain") {
			s.Text = string(e.Body)
		}
		out.Evidence = append(out.Evidence, s)
	}
	return out
}

// saveReport writes files that only their owner can read.
func saveReport(dir string, r store.Report) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	summary, err := json.MarshalIndent(shown(r), "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{"report.json": summary}
	for i, e := range r.Evidence {
		switch e.Type {
		case "image/jpeg":
			files[fmt.Sprintf("%d-%s-%s.jpg", i+1, e.Kind, e.Proof)] = e.Body
		case report.TypeRecording:
			film, err := report.WebM(e)
			if err != nil {
				return err
			}
			files[fmt.Sprintf("%d-%s-%s.webm", i+1, e.Kind, e.Proof)] = film
		}
	}
	for name, data := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return err
}
