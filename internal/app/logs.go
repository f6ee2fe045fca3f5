package app

import (
	"io"
	"log/slog"
	"strings"
	"time"
)

// logger writes lines of a level or above in a format that Validate has let through.
func logger(least, format string, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(least)) // checked by Validate
	opts := &slog.HandlerOptions{Level: level}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts))
	case "ecs":
		opts.ReplaceAttr = commonSchema
		return slog.New(slog.NewJSONHandler(w, opts)).With("ecs.version", "8.11.0", "service.name", "passerby", "service.version", Version, "event.dataset", "passerby.log")
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// ecsFields are the names of the Elastic Common Schema for what we log under shorter ones.
var ecsFields = map[string]string{
	"error": "error.message", "err": "error.message", "panic": "error.message", "cause": "error.message", "stack": "error.stack_trace",
	"node": "service.node.name", "trace_id": "trace.id",
}

// commonSchema renames what a line holds to fields of the Elastic Common Schema, version 8. What it has no field for
// becomes a label, which is text.
func commonSchema(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch {
	case a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime:
		return slog.String("@timestamp", a.Value.Time().UTC().Format(time.RFC3339Nano))
	case a.Key == slog.LevelKey && a.Value.Kind() == slog.KindAny:
		return slog.String("log.level", strings.ToLower(a.Value.String()))
	case a.Key == slog.MessageKey:
		return slog.Attr{Key: "message", Value: a.Value}
	case strings.Contains(a.Key, "."): // is one already
		return a
	}
	if field, ok := ecsFields[a.Key]; ok {
		return slog.String(field, a.Value.String())
	}
	return slog.String("labels."+a.Key, a.Value.String())
}
