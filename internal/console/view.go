package console

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"passerby/internal/moderation"
	"passerby/internal/store"
)

// What the page is shown, in the names that web/console/src/api.ts knows. Zero times are left out.

func viewAll[T, V any](all []T, view func(T) V) []V {
	out := make([]V, 0, len(all))
	for _, t := range all {
		out = append(out, view(t))
	}
	return out
}

type reportView struct {
	ID        string             `json:"id"`
	At        time.Time          `json:"at"`
	Match     string             `json:"match"`
	Reporter  string             `json:"reporter"`
	Reported  string             `json:"reported"`
	Reason    string             `json:"reason"`
	Comment   string             `json:"comment,omitempty"`
	Severity  int                `json:"severity"`
	Weight    float64            `json:"weight"`
	Status    store.ReportStatus `json:"status"`
	Detail    json.RawMessage    `json:"detail"`
	Decided   time.Time          `json:"decided,omitzero"`
	DecidedBy string             `json:"decided_by,omitempty"`
	Decision  string             `json:"decision,omitempty"`
	Note      string             `json:"note,omitempty"`
	Evidence  []evidenceView     `json:"evidence"`
}

type evidenceView struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"`
	From   string          `json:"from"`
	At     time.Time       `json:"at,omitzero"`
	N      uint64          `json:"n,omitempty"`
	Proof  store.Proof     `json:"proof"`
	Type   string          `json:"type"`
	Text   *string         `json:"text,omitempty"` // of evidence that is text
	Bytes  int             `json:"bytes"`
	Detail json.RawMessage `json:"detail"`
}

func viewReport(r store.Report) reportView {
	return reportView{
		r.ID, r.At, r.Match, r.Reporter, r.Reported, r.Reason, r.Comment, r.Severity, r.Weight, r.Status, raw(r.Detail),
		r.Decided, r.DecidedBy, r.Decision, r.Note, viewAll(r.Evidence, viewEvidence),
	}
}

func viewEvidence(e store.Evidence) evidenceView {
	v := evidenceView{e.ID, e.Kind, e.From, e.At, e.N, e.Proof, e.Type, nil, len(e.Body), nil}
	if e.Kind == "picture" { // a recording's detail holds its keys
		v.Detail = raw(e.Detail)
	}
	if strings.HasPrefix(e.Type, "text/plain") && utf8.Valid(e.Body) {
		text := string(e.Body)
		v.Text = &text
	}
	return v
}

type banView struct {
	ID      string    `json:"id"`
	User    string    `json:"user,omitempty"`
	Network bool      `json:"network"`
	CIDR    string    `json:"cidr,omitempty"`
	Reason  string    `json:"reason"`
	Message string    `json:"message,omitempty"`
	Report  string    `json:"report,omitempty"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until,omitzero"`
	Lifted  time.Time `json:"lifted,omitzero"`
	Exempt  int       `json:"exempt"`
}

func viewBan(b store.Ban) banView {
	return banView{b.ID, b.User, b.Network != "" || b.CIDR != "", b.CIDR, b.Reason, b.Message, b.Report, b.By, b.At, b.Until, b.Lifted, len(b.Exempt)}
}

type appealView struct {
	ID        string             `json:"id"`
	BanID     string             `json:"ban_id"`
	Ban       *banView           `json:"ban,omitempty"`
	User      string             `json:"user"`
	At        time.Time          `json:"at"`
	Text      string             `json:"text"`
	Status    store.AppealStatus `json:"status"`
	Decided   time.Time          `json:"decided,omitzero"`
	DecidedBy string             `json:"decided_by,omitempty"`
	Answer    string             `json:"answer,omitempty"`
}

func viewAppeal(a store.Appeal) appealView {
	return appealView{a.ID, a.Ban, nil, a.User, a.At, a.Text, a.Status, a.Decided, a.DecidedBy, a.Answer}
}

type chatView struct {
	ID      string    `json:"id"`
	Mode    string    `json:"mode"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Reason  string    `json:"reason,omitempty"`
	Tags    []string  `json:"tags"`
}

func viewChat(c store.Chat) chatView {
	return chatView{c.ID, c.Mode, c.Started, c.Ended, c.Reason, append([]string{}, c.Tags...)}
}

type claimView struct {
	By    string    `json:"by"`
	Until time.Time `json:"until"`
}

func viewClaim(c *store.Claim) *claimView {
	if c == nil {
		return nil
	}
	return &claimView{c.By, c.Until}
}

type personView struct {
	ID      string       `json:"id"`
	First   time.Time    `json:"first,omitzero"`
	Last    time.Time    `json:"last,omitzero"`
	Network bool         `json:"network"` // known, so that it can be banned
	Pool    string       `json:"pool,omitempty"`
	Counts  countsView   `json:"counts"`
	Open    []reportView `json:"open"`
	Decided []reportView `json:"decided"`
	Bans    []banView    `json:"bans"`
	Appeals []appealView `json:"appeals"`
	Chats   []chatView   `json:"chats"`
	Claim   *claimView   `json:"claim,omitempty"`
}

type countsView struct {
	Received  int `json:"received"`
	Acted     int `json:"acted"`
	Dismissed int `json:"dismissed"`
	Reporters int `json:"reporters"`
	Made      int `json:"made"`
	MadeActed int `json:"made_acted"`
}

func viewPerson(p moderation.Person) personView {
	v := personView{
		ID: p.ID, Open: viewAll(p.Open, viewReport), Decided: viewAll(p.Decided, viewReport), Bans: viewAll(p.Bans, viewBan),
		Appeals: viewAll(p.Appeals, viewAppeal), Chats: viewAll(p.Chats, viewChat), Claim: viewClaim(p.Claim),
		Counts: countsView{p.Counts.Received, p.Counts.ReceivedActed, p.Counts.ReceivedDismissed, p.Counts.Reporters, p.Counts.Made, p.Counts.MadeActed},
	}
	if p.User != nil {
		v.First, v.Last, v.Network, v.Pool = p.User.First, p.User.Last, p.User.Narrow != "", p.User.Pool
	}
	return v
}

type entryView struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Action string          `json:"action"`
	Target string          `json:"target"`
	Detail json.RawMessage `json:"detail"`
	Hash   string          `json:"hash"`
}

func viewEntry(e store.AuditEntry) entryView {
	return entryView{e.Seq, e.At, e.Actor, e.Action, e.Target, raw(e.Detail), base64.RawURLEncoding.EncodeToString(e.Hash)}
}
