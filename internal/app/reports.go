package app

import (
	"context"
	"errors"
	"time"

	"passerby/internal/moderation"
	"passerby/internal/report"
	"passerby/internal/store"
	"passerby/signaling"
)

// reportMedia is how much of a video match is recorded for reports.
func (s *Server) reportMedia() time.Duration { return time.Duration(s.cfg.ReportMedia) * time.Second }

// desk is the hub's view of where reports come in.
type desk struct{ d report.Desk }

var _ signaling.Reports = desk{}

func (d desk) Report(ctx context.Context, r signaling.Report) (string, error) {
	number, err := d.d.File(ctx, report.Filing{
		Reporter: r.Reporter, Session: r.Session, Message: r.Message,
		About: report.Met{Match: r.About.Match, User: r.About.User, Session: r.About.Session, Mode: r.About.Mode, Began: r.About.At,
			Initiator: r.About.Initiator, KeyID: r.About.Theirs.KeyID, Commit: r.About.Theirs.Hash},
	})
	if errors.Is(err, report.ErrEvidence) {
		err = evidenceError{err}
	}
	return number, err
}

// evidenceError is the hub's ErrEvidence with the desk's words.
type evidenceError struct{ error }

func (e evidenceError) Is(target error) bool { return target == signaling.ErrEvidence }
func (e evidenceError) Unwrap() error        { return e.error }

// weigh says how much somebody's reports count, by what became of those before. A database that does not answer makes a newcomer of him.
func weigh(s store.Store) func(context.Context, string) float64 {
	return func(ctx context.Context, reporter string) float64 {
		made, _ := s.CountReports(ctx, reporter)
		latest, _ := s.Reports(ctx, store.ReportFilter{Reporter: reporter}, store.Page{Limit: 100})
		hour := 0
		for _, r := range latest {
			if time.Since(r.At) < time.Hour {
				hour++
			}
		}
		return moderation.Weight(moderation.Reporter{Upheld: made.MadeActed, Dismissed: made.MadeDismissed, LastHour: hour})
	}
}
