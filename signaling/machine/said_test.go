package machine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// What an app says of its user counts more than what his client says.
func TestSaidByAnApp(t *testing.T) {
	self := machine.Self{Session: "s", User: "u", Node: "n", Said: machine.Said{Name: "Ann", Tags: "go\nchess", Language: "de", Gender: "f", Seeking: "fm"}}
	s, _ := machine.Step(machine.New(self), machine.Attach{})
	s, effects := machine.Step(s, machine.Request{Message: &protocol.Find{
		Mode: protocol.ModeText, Tags: []string{"chess", "music"}, Language: "en", Gender: "m", Seeking: []protocol.Gender{"x"}, Key: "p256:k",
	}})
	want := machine.Wish{Mode: protocol.ModeText, Tags: []string{"go", "chess", "music"}, Language: "de", Gender: "f", Seeking: []protocol.Gender{"f", "m"}}
	if diff := cmp.Diff(want, s.Wish); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, e := range effects {
		if a, ok := e.(machine.Arrive); ok && a.Ticket.Name == "Ann" {
			return
		}
	}
	t.Errorf("no ticket with the name: %+v", effects)
}
