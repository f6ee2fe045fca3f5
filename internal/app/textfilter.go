package app

import (
	"context"

	"passerby/internal/textfilter"
	"passerby/signaling"
)

// openFilter makes the filter of texts, where their encryption is switched off.
func (s *Server) openFilter() error {
	t := s.cfg.Text
	if t.Encryption != "off" {
		return nil
	}
	words, err := readWords("text-filter-words", t.Words, filterFileMost, filterMost)
	if err != nil {
		return err
	}
	s.log.Warn("texts are not encrypted between people: this server reads them, and every page says so (text-encryption)")
	s.texts, err = textfilter.New(textfilter.Config{
		Words: words, URL: t.URL, Secret: t.Secret, AllowPrivate: t.Private, Timeout: t.Timeout, FailOpen: t.Failure == "deliver", Logger: s.log, Registerer: s.registry,
	})
	return err
}

// judge is the hub's view of the filter.
func (s *Server) judge(ctx context.Context, t signaling.Said) signaling.Verdict {
	switch s.texts.Judge(ctx, textfilter.Text(t)) {
	case textfilter.Passes:
		return signaling.Passes
	case textfilter.Unchecked:
		return signaling.Unchecked
	default:
		return signaling.Refused
	}
}
