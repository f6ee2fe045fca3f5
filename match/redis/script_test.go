package redis

import "testing"

func TestConstants(t *testing.T) {
	known := constants{}
	got := known.fill(known.define("local ONE, TWO = 1, 'x' -- why\nlocal THREE = ONE\ncall('ONE', ONE, TWO) -- ONE\nlocal ONE_MORE = {[THREE] = TWO}\n"))
	want := "\n\ncall('ONE', 1, 'x') -- ONE\n"
	if got[:len(want)] != want || known["THREE"] != "1" || known["ONE_MORE"] != "{[1] = 'x'}" {
		t.Errorf("got %q, with %v", got, known)
	}
}

// No name in capitals is left in the script: to Lua it would be nil.
func TestEveryConstantIsKnown(t *testing.T) {
	cfg, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range constantName.FindAllString(source(cfg), -1) {
		if name[0] != '\'' && name[0] != '-' && name != "ARGV" {
			t.Errorf("%s stands for nothing", name)
		}
	}
}
