package staff

import "slices"

// Role is what a member is; each role may do all that the one before it may.
type Role string

// The roles, from the least to the most.
const (
	Viewer    Role = "viewer"    // sees reports, bans, appeals and figures
	Moderator Role = "moderator" // decides
	Admin     Role = "admin"     // also adds members, reads the audit log
)

// Roles lists them, from the least to the most.
func Roles() []Role { return []Role{Viewer, Moderator, Admin} }

// Valid says whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Action is something that only some roles may do.
type Action string

// The actions.
const (
	See     Action = "see"     // reports with their evidence, people's history, bans, appeals, figures
	Decide  Action = "decide"  // claim, decide, undo, lift, answer appeals
	Inspect Action = "inspect" // the audit log
	Govern  Action = "govern"  // members and their roles
)

var least = map[Action]Role{See: Viewer, Decide: Moderator, Inspect: Admin, Govern: Admin}

// May says whether the role allows the action. An unknown role, or an unknown action, is allowed nothing.
func (r Role) May(a Action) bool {
	need, known := least[a]
	return known && r.Valid() && slices.Index(Roles(), r) >= slices.Index(Roles(), need)
}
