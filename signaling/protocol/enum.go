package protocol

import "slices"

// Mode says what a match is made of.
type Mode string

// The modes.
const (
	ModeVideo Mode = "video" // picture, sound and text
	ModeText  Mode = "text"  // text alone
)

// Enum lists the values of a Mode.
func (Mode) Enum() []string { return []string{"video", "text"} }

// Gender is how a user describes himself in a wish.
type Gender string

// Enum lists the values of a Gender.
func (Gender) Enum() []string { return []string{"f", "m", "x"} }

// EndReason says why a match is over.
type EndReason string

// The reasons.
const (
	EndNext      EndReason = "next"      // the other side looked for somebody else
	EndLeft      EndReason = "left"      // the other side left
	EndLost      EndReason = "lost"      // the other side did not come back in time
	EndBlocked   EndReason = "blocked"   // one side blocked the other
	EndModerated EndReason = "moderated" // a moderator ended it
	EndDrain     EndReason = "drain"     // the server is shutting down
)

// Enum lists the values of an EndReason.
func (EndReason) Enum() []string {
	return []string{"next", "left", "lost", "blocked", "moderated", "drain"}
}

// PartnerState says whether the partner has a connection.
type PartnerState string

// The states of a partner.
const (
	PartnerOnline       PartnerState = "online"
	PartnerReconnecting PartnerState = "reconnecting"
)

// Enum lists the values of a PartnerState.
func (PartnerState) Enum() []string { return []string{"online", "reconnecting"} }

// ReportReason is what a report is about.
type ReportReason string

// Enum lists the values of a ReportReason.
func (ReportReason) Enum() []string {
	return []string{"minor", "nudity", "threat", "hate", "spam", "other"}
}

// RefusalReason says why a text was not delivered.
type RefusalReason string

// The reasons.
const (
	RefusedFilter    RefusalReason = "filter"    // the operator's filter does not let it through
	RefusedUnchecked RefusalReason = "unchecked" // the filter did not answer, and nothing passes unchecked
	RefusedForm      RefusalReason = "form"      // encrypted where the server reads texts, or in clear where it does not
)

// Enum lists the values of a RefusalReason.
func (RefusalReason) Enum() []string { return []string{"filter", "unchecked", "form"} }

// Enum is a string type with a closed list of values.
type Enum interface{ Enum() []string }

func known[T interface {
	~string
	Enum
}](v T) bool {
	return slices.Contains(v.Enum(), string(v))
}
