package client

import (
	"slices"
	"testing"

	"passerby/signaling/protocol"
)

// told are the actions of some effects.
func told(effects []effect) (actions []action) {
	for _, e := range effects {
		actions = append(actions, e.do)
	}
	return actions
}

func TestStories(t *testing.T) {
	type step struct {
		do   func(m *machine) []effect
		want []action
		then state
	}
	wished := func(m *machine) []effect { return m.wished() }
	up := func(m *machine) []effect { return m.up() }
	down := func(m *machine) []effect { return m.down() }
	synced := func(m *machine) []effect { return m.synced() }
	seek := func(m *machine) []effect { return m.seek() }
	rest := func(m *machine) []effect { return m.rest() }
	fresh := func(m *machine) []effect { return m.welcome(false, false) }
	back := func(m *machine) []effect { return m.welcome(true, true) }
	elsewhere := func(m *machine) []effect { return m.welcome(true, false) }
	queued := func(m *machine) []effect { return m.queued(1) }
	met := func(match string) func(m *machine) []effect {
		return func(m *machine) []effect { return m.met(match, 1) }
	}
	ended := func(match string, why protocol.EndReason) func(m *machine) []effect {
		return func(m *machine) []effect { return m.ended(match, why) }
	}
	start := []step{
		{up, []action{hello, offer}, connecting},
		{fresh, nil, idle},
		{wished, []action{find}, waiting},
		{queued, nil, waiting},
		{met("a"), []action{begin}, matched},
	}
	for name, story := range map[string]struct {
		autoNext bool
		steps    []step
	}{
		"the partner leaves":                     {false, []step{{ended("a", protocol.EndLeft), []action{over}, idle}, {seek, []action{next}, waiting}}},
		"the partner leaves, and on":             {true, []step{{ended("a", protocol.EndLeft), []action{over, next}, waiting}, {met("b"), []action{begin}, matched}}},
		"a moderator ends it":                    {true, []step{{ended("a", protocol.EndModerated), []action{over}, idle}}},
		"the server shuts down":                  {false, []step{{ended("a", protocol.EndDrain), []action{over, later}, waiting}}},
		"news of another match":                  {false, []step{{ended("z", protocol.EndLeft), nil, matched}}},
		"next":                                   {false, []step{{seek, []action{over, next}, waiting}, {ended("a", protocol.EndNext), nil, waiting}, {met("b"), []action{begin}, matched}}},
		"another wish":                           {false, []step{{wished, []action{over, find}, waiting}}},
		"leave":                                  {true, []step{{rest, []action{over, leave}, idle}, {met("b"), []action{leave}, idle}}},
		"away and back in the match":             {false, []step{{down, nil, reconnecting}, {up, []action{resume}, reconnecting}, {back, nil, reconnecting}, {met("a"), []action{begin}, matched}, {synced, nil, matched}}},
		"back on another node":                   {false, []step{{down, nil, reconnecting}, {up, []action{resume}, reconnecting}, {elsewhere, []action{offer}, reconnecting}, {met("a"), []action{begin}, matched}, {synced, nil, matched}}},
		"it ended meanwhile":                     {false, []step{{down, nil, reconnecting}, {up, []action{resume}, reconnecting}, {back, nil, reconnecting}, {synced, []action{over}, idle}}},
		"it ended meanwhile, and on":             {true, []step{{down, nil, reconnecting}, {up, []action{resume}, reconnecting}, {back, nil, reconnecting}, {synced, []action{over, find}, waiting}}},
		"a fresh session":                        {false, []step{{down, nil, reconnecting}, {up, []action{resume}, reconnecting}, {fresh, []action{over, offer}, idle}}},
		"next while away":                        {false, []step{{down, nil, reconnecting}, {seek, []action{over}, reconnecting}, {up, []action{resume}, reconnecting}, {back, nil, reconnecting}, {met("a"), []action{next}, waiting}, {synced, nil, waiting}}},
		"a token that is no good":                {false, []step{{func(m *machine) []effect { return m.expired() }, []action{over}, connecting}}},
		"lost twice during the snapshot":         {false, []step{{down, nil, reconnecting}, {up, []action{resume}, reconnecting}, {down, nil, reconnecting}, {up, []action{resume}, reconnecting}}},
		"a refusal while somebody is there":      {false, []step{{func(m *machine) []effect { return m.refused(false, 1) }, nil, matched}}},
		"a refused search is made again":         {false, []step{{seek, []action{over, next}, waiting}, {func(m *machine) []effect { return m.refused(false, 1) }, []action{later}, waiting}, {func(m *machine) []effect { return m.due() }, []action{find}, waiting}}},
		"a wish that is wrong is not made again": {false, []step{{seek, []action{over, next}, waiting}, {func(m *machine) []effect { return m.refused(true, 1) }, nil, idle}, {func(m *machine) []effect { return m.due() }, nil, idle}}},
		"the match that was left is named again": {false, []step{{seek, []action{over, next}, waiting}, {met("a"), nil, waiting}}},
	} {
		m := machine{autoNext: story.autoNext}
		for i, s := range append(slices.Clone(start), story.steps...) {
			if got := told(s.do(&m)); !slices.Equal(got, s.want) || m.state != s.then {
				t.Errorf("%s, step %d: does %v and is %v; wanted %v and %v", name, i-len(start)+1, got, m.state, s.want, s.then)
				break
			}
		}
	}
}
