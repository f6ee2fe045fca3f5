package moderation

import "math"

// Reporter is what is known of somebody's reports, all of them but the one that is weighed.
type Reporter struct {
	Upheld    int // a moderator acted on them
	Dismissed int // a moderator found nothing
	Abusive   int // … and that the report itself was an abuse; these count among Dismissed too
	LastHour  int // reports of any outcome within the last hour
}

const (
	// prior is how many reports one begins with, half of them upheld: a newcomer is neither believed nor doubted.
	prior = 2
	// calm is how many reports an hour cost nothing. People meet dozens of strangers an hour, and some of those are bad.
	calm = 6
	// faint is the least weight: a report is never lost, and the worst reporter may be right once.
	faint = 0.02
)

// Weight says how much a report counts when the queue is sorted, from 0.02 to 1; a newcomer's first counts 0.5. It falls with reports that
// were dismissed, and with the rate at which they come, and is never a reason to act: reports alone ban nobody.
//
// The share that was upheld is taken with a prior, as in Laplace's rule of succession; a report found abusive counts as three dismissed.
func Weight(r Reporter) float64 {
	upheld, dismissed, abusive := max(r.Upheld, 0), max(r.Dismissed, 0), max(r.Abusive, 0)
	bad := float64(dismissed) + 2*float64(min(abusive, dismissed))
	trust := (float64(upheld) + prior/2) / (float64(upheld) + bad + prior)
	if over := float64(r.LastHour) / calm; over > 1 {
		trust /= over
	}
	return math.Max(trust, faint)
}
