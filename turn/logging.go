package turn

import (
	"log/slog"

	"github.com/pion/logging"
)

// quiet is pion's logger: its warnings and errors reach ours as the bare
// format, since the arguments hold addresses of people and usernames.
type quiet struct{ log *slog.Logger }

func (q quiet) NewLogger(string) logging.LeveledLogger { return q }

func (q quiet) Trace(string)          {}
func (q quiet) Tracef(string, ...any) {}
func (q quiet) Debug(string)          {}
func (q quiet) Debugf(string, ...any) {}
func (q quiet) Info(string)           {}
func (q quiet) Infof(string, ...any)  {}

func (q quiet) Warn(string)                   { q.log.Warn("turn: pion warned") }
func (q quiet) Warnf(format string, _ ...any) { q.log.Warn("turn: pion warned", "format", format) }
func (q quiet) Error(string)                  { q.log.Debug("turn: pion failed") }

// Errorf is mostly about clients that went away in the middle of something.
func (q quiet) Errorf(format string, _ ...any) { q.log.Debug("turn: pion failed", "format", format) }
