package sfu

import (
	"log/slog"

	"github.com/pion/logging"
)

// pionLog sends pion's warnings and errors to slog, at Debug, as their bare
// format: the arguments name addresses of people.
type pionLog struct{ log *slog.Logger }

func (l pionLog) NewLogger(scope string) logging.LeveledLogger {
	return pionLogger{l.log.With("pion", scope)}
}

type pionLogger struct{ log *slog.Logger }

func (l pionLogger) Trace(string)          {}
func (l pionLogger) Tracef(string, ...any) {}
func (l pionLogger) Debug(string)          {}
func (l pionLogger) Debugf(string, ...any) {}
func (l pionLogger) Info(string)           {}
func (l pionLogger) Infof(string, ...any)  {}
func (l pionLogger) Warn(string)           { l.log.Debug("pion warned") }
func (l pionLogger) Error(string)          { l.log.Debug("pion failed") }

func (l pionLogger) Warnf(format string, _ ...any)  { l.log.Debug("pion warned", "format", format) }
func (l pionLogger) Errorf(format string, _ ...any) { l.log.Debug("pion failed", "format", format) }
