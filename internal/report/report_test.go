package report_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"passerby/internal/auth"
	"passerby/internal/evidence"
	"passerby/internal/report"
	"passerby/internal/store"
	"passerby/signaling/protocol"
)

// drawer keeps the last report.
type drawer struct {
	report store.Report
	err    error
}

func (d *drawer) SaveReport(_ context.Context, r store.Report) (store.Report, error) {
	if d.err == nil {
		d.report = r
	}
	r.ID = "report-1"
	return r, d.err
}

const at = int64(1_800_000_000_000)

var about = report.Met{Match: "m1", User: "bob", Session: "s-bob", Mode: protocol.ModeVideo, Began: at}

var b64 = base64.RawURLEncoding.EncodeToString

func keys(t testing.TB) auth.Keys {
	t.Helper()
	k, err := auth.LoadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// said is what the partner's message brings along.
func said(k auth.Keys, n uint64, words string) protocol.Evidence {
	kf := bytes.Repeat([]byte{byte(n)}, 32)
	c := evidence.Commit(kf, words)
	return protocol.Evidence{N: n, Text: words, KF: b64(kf), Commitment: b64(c), Tag: b64(k.Frank("m1", "s-bob", n, at+int64(n), c)), At: at + int64(n)}
}

func file(d report.Desk, m *protocol.Report) (string, error) {
	return d.File(context.Background(), report.Filing{Reporter: "ann", Session: "s-ann", About: about, Message: m})
}

func TestReportIsKeptWithItsProofs(t *testing.T) {
	k, kept := keys(t), &drawer{}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	desk := report.Desk{Keep: kept, Tags: k, Weigh: func(_ context.Context, reporter string) float64 { return float64(len(reporter)) }}
	number, err := file(desk, &protocol.Report{
		Match: "m1", Reason: "threat", Note: "he\x00 meant it", Evidence: []protocol.Evidence{said(k, 2, "I will\x00 find you"), said(k, 5, "soon")}, Picture: b64(picture.Bytes()),
	})
	if err != nil || number != "report-1" {
		t.Fatalf("%q, %v", number, err)
	}
	r := kept.report
	if r.Match != "m1" || r.Reporter != "ann" || r.Reported != "bob" || r.Reason != "threat" || r.Comment != "he meant it" || r.Weight != 3 || r.Status != store.ReportOpen || r.Severity < 4 {
		t.Errorf("%+v", r)
	}
	if got := string(r.Detail); got != `{"mode":"video","began":1800000000000,"reporter":"s-ann","reported":"s-bob"}` {
		t.Error(got)
	}
	if len(r.Evidence) != 3 {
		t.Fatalf("%+v", r.Evidence)
	}
	if e := r.Evidence[0]; e.Kind != "message" || e.From != "reported" || e.N != 2 || e.At.UnixMilli() != at+2 || e.Proof != store.Proven || string(e.Body) != "I will\x00 find you" || strings.Contains(string(e.Detail), "find") {
		t.Errorf("%+v", e)
	}
	if e := r.Evidence[2]; e.Kind != "picture" || e.From != "reporter" || e.Proof != store.Unproven || e.Type != "image/jpeg" || len(e.Body) == 0 {
		t.Errorf("%+v", e)
	}
}

func TestOneForgeryAndNothingIsKept(t *testing.T) {
	k := keys(t)
	changed := said(k, 5, "soon")
	changed.Text = "tonight"
	unread := said(k, 5, "soon")
	unread.Tag = "!"
	for name, m := range map[string]*protocol.Report{
		"message 5: its words":        {Match: "m1", Reason: "threat", Evidence: []protocol.Evidence{said(k, 2, "hi"), changed}},
		"message 5: its proof is not": {Match: "m1", Reason: "threat", Evidence: []protocol.Evidence{unread}},
		"the picture is not a JPEG":   {Match: "m1", Reason: "threat", Picture: b64([]byte("GIF89a"))},
		"the picture is not base64":   {Match: "m1", Reason: "threat", Picture: "!"},
	} {
		kept := &drawer{}
		if _, err := file(report.Desk{Keep: kept, Tags: k}, m); !errors.Is(err, report.ErrEvidence) || !strings.Contains(err.Error(), name) || kept.report.Match != "" {
			t.Errorf("%v, want %s; kept %+v", err, name, kept.report)
		}
	}
	// A message of another match that the same two had, and one of the reporter's own.
	for _, met := range []report.Met{{Match: "m2", User: "bob", Session: "s-bob"}, {Match: "m1", User: "cid", Session: "s-cid"}} {
		_, err := report.Desk{Keep: &drawer{}, Tags: k}.File(context.Background(), report.Filing{
			Reporter: "ann", About: met, Message: &protocol.Report{Match: met.Match, Reason: "hate", Evidence: []protocol.Evidence{said(k, 2, "hi")}},
		})
		if !errors.Is(err, report.ErrEvidence) {
			t.Errorf("%+v: %v", met, err)
		}
	}
}

func TestStoreIsAway(t *testing.T) {
	away := errors.New("no database")
	if _, err := file(report.Desk{Keep: &drawer{err: away}, Tags: keys(t)}, &protocol.Report{Match: "m1", Reason: "spam"}); !errors.Is(err, away) || errors.Is(err, report.ErrEvidence) {
		t.Error(err)
	}
	if _, err := file(report.Desk{Keep: &drawer{err: store.ErrExists}, Tags: keys(t)}, &protocol.Report{Match: "m1", Reason: "spam"}); err != nil {
		t.Errorf("a report that is kept already: %v", err)
	}
}
