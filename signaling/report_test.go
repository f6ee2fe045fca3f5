package signaling_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// A report whose proofs do not hold, or that cannot be kept, changes nothing; the same without them is taken.
func TestReportIsTakenWholeOrNotAtAll(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	var filed []signaling.Report
	var fails error
	w.file = func(r signaling.Report) (string, error) {
		filed = append(filed, r)
		return "number-1", fails
	}
	report := &protocol.Report{Head: protocol.Re("r"), Match: m.Match, Reason: "hate", Note: "n"}

	fails = fmt.Errorf("%w: message 3: not his", signaling.ErrEvidence)
	ann.send(report)
	if e := ann.refused(protocol.EvidenceInvalid); e.ID != "r" || e.Fatal || !strings.Contains(e.Message, "message 3") {
		t.Errorf("refused with %+v", e)
	}
	fails = errors.New("the database is away")
	ann.send(report)
	if e := ann.refused(protocol.Internal); strings.Contains(e.Message, "database") {
		t.Errorf("refused with %+v", e)
	}
	bob.quiet()
	if n.metric(t, "reports_total", "") != 0 || n.metric(t, "reports_refused_total", "") != 1 || w.queue.has("block user-ann user-bob") {
		t.Error("a report that was not taken was counted, or kept the two apart")
	}

	fails = nil
	ann.send(report)
	expect[*protocol.Ended](ann)
	if r := expect[*protocol.Reported](ann); r.ID != "r" || r.Match != m.Match || r.Report != "number-1" {
		t.Errorf("reported: %+v", r)
	}
	r := filed[len(filed)-1]
	want := signaling.Met{Match: m.Match, User: "user-bob", Session: "s-bob", Mode: m.Mode, At: m.At, Initiator: m.Initiator}
	if r.Reporter != "user-ann" || r.Session != "s-ann" || r.About != want || r.Message.Note != "n" {
		t.Errorf("filed: %+v, want %+v", r, want)
	}
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndLeft {
		t.Errorf("ended: %+v", e)
	}
	ann.send(report) // again: it is known, and not filed twice
	expect[*protocol.Reported](ann)
	if len(filed) != 3 {
		t.Errorf("filed %d times", len(filed))
	}
}
