// Package trace tells an OpenTelemetry collector how matches came about: one trace for each match that is sampled, from
// the wish to the first picture, with the spans of both sides, whichever node they live on.
//
//	match                        asked ────────────────────────────▶ shown   (by the initiator's node)
//	└ side                       asked ────────────────────────────▶ shown   (by each side's node)
//	  ├ offer/answer             offered ─▶ answered                         (of a new connection)
//	  ├ queue wait               asked ─▶ matched
//	  ├ link setup                        routed ─▶ fed                      (the first packet of the partner)
//	  ├ key frame                                  fed ─▶ opened
//	  └ first frame                       matched ───────────────▶ shown     (as the client measured)
//
// The ids of a trace and of its first span are digests of the match's id, which both nodes know from the queue. So the
// nodes agree on the trace, and on whether it is sampled, and no message between them carries more than before. Spans are
// made when all is over, from one value; nothing is kept while people wait.
//
// They go out by OTLP over HTTP. A collector that is away costs memory for 4,096 spans and no time. A Sender is safe for
// concurrent use; it ends with the context of Run.
package trace
