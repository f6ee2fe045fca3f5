package signaling

import "testing"

func TestSecrets(t *testing.T) {
	var s secrets
	if s.live("") {
		t.Error("nothing is live before the first")
	}
	first := s.rotate("")
	if s.live("") || !s.live(first) || s.live(first+"x") || len(first) < 43 {
		t.Errorf("after the first, %q: %+v", first, s)
	}
	second := s.rotate(first)
	if first == second || !s.live(first) || !s.live(second) {
		t.Errorf("after the second: %+v", s)
	}
	third := s.rotate(first) // the welcome with the second was lost
	if !s.live(first) || s.live(second) || !s.live(third) {
		t.Errorf("after the third: %+v", s)
	}
	fourth := s.rotate(third) // it arrived
	if s.live(first) || !s.live(third) || !s.live(fourth) {
		t.Errorf("after the fourth: %+v", s)
	}
}
