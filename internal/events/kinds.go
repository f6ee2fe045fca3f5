package events

import (
	"time"
)

// The kinds of events. The part before the dot is the family.
const (
	MatchStarted  = "match.started"
	MatchEnded    = "match.ended"
	ReportMade    = "report.made"
	ReportDecided = "report.decided"
	BanMade       = "ban.made"
	BanLifted     = "ban.lifted"
	AppealMade    = "appeal.made"
	AppealDecided = "appeal.decided"
)

// Families are the first parts of the kinds.
var Families = []string{"match", "report", "ban", "appeal"}

// Data is what each kind says: a value of the type that its data has.
var Data = map[string]any{
	MatchStarted: MatchStart{}, MatchEnded: MatchEnd{}, ReportMade: Report{}, ReportDecided: ReportDecision{},
	BanMade: Ban{}, BanLifted: BanLift{}, AppealMade: Appeal{}, AppealDecided: AppealDecision{},
}

// Envelope is an event as it is sent.
type Envelope struct {
	// ID is the same on every try: an event may come more than once.
	ID string `json:"id"`
	// Type is the kind of the event, and says what Data holds.
	Type string `json:"type"`
	// Timestamp is when it happened.
	Timestamp time.Time `json:"timestamp"`
	// Data differs by Type.
	Data any `json:"data"`
}

// MatchStart says that two people began to talk.
type MatchStart struct {
	// Match names the conversation.
	Match string `json:"match"`
	// Mode is video or text.
	Mode string `json:"mode"`
	// Users are the pseudonyms of the two, the initiator first; empty for one who has had himself deleted.
	Users [2]string `json:"users"`
	// Started is when they were brought together.
	Started time.Time `json:"started"`
}

// MatchEnd says that two people do not talk any more.
type MatchEnd struct {
	// Match names the conversation.
	Match string `json:"match"`
	// Mode is video or text.
	Mode string `json:"mode"`
	// Users are the pseudonyms of the two, the initiator first; empty for one who has had himself deleted.
	Users [2]string `json:"users"`
	// Started is when they were brought together.
	Started time.Time `json:"started"`
	// Ended is when the first of them left.
	Ended time.Time `json:"ended"`
	// Seconds is how long it was.
	Seconds float64 `json:"seconds"`
	// Reason is why it ended: next, left, lost, blocked, moderated or drain.
	Reason string `json:"reason"`
}

// Report says that somebody reported the person whom he met.
type Report struct {
	// Report is its number.
	Report string `json:"report"`
	// Match is where it happened.
	Match string `json:"match"`
	// Reported is the pseudonym of whom it is about.
	Reported string `json:"reported"`
	// Reason is minor, nudity, threat, hate, spam or other.
	Reason string `json:"reason"`
	// Severity is higher for what should be looked at first.
	Severity int `json:"severity"`
	// Weight is how much the reporter's word counts, from 0 to 1, by what became of his reports before.
	Weight float64 `json:"weight"`
	// Evidence is how many pieces of evidence it hands over.
	Evidence int `json:"evidence"`
	// At is when it was made.
	At time.Time `json:"at"`
}

// ReportDecision says what a moderator made of a report.
type ReportDecision struct {
	// Report is its number.
	Report string `json:"report"`
	// Status is acted or dismissed.
	Status string `json:"status"`
	// Decision is what was done, such as warn or ban.
	Decision string `json:"decision"`
	// At is when it was decided.
	At time.Time `json:"at"`
}

// Ban says that somebody is kept out.
type Ban struct {
	// Ban is its number.
	Ban string `json:"ban"`
	// User is the pseudonym of the person; empty when only a network is banned.
	User string `json:"user"`
	// Network says whether a network is banned.
	Network bool `json:"network"`
	// Reason is minor, nudity, threat, hate, spam or other.
	Reason string `json:"reason"`
	// Report is that which it follows from; empty for none.
	Report string `json:"report"`
	// By is the id of the moderator, "cli", or "api:" and the id of an API key.
	By string `json:"by"`
	// At is when it was made.
	At time.Time `json:"at"`
	// Until is when it ends; absent: never.
	Until *time.Time `json:"until,omitempty"`
}

// BanLift says that a ban was ended early.
type BanLift struct {
	// Ban is its number.
	Ban string `json:"ban"`
	// At is when it was ended.
	At time.Time `json:"at"`
}

// Appeal says that somebody asks for the end of a ban.
type Appeal struct {
	// Appeal is its number.
	Appeal string `json:"appeal"`
	// Ban is that which it is about.
	Ban string `json:"ban"`
	// User is the pseudonym of who appeals; empty when he came without a device key.
	User string `json:"user"`
	// At is when it was made.
	At time.Time `json:"at"`
}

// AppealDecision says what a moderator made of an appeal.
type AppealDecision struct {
	// Appeal is its number.
	Appeal string `json:"appeal"`
	// Ban is that which it is about.
	Ban string `json:"ban"`
	// Status is accepted or refused.
	Status string `json:"status"`
	// At is when it was decided.
	At time.Time `json:"at"`
}
