package habit

import "time"

// Verdict is what the last matches say of somebody.
type Verdict string

// The verdicts.
const (
	Unknown Verdict = ""        // too little is known
	Program Verdict = "program" // behaves like one
	Plain   Verdict = "plain"   // a dozen matches, and no sign of a program that is worth a word
	Person  Verdict = "person"  // a dozen matches like those of people, and time spent in them
)

// lived is how much time in the last matches makes a person's history. Who presses Next all the time is no suspect, and not known either;
// and a program that wants to pass for a person must spend that time with each key.
const lived = 3 * time.Minute

// Verdict says what to make of the last matches.
func (t *Trace) Verdict() Verdict {
	score := t.Score()
	if score >= Suspicious {
		return Program
	}
	if t.n < kept {
		return Unknown
	}
	var spent time.Duration
	for _, c := range t.past {
		spent += c.dwell
	}
	if score < Suspicious/2 && spent >= lived {
		return Person
	}
	return Plain
}

// Suspect says whether somebody is suspected after this verdict, who was or was not before it.
func (v Verdict) Suspect(was bool) bool { return v == Program || v == Unknown && was }
