// Package report takes what people report: it checks all that is offered as proof, and keeps the report for the moderators.
//
//	signaling → Desk.File → evidence, each thing by itself → store: all of the report, or nothing
//
// A Desk is safe for concurrent use and has nothing to close.
package report

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"passerby/internal/evidence"
	"passerby/internal/store"
	"passerby/signaling/protocol"
)

// Keeper is the part of the store that reports need.
type Keeper interface {
	SaveReport(ctx context.Context, r store.Report) (store.Report, error)
}

// Desk is where reports come in.
type Desk struct {
	Keep Keeper
	Tags evidence.Tags
	// Recording answers what the media server recorded of what a session was shown under a key id; nil: nothing is recorded.
	Recording func(session string, keyID uint64) []byte
	// Weigh answers how much a user's reports count, 1 being the usual; nil: 1.
	Weigh func(ctx context.Context, reporter string) float64
}

// ErrEvidence says that something is offered as proof that is none; the text, which names it, is for the reporter.
var ErrEvidence = errors.New("the report was not taken")

// Filing is what one person says of another.
type Filing struct {
	Reporter, Session string // user and session
	About             Met
	Message           *protocol.Report
}

// Met is who was met in a match.
type Met struct {
	Match         string
	User, Session string
	Mode          protocol.Mode
	Began         int64  // Unix ms
	Initiator     bool   // the reporter, not the one that was met
	KeyID, Commit string // to the keys of what was sent by the one that was met
}

// severities order the moderators' queue: higher comes first.
var severities = map[protocol.ReportReason]int{"minor": 5, "threat": 4, "nudity": 3, "hate": 3, "spam": 1, "other": 1}

// met is what a report says of the match; store.Report.Detail.
type met struct {
	Mode     protocol.Mode `json:"mode"`
	Began    int64         `json:"began"`    // Unix ms
	Reporter string        `json:"reporter"` // session
	Reported string        `json:"reported"` // session
}

// proof is what proves a message; store.Evidence.Detail.
type proof struct {
	KF         string `json:"kf"`
	Commitment string `json:"commitment"`
	Tag        string `json:"tag"`
}

// File checks a report and keeps it, or does neither: an error for a proof that does not hold wraps ErrEvidence. It answers
// the report's number.
func (d Desk) File(ctx context.Context, in Filing) (string, error) {
	m, about := in.Message, in.About
	detail, err := json.Marshal(met{Mode: about.Mode, Began: about.Began, Reporter: in.Session, Reported: about.Session})
	if err != nil {
		return "", fmt.Errorf("encode a report: %w", err)
	}
	out := store.Report{
		At: time.Now(), Match: about.Match, Reporter: in.Reporter, Reported: about.User, Reason: string(m.Reason), Comment: strings.ReplaceAll(m.Note, "\x00", ""),
		Severity: severities[m.Reason], Weight: d.weight(ctx, in.Reporter), Status: store.ReportOpen, Detail: detail,
	}
	for _, e := range m.Evidence {
		if out.Evidence, err = d.text(out.Evidence, about, e); err != nil {
			return "", err
		}
	}
	if m.Picture != "" {
		if out.Evidence, err = d.picture(out.Evidence, m.Picture); err != nil {
			return "", err
		}
	}
	if m.Media != nil {
		if out.Evidence, err = d.media(out.Evidence, in, *m.Media); err != nil {
			return "", err
		}
	}
	saved, err := d.Keep.SaveReport(ctx, out)
	if errors.Is(err, store.ErrExists) { // said twice: by a node that died before it remembered
		return "", nil
	}
	return saved.ID, err
}

func (d Desk) weight(ctx context.Context, reporter string) float64 {
	if d.Weigh == nil {
		return 1
	}
	return d.Weigh(ctx, reporter)
}

// text adds a message of the one who is reported, if he sent it.
func (d Desk) text(to []store.Evidence, about Met, e protocol.Evidence) ([]store.Evidence, error) {
	raw := base64.RawURLEncoding
	key, err1 := raw.DecodeString(e.KF)
	commitment, err2 := raw.DecodeString(e.Commitment)
	tag, err3 := raw.DecodeString(e.Tag)
	claim := evidence.Text{
		Match: about.Match, Sender: about.Session, N: e.N, At: e.At, Text: e.Text, Key: key, Commitment: commitment, Tag: tag,
	}
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, fmt.Errorf("%w: message %d: its proof is not base64url", ErrEvidence, e.N)
	}
	if err := claim.Verify(d.Tags); err != nil {
		return nil, fmt.Errorf("%w: message %d: %w", ErrEvidence, e.N, err)
	}
	// What proves it is kept, so that it can be checked again by who trusts this server's keys and not its database.
	// Without the words: a NUL in them, which the sender could choose, is more than a database takes in JSON.
	detail, err := json.Marshal(proof{KF: e.KF, Commitment: e.Commitment, Tag: e.Tag})
	if err != nil {
		return nil, fmt.Errorf("encode a proof: %w", err)
	}
	return append(to, store.Evidence{
		Kind: "message", From: "reported", At: time.UnixMilli(e.At).UTC(), N: e.N, Proof: store.Proven,
		Type: "text/plain; charset=utf-8", Body: []byte(e.Text), Detail: detail,
	}), nil
}

// picture adds what the reporter's browser showed.
func (d Desk) picture(to []store.Evidence, encoded string) ([]store.Evidence, error) {
	data, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: the picture is not base64url", ErrEvidence)
	}
	clean, err := evidence.Picture(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	return append(to, store.Evidence{Kind: "picture", From: "reporter", At: time.Now(), Proof: store.Unproven, Type: "image/jpeg", Body: clean}), nil
}
