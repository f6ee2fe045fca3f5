package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// What web/test/chaos.mjs tells reaches the ledger: here a text that a page shows twice.
func TestPagesTell(t *testing.T) {
	book := newLedger()
	people := map[string]*person{}
	for _, name := range []string{"page-1", "page-2"} {
		people[name] = &person{name: name, book: book, troubles: map[string]int{}}
	}
	for line := range strings.Lines(`{"who":"page-1","what":"met","match":"m","partner":"page-2"}
{"who":"page-2","what":"met","match":"m","partner":"page-1"}
{"who":"page-1","what":"wrote","match":"m","n":1}
{"who":"page-2","what":"saw","match":"m","from":"page-1","of":"m","n":1}
{"who":"page-2","what":"saw","match":"m","from":"page-1","of":"m","n":1}
{"who":"page-1","what":"acked","match":"m","n":1}
{"who":"page-1","what":"stands","where":"matched"}
{"who":"page-1","what":"over","match":"m","chose":true,"unfinished":false}
{"who":"page-1","what":"finished"}
{"who":"page-2","what":"over","match":"m","chose":false,"unfinished":false}
{"who":"page-2","what":"trouble","code":"unreachable"}
{"who":"page-2","what":"resumed"}
{"who":"page-2","what":"done"}`) {
		var told tale
		if err := json.Unmarshal([]byte(line), &told); err != nil {
			t.Fatal(err)
		}
		people[told.Who].hear(told)
	}
	if got, faults := book.close(); got != (figures{Texts: 2, Doubled: 1}) {
		t.Errorf("%+v %q", got, faults)
	}
	one, two := people["page-1"], people["page-2"]
	if one.talks != 1 || one.where() != "matched" || two.resumed != 1 || two.state != "done" || two.troubles["in a page: unreachable"] != 1 {
		t.Errorf("%+v %+v", one, two)
	}
}
