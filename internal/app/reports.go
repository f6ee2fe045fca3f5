package app

import (
	"context"
	"errors"
	"time"

	"passerby/internal/report"
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
