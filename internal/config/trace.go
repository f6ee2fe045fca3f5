package config

import (
	"flag"

	"passerby/internal/trace"
)

// Trace is where traces of matches go.
type Trace struct {
	Endpoint string  // URL of an OTLP/HTTP receiver; empty: nowhere
	Share    float64 // of the matches, 0 to 1
}

func (t *Trace) flags(fs *flag.FlagSet) {
	fs.StringVar(&t.Endpoint, "trace-endpoint", t.Endpoint, "`URL` of an OpenTelemetry collector (OTLP over HTTP), like http://collector:4318, that hears how matches came about; none: nobody does")
	fs.Float64Var(&t.Share, "trace-share", t.Share, "`share` of the matches that are traced, 0 to 1; the same on all nodes")
}

func (t Trace) validate(fault func(string, ...any)) {
	if t.Endpoint != "" {
		if _, err := trace.ParseEndpoint(t.Endpoint); err != nil {
			fault("--trace-endpoint: %w", err)
		}
	}
	if !(t.Share >= 0 && t.Share <= 1) {
		fault("--trace-share: %v is out of range: 0 to 1, like 0.01 for one match in a hundred", t.Share)
	}
}
