package main

import "testing"

// pair is a match of ann and bob with three texts of ann's, all shown and acknowledged.
func pair(l *ledger) {
	l.met("ann", "m", "bob")
	l.met("bob", "m", "ann")
	for n := uint64(1); n <= 3; n++ {
		l.wrote("ann", "m", n)
		l.saw("bob", "m", text{"ann", "m", n})
		l.acked("ann", "m", n)
	}
}

func end(l *ledger) {
	l.over("ann", "m", true, false)
	l.over("bob", "m", false, false)
}

// TestTheCheckerSees each fault once, and none where none is.
func TestTheCheckerSees(t *testing.T) {
	for _, tt := range []struct {
		name  string
		story func(l *ledger)
		want  figures
	}{
		{"nothing wrong", func(l *ledger) { pair(l); end(l) }, figures{Texts: 3}},
		{"a snapshot says it again", func(l *ledger) { pair(l); l.met("ann", "m", "bob"); end(l) }, figures{Texts: 3}},
		{"a text twice", func(l *ledger) { pair(l); l.saw("bob", "m", text{"ann", "m", 3}); end(l) }, figures{Texts: 4, Doubled: 1}},
		{"a text left out", func(l *ledger) {
			pair(l)
			l.wrote("ann", "m", 5)
			l.saw("bob", "m", text{"ann", "m", 5})
			end(l)
		}, figures{Texts: 4, Lost: 1}},
		{"the last text never came", func(l *ledger) { pair(l); l.wrote("ann", "m", 4); end(l) }, figures{Texts: 3, Lost: 1}},
		{"somebody did not wait for it", func(l *ledger) {
			pair(l)
			l.wrote("ann", "m", 4)
			l.over("bob", "m", true, true)
			l.over("ann", "m", false, false)
		}, figures{Texts: 3}},
		{"but it was acknowledged", func(l *ledger) {
			pair(l)
			l.wrote("ann", "m", 4)
			l.acked("ann", "m", 4)
			l.over("bob", "m", true, true)
			l.over("ann", "m", false, false)
		}, figures{Texts: 3, Lost: 1}},
		{"another's text", func(l *ledger) { pair(l); l.saw("bob", "m", text{"eve", "m", 1}); end(l) }, figures{Texts: 4, Strayed: 1}},
		{"another match's text", func(l *ledger) { pair(l); l.saw("bob", "m", text{"ann", "o", 1}); end(l) }, figures{Texts: 4, Strayed: 1}},
		{"two at once", func(l *ledger) {
			pair(l)
			l.met("bob", "o", "eve")
			l.met("eve", "o", "bob")
			l.over("eve", "o", true, false)
			l.over("ann", "m", true, false)
		}, figures{Texts: 3, InTwo: 1}},
		{"one after the other, the end unsaid", func(l *ledger) {
			pair(l)
			l.over("ann", "m", true, false)
			l.met("bob", "o", "eve")
			l.met("eve", "o", "bob")
			l.over("eve", "o", true, false)
		}, figures{Texts: 3}},
		{"a third", func(l *ledger) { pair(l); l.met("eve", "m", "bob"); end(l) }, figures{Texts: 3, InTwo: 1}},
		{"with oneself", func(l *ledger) { l.met("ann", "m", "ann"); l.over("ann", "m", true, false) }, figures{InTwo: 1}},
		{"back in what was over", func(l *ledger) { pair(l); end(l); l.met("ann", "m", "bob") }, figures{Texts: 3, InTwo: 1}},
		{"nobody ended it", func(l *ledger) {
			pair(l)
			l.over("ann", "m", false, false)
			l.over("bob", "m", false, false)
		}, figures{Texts: 3, Broken: 1}},
		{"stuck", func(l *ledger) { l.stuck("ann", "waiting") }, figures{Stuck: 1}},
		{"the queue", func(l *ledger) { l.audited([]string{"a fault"}) }, figures{InTwo: 1}},
	} {
		l := newLedger()
		tt.story(l)
		got, faults := l.close()
		if got != tt.want || got.bad() != (len(faults) > 0) {
			t.Errorf("%s: got %+v, want %+v %q", tt.name, got, tt.want, faults)
		}
	}
}
