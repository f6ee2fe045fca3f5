package console

import (
	"net/http"
	"time"

	"passerby/internal/staff"
)

type memberView struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Role     staff.Role `json:"role"`
	Disabled bool       `json:"disabled"`
	Created  time.Time  `json:"created"`
	Complete bool       `json:"complete"`
	Ways     staff.Ways `json:"ways"`
}

func viewMember(m staff.Member) memberView {
	return memberView{m.ID, m.Name, m.Role, m.Disabled, m.Created, m.CanSignIn(), m.Ways()}
}

func (c *console) moderators(r *http.Request, _ staff.Session) (any, error) {
	all, err := c.Door.Members(r.Context())
	return map[string]any{"moderators": viewAll(all, viewMember)}, err
}

// oneTimeView tells a one-time password, once.
type oneTimeView struct {
	ID       string    `json:"id"`
	Password string    `json:"password"`
	Until    time.Time `json:"until"`
}

func (c *console) addModerator(r *http.Request, me staff.Session) (any, error) {
	var q struct {
		Name string
		Role staff.Role
	}
	if err := read(r, &q); err != nil {
		return nil, err
	}
	if !q.Role.Valid() {
		return nil, badRequest("the role must be viewer, moderator or admin")
	}
	m, password, until, err := c.Door.Add(r.Context(), me.Member.ID, q.Name, q.Role)
	return oneTimeView{m.ID, password, until}, err
}

func (c *console) changeModerator(r *http.Request, me staff.Session) (any, error) {
	var q struct {
		Role     staff.Role
		Disabled bool
	}
	if err := read(r, &q); err != nil {
		return nil, err
	}
	if !q.Role.Valid() {
		return nil, badRequest("the role must be viewer, moderator or admin")
	}
	return nil, c.Door.Change(r.Context(), me.Member.ID, r.PathValue("id"), q.Role, q.Disabled)
}

func (c *console) resetModerator(r *http.Request, me staff.Session) (any, error) {
	password, until, err := c.Door.Reset(r.Context(), me.Member.ID, r.PathValue("id"))
	return oneTimeView{r.PathValue("id"), password, until}, err
}
