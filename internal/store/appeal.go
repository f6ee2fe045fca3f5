package store

import (
	"context"
	"time"
)

// AppealStatus is where an appeal stands.
type AppealStatus string

// The statuses of an appeal.
const (
	AppealOpen     AppealStatus = "open"
	AppealAccepted AppealStatus = "accepted"
	AppealRefused  AppealStatus = "refused"
)

// AppealsPerBan is how many appeals one person may make against one ban.
const AppealsPerBan = 3

// Appeal is what a banned person says.
type Appeal struct {
	ID     string // made by SaveAppeal when empty
	Ban    string
	User   string // the device that he appealed with; need not be the one that is banned
	At     time.Time
	Text   string // hostile until shown otherwise
	Status AppealStatus

	// Of the decision.
	Decided   time.Time
	DecidedBy string
	Answer    string // the moderator's words for the person
}

// AppealDecision is what a moderator makes of an appeal.
type AppealDecision struct {
	Accept bool
	// Lift, with Accept, ends the ban for everybody. Without it a ban of a network goes on, and only this person is let in. A ban
	// that does not name a network is lifted either way.
	Lift   bool
	By     string // moderator's id; should not be whoever made the ban
	Answer string
	At     time.Time
}

// AppealFilter picks appeals; every field that is set must fit.
type AppealFilter struct {
	Status AppealStatus
	Ban    string
	User   string
}

// Appeals are what banned people say.
type Appeals interface {
	// SaveAppeal keeps an appeal: ErrExists while this person has an open one against the ban, ErrFull after AppealsPerBan.
	SaveAppeal(ctx context.Context, a Appeal) (Appeal, error)
	Appeal(ctx context.Context, id string) (Appeal, error)
	// Appeals lists: the oldest first when Status is AppealOpen, else the newest first.
	Appeals(ctx context.Context, filter AppealFilter, page Page) ([]Appeal, error)
	// DecideAppeal decides an open appeal and, when it is accepted, lifts the ban or exempts the person from it, in one
	// transaction: ErrDecided when it is not open any more.
	DecideAppeal(ctx context.Context, id string, d AppealDecision) (Appeal, error)
}
