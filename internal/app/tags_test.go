package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"passerby/signaling/protocol"
)

// What several people name is told to newcomers, in the form in which tags are compared; what one names is not.
func TestPopularTags(t *testing.T) {
	c := local(t)
	c.PopularTags, c.Minors = 2, true
	url, _ := run(t, c)
	for i := range 2 { // what minors name is for nobody to see
		p := enterMinor(t, url, fmt.Sprint("minor ", i))
		p.write(&protocol.Find{Mode: protocol.ModeText, Tags: []string{"homework"}, Key: fmt.Sprint("p256:m", i)})
		if i == 1 {
			p.until("matched", func() bool { return p.match != nil })
		}
	}
	for i, tags := range [][]string{{"Music", "my street"}, {"#music", "Chess"}, {"chess", "0151 2345678"}} {
		p := enter(t, url, fmt.Sprint("person ", i))
		p.write(&protocol.Find{Mode: protocol.ModeText, Tags: tags, Key: fmt.Sprint("p256:", i)})
	}
	p := &person{t: t, name: "newcomer"}
	var a protocol.TagsAnswer
	p.until("two tags", func() bool {
		resp, err := http.Get(url + "/v1/tags")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if kept := resp.Header.Get("Cache-Control"); kept != "public, max-age=60" {
			t.Fatalf("Cache-Control: %q", kept)
		}
		if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return len(a.Tags) > 1
	})
	if want := []string{"chess", "music"}; !slices.Equal(a.Tags, want) {
		t.Errorf("suggested %q, want %q", a.Tags, want)
	}
}
