package staff_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"go.uber.org/goleak"

	"passerby/internal/staff"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPasswords(t *testing.T) {
	ctx := t.Context()
	hash, err := staff.HashPassword(ctx, "correct horse ﬁne") // a ligature: NFKC makes it two letters
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	for _, tt := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "correct horse ﬁne", true}, {hash, "correct horse fine", true}, {hash, "correct horse fine ", false}, {"", "", false}, {"x", "x", false},
		{strings.Replace(hash, "t=2", "t=200000", 1), "correct horse fine", false}, // would cost minutes
		{strings.Replace(hash, "m=19456", "m=99999999", 1), "correct horse fine", false},
		{strings.Replace(hash, "argon2id", "argon2i", 1), "correct horse fine", false},
	} {
		if got, err := staff.CheckPassword(ctx, tt.hash, tt.password); got != tt.want || err != nil {
			t.Errorf("%q with %q: %v, %v", tt.hash, tt.password, got, err)
		}
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	for range 50 { // a turn may be free at once
		if _, err := staff.CheckPassword(over, "", "x"); err != nil {
			break
		}
	}
	for password, want := range map[string]bool{"short": false, "twelve chars": true, "admin.person@x": false, strings.Repeat("x", 201): false, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff": false} {
		if got := staff.GoodPassword("Admin.Person@x", password); got != want {
			t.Errorf("%q: %v, want %v", password, got, want)
		}
	}
}

func TestCodes(t *testing.T) {
	offer, err := staff.NewTOTP("Passerby", "ann")
	if err != nil || !strings.HasPrefix(offer.URL, "otpauth://totp/Passerby:ann?") || !strings.HasPrefix(offer.QR, "data:image/png;base64,") {
		t.Fatalf("%+v, %v", offer, err)
	}
	now := time.Unix(1_800_000_000, 0)
	for shift, want := range map[time.Duration]bool{0: true, -30 * time.Second: true, 30 * time.Second: true, -time.Minute: false, time.Minute: false} {
		code, err := totp.GenerateCode(offer.Secret, now.Add(shift))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := staff.CheckTOTP(offer.Secret, code, now); ok != want {
			t.Errorf("a code of %v: %v, want %v", shift, ok, want)
		}
	}
	for _, code := range []string{"", "12345", "1234567", "abcdef"} {
		if _, ok := staff.CheckTOTP(offer.Secret, code, now); ok {
			t.Errorf("%q is accepted", code)
		}
	}
	if _, ok := staff.CheckTOTP("", "000000", now); ok {
		t.Error("a code without a secret is accepted")
	}
}

func TestSealer(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s, err := staff.NewSealer([]byte("one secret"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	other, err := staff.NewSealer([]byte("another"), nil)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := s.Seal("half", "ann", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := s.Open("half", ticket, &got); err != nil || got != "ann" {
		t.Errorf("%q, %v", got, err)
	}
	flipped := []byte(ticket)
	flipped[len(flipped)/2] ^= 1
	for name, err := range map[string]error{
		"for another step": s.Open("undo", ticket, &got), "under another key": other.Open("half", ticket, &got), "changed": s.Open("half", string(flipped), &got),
		"empty": s.Open("half", "", &got), "huge": s.Open("half", strings.Repeat("A", 1<<20), &got), "another type": s.Open("half", ticket, new(int)),
	} {
		if err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	now = now.Add(time.Minute + time.Millisecond)
	if s.Open("half", ticket, &got) == nil {
		t.Error("opened after its time")
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{" Ann ": "ann", "ann@example.org": "ann@example.org", "a": "", "": "", "ann lee": "", "änn": "", "a/b": "", strings.Repeat("x", 65): ""} {
		if got, err := staff.NormalName(name); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestRoles(t *testing.T) {
	if staff.Role("").May(staff.See) || staff.Role("root").May(staff.See) || staff.Admin.May("everything") || staff.Viewer.May(staff.Decide) || staff.Moderator.May(staff.Govern) {
		t.Error("somebody may too much")
	}
	if !staff.Viewer.May(staff.See) || !staff.Moderator.May(staff.Decide) || !staff.Admin.May(staff.Inspect) {
		t.Error("somebody may too little")
	}
}

func FuzzOpen(f *testing.F) {
	s, err := staff.NewSealer([]byte("secret"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if s.Open("x", text, &v) == nil {
			t.Errorf("%q opens", text)
		}
	})
}

func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA")
	f.Fuzz(func(t *testing.T, hash string) {
		if ok, err := staff.CheckPassword(t.Context(), hash, "never this one"); ok || err != nil {
			t.Errorf("%q: %v, %v", hash, ok, err)
		}
	})
}
