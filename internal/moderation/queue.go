package moderation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"passerby/internal/store"
)

// queueReports is how many open reports the queue looks at; more wait until these are decided.
const queueReports = 500

// Case is all open reports of one person.
type Case struct {
	Person    string    `json:"person"`
	Reports   int       `json:"reports"`
	Reporters int       `json:"reporters"` // different ones
	Reasons   []string  `json:"reasons"`   // the most severe first
	Severity  int       `json:"severity"`  // of the most severe
	Weight    float64   `json:"weight"`    // how far the reporters are believed, in all
	Oldest    time.Time `json:"oldest"`
	Newest    time.Time `json:"newest"`
	ClaimedBy string    `json:"claimed_by,omitempty"` // moderator's id
}

// Queue lists the cases: the most severe first, then by weight and age, where each day of waiting counts as much as one believed reporter, so
// that nothing waits for ever. more says that there are reports which it has not looked at.
func (d *Desk) Queue(ctx context.Context) (cases []Case, more bool, err error) {
	open, err := d.Store.Reports(ctx, store.ReportFilter{Status: store.ReportOpen}, store.Page{Limit: queueReports})
	if err != nil {
		return nil, false, fmt.Errorf("moderation: queue: %w", err)
	}
	claims, err := d.Store.Claims(ctx, d.now())
	if err != nil {
		return nil, false, fmt.Errorf("moderation: queue: %w", err)
	}
	held := map[string]string{}
	for _, c := range claims {
		held[c.What] = c.By
	}
	cases = group(open)
	for i := range cases {
		cases[i].ClaimedBy = held[claimOf(cases[i].Person)]
	}
	order(cases, d.now())
	return cases, len(open) == queueReports, nil
}

func claimOf(person string) string { return "person:" + person }

// group makes one case of all reports of a person. A reporter counts once, by the report of his that is believed most.
func group(reports []store.Report) []Case {
	byPerson := map[string]*Case{}
	believed := map[[2]string]float64{}
	reasons := map[string]map[string]int{}
	for _, r := range reports {
		c := byPerson[r.Reported]
		if c == nil {
			c = &Case{Person: r.Reported, Oldest: r.At, Newest: r.At}
			byPerson[r.Reported], reasons[r.Reported] = c, map[string]int{}
		}
		c.Reports++
		c.Severity = max(c.Severity, r.Severity)
		if r.At.Before(c.Oldest) {
			c.Oldest = r.At
		}
		if r.At.After(c.Newest) {
			c.Newest = r.At
		}
		reasons[r.Reported][r.Reason] = max(reasons[r.Reported][r.Reason], r.Severity)
		by := [2]string{r.Reported, r.Reporter}
		if _, known := believed[by]; !known {
			c.Reporters++
		}
		believed[by] = max(believed[by], r.Weight)
	}
	for by, weight := range believed {
		byPerson[by[0]].Weight += weight
	}
	cases := make([]Case, 0, len(byPerson))
	for person, c := range byPerson {
		for reason := range reasons[person] {
			c.Reasons = append(c.Reasons, reason)
		}
		slices.SortFunc(c.Reasons, func(a, b string) int {
			return cmp.Or(reasons[person][b]-reasons[person][a], cmp.Compare(a, b))
		})
		cases = append(cases, *c)
	}
	return cases
}

func order(cases []Case, now time.Time) {
	urgency := func(c Case) float64 { return c.Weight + now.Sub(c.Oldest).Hours()/24 }
	slices.SortFunc(cases, func(a, b Case) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(urgency(b), urgency(a)), cmp.Compare(a.Person, b.Person))
	})
}
