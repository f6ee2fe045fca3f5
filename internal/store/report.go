package store

import (
	"context"
	"encoding/json"
	"time"
)

// ReportStatus is where a report stands.
type ReportStatus string

// The statuses of a report.
const (
	ReportOpen      ReportStatus = "open"
	ReportActed     ReportStatus = "acted"     // a moderator did something about it
	ReportDismissed ReportStatus = "dismissed" // a moderator saw nothing wrong
)

// Report is what one person says of another whom he met.
type Report struct {
	ID       string // made by SaveReport when empty
	At       time.Time
	Match    string
	Reporter string // user; empty once he had himself deleted
	Reported string // user
	Reason   string // in the protocol's words
	Comment  string // the reporter's own words: a claim
	Severity int    // higher comes first in the moderators' queue
	Weight   float64
	Status   ReportStatus
	Hold     time.Time // not purged before; for evidence that the law wants kept
	Detail   json.RawMessage

	// Of the decision.
	Decided   time.Time
	DecidedBy string // moderator's id
	Decision  string // the console's words: warn, ban …
	Note      string // the moderator's own words, for colleagues

	Evidence []Evidence // filled by SaveReport's caller and by Report, not in lists
}

// Proof says how much a piece of evidence proves.
type Proof string

// The grades of proof.
const (
	Proven   Proof = "proven"   // the server itself has verified it
	Unproven Proof = "unproven" // the reporter's word
)

// Evidence is one thing that a report hands over. Body may be anything that a hostile person sends: treat it so.
type Evidence struct {
	ID    string // made by SaveReport when empty
	Kind  string // "message", "picture", "media" …
	From  string // "reported" or "reporter": who sent it in the chat
	At    time.Time
	N     uint64 // of a message, in its sender's count
	Proof Proof
	Type  string // media type of Body
	Body  []byte
	// Detail is what else belongs to it, as JSON.
	Detail json.RawMessage
}

// ReportFilter picks reports; every field that is set must fit.
type ReportFilter struct {
	Status   ReportStatus
	Reported string
	Reporter string
	Match    string
}

// Decision is what a moderator makes of a report.
type Decision struct {
	Status   ReportStatus
	By       string // moderator's id
	Decision string
	Note     string
	At       time.Time
}

// ReportCounts says how somebody has reported, and been reported.
type ReportCounts struct {
	Made, MadeActed, MadeDismissed             int
	Received, ReceivedActed, ReceivedDismissed int
	Reporters                                  int // different people who reported this one
}

// Reports are reports with their evidence.
type Reports interface {
	// SaveReport keeps a report with its evidence, all or nothing, and answers it with its ids. The same reporter's
	// second report of the same match is ErrExists.
	SaveReport(ctx context.Context, r Report) (Report, error)
	// Report answers one with its evidence.
	Report(ctx context.Context, id string) (Report, error)
	// Reports lists, without evidence: open ones by severity and then the oldest first when Status is ReportOpen,
	// else the newest first.
	Reports(ctx context.Context, filter ReportFilter, page Page) ([]Report, error)
	// DecideReport decides an open report: ErrDecided when it is not open any more.
	DecideReport(ctx context.Context, id string, d Decision) error
	// HoldReport keeps it from being purged before a time; a zero time releases it.
	HoldReport(ctx context.Context, id string, until time.Time) error
	CountReports(ctx context.Context, user string) (ReportCounts, error)
}
