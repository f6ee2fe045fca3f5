package api_test

import (
	"strings"
	"testing"

	"passerby/internal/api"
)

func TestKeys(t *testing.T) {
	text, k, err := api.MakeKey("shop", []string{"sessions", "figures"})
	if err != nil || !strings.HasPrefix(text, "shop_") || len(text) != len("shop_")+64 {
		t.Fatal(text, err)
	}
	again, err := api.ParseKey(k.String())
	if err != nil || again.Hash != k.Hash || again.Name != "shop" || len(again.Scopes) != 2 || strings.Contains(k.String(), text[5:]) {
		t.Errorf("%s: %+v, %v", k, again, err)
	}
	hash := strings.Repeat("0", 64)
	for _, wrong := range []string{"", "shop", "shop:sessions", "Shop:sessions:" + hash, "shop:all:" + hash, "shop::" + hash, "shop:sessions:" + hash[1:], "shop:sessions:" + hash + ":", ":sessions:" + hash} {
		if _, err := api.ParseKey(wrong); err == nil {
			t.Errorf("%q is a key", wrong)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("shop:sessions+figures:" + strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, s string) {
		if k, err := api.ParseKey(s); err == nil && !strings.EqualFold(k.String(), s) {
			t.Errorf("%q is read as %s", s, k)
		}
	})
}
