package turn

import (
	"testing"

	"github.com/pion/stun/v4"
)

// On one port for all, who goes on to another partner is left by the former, and nobody keeps one who has ended.
func TestPartnersPart(t *testing.T) {
	s := newShared(Config{SinglePort: 1})
	check := func(from *allocation, name string) {
		s.learn(from, stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername(name)).Raw)
	}
	var a, b, c allocation
	check(&a, "b:a")
	check(&b, "a:b")
	if a.partner.Load() != &b || b.partner.Load() != &a {
		t.Fatal("they did not meet")
	}
	check(&a, "c:again")
	check(&c, "again:c")
	if a.partner.Load() != &c || c.partner.Load() != &a {
		t.Fatal("they did not meet again")
	}
	if b.partner.Load() != nil {
		t.Error("who was left still sends to who left")
	}
	s.drop(&a)
	for name, x := range map[string]*allocation{"first": &b, "second": &c, "own": &a} {
		if x.partner.Load() != nil {
			t.Errorf("the %s partner of who ended is kept", name)
		}
	}
}
