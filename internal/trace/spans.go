package trace

import (
	"time"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/slim/otlp/trace/v1"
)

// Side is how one side of a match came to its first picture. Zero times are unknown, and their spans are left out.
type Side struct {
	Match, Mode, Pool string
	Initiator, Across bool
	Offered, Answered time.Time
	Asked, Matched    time.Time
	Routed            time.Time
	Fed, Opened       time.Time
	Shown             time.Time
	First, Next       time.Duration // as the client measured; 0: it did not say
}

// offerAge is how old a connection may be to count as part of this match.
const offerAge = time.Minute

// spans are those that a side adds to the trace of its match.
func spans(s Side) []*otlp.Span {
	id := TraceID(s.Match)
	span := func(name string, parent []byte, from, to time.Time, attributes ...*common.KeyValue) *otlp.Span {
		return &otlp.Span{
			TraceId: id[:], SpanId: freshID(), ParentSpanId: parent, Name: name, Kind: otlp.Span_SPAN_KIND_INTERNAL,
			StartTimeUnixNano: uint64(from.UnixNano()), EndTimeUnixNano: uint64(to.UnixNano()), Attributes: attributes, //nolint:gosec // after 1970
		}
	}
	begin := s.Asked
	if begin.IsZero() {
		begin = s.Matched
	}
	role := "responder"
	if s.Initiator {
		role = "initiator"
	}
	about := []*common.KeyValue{text("passerby.mode", s.Mode), text("passerby.pool", s.Pool), flag("passerby.across_nodes", s.Across)}
	side := span("side", rootID(s.Match), begin, s.Shown, append(about, text("passerby.side", role))...)
	all := []*otlp.Span{side}
	if s.Initiator {
		root := span("match", nil, begin, s.Shown, append(about, text("passerby.match", s.Match))...)
		root.SpanId = rootID(s.Match)
		all = append(all, root)
	}
	child := func(name string, from, to time.Time, attributes ...*common.KeyValue) {
		if !from.IsZero() && !to.Before(from) {
			all = append(all, span(name, side.SpanId, from, to, attributes...))
		}
	}
	if begin.Sub(s.Offered) < offerAge {
		child("offer/answer", s.Offered, s.Answered)
	}
	child("queue wait", s.Asked, s.Matched)
	child("link setup", s.Routed, s.Fed)
	child("key frame", s.Fed, s.Opened)
	if s.First > 0 {
		child("first frame", s.Matched, s.Matched.Add(s.First), number("passerby.client.first_ms", s.First), number("passerby.client.next_ms", s.Next))
	}
	return all
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func flag(key string, value bool) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: value}}}
}

func number(key string, d time.Duration) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: d.Milliseconds()}}}
}
