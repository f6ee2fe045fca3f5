package evidence_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"passerby/internal/auth"
	"passerby/internal/evidence"
)

const (
	match  = "pTUaV9GZ"
	sender = "session-of-bob"
	at     = int64(1_800_000_000_000)
)

func keys(t testing.TB) auth.Keys {
	t.Helper()
	k, err := auth.LoadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sent is what Ann holds of a message that Bob sent through the server.
func sent(k auth.Keys, n uint64, words string) evidence.Text {
	kf := []byte(strings.Repeat("k", evidence.KeySize))
	c := evidence.Commit(kf, words)
	return evidence.Text{
		Match: match, Sender: sender, N: n, At: at, Text: words, Key: kf, Commitment: c, Tag: k.Frank(match, sender, n, at, c),
	}
}

func TestATextIsProven(t *testing.T) {
	k := keys(t)
	for _, words := range []string{"I will find you", "", "zażółć 🦊 \u202e", strings.Repeat("x", 6000)} {
		if err := sent(k, 3, words).Verify(k); err != nil {
			t.Errorf("%.20q: %v", words, err)
		}
	}
}

// Whatever a dishonest reporter makes of what he holds is refused, and for the right reason.
func TestForgeries(t *testing.T) {
	k := keys(t)
	for name, c := range map[string]struct {
		forge func(*evidence.Text)
		want  error
	}{
		"changed words":      {func(t *evidence.Text) { t.Text = "I will not find you" }, evidence.ErrOpening},
		"another key":        {func(t *evidence.Text) { t.Key = []byte(strings.Repeat("q", 32)) }, evidence.ErrOpening},
		"a short key":        {func(t *evidence.Text) { t.Key = t.Key[:16]; t.Commitment = evidence.Commit(t.Key, t.Text) }, evidence.ErrOpening},
		"no key":             {func(t *evidence.Text) { t.Key = nil; t.Commitment = evidence.Commit(nil, t.Text) }, evidence.ErrOpening},
		"another match":      {func(t *evidence.Text) { t.Match = "another" }, evidence.ErrTag},
		"another sender":     {func(t *evidence.Text) { t.Sender = "session-of-cid" }, evidence.ErrTag},
		"another place":      {func(t *evidence.Text) { t.N = 4 }, evidence.ErrTag},
		"another time":       {func(t *evidence.Text) { t.At++ }, evidence.ErrTag},
		"no tag":             {func(t *evidence.Text) { t.Tag = nil }, evidence.ErrTag},
		"a cut tag":          {func(t *evidence.Text) { t.Tag = t.Tag[:16] }, evidence.ErrTag},
		"another server":     {func(t *evidence.Text) { t.Tag = keys2.Frank(t.Match, t.Sender, t.N, t.At, t.Commitment) }, evidence.ErrTag},
		"own words, own tag": {func(t *evidence.Text) { *t = own(k); t.Sender = sender }, evidence.ErrTag},
		"own words, his tag": {func(t *evidence.Text) { mine := own(k); mine.Tag, mine.Sender = t.Tag, sender; *t = mine }, evidence.ErrTag},
		"of an earlier match": {func(t *evidence.Text) {
			t.Tag = k.Frank("earlier", t.Sender, t.N, t.At, t.Commitment)
		}, evidence.ErrTag},
		"parts moved over the borders": {func(t *evidence.Text) {
			t.Match, t.Sender = match+"\n"+sender[:1], sender[1:]
		}, evidence.ErrTag},
	} {
		claim := sent(k, 3, "I will find you")
		c.forge(&claim)
		if err := claim.Verify(k); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// keys2 are another server's.
var keys2 = func() auth.Keys {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	k, err := auth.LoadKeys(dir)
	if err != nil {
		panic(err)
	}
	return k
}()

// own is what Ann herself said, which Bob's browser got with a good tag: she has it all.
func own(k auth.Keys) evidence.Text {
	t := sent(k, 3, "say that you will find me")
	t.Sender = "session-of-ann"
	t.Tag = k.Frank(match, t.Sender, t.N, t.At, t.Commitment)
	return t
}

// vectors are shared with the SDK, which has to compute the same.
type vectors struct {
	Franking []struct{ Text, KF, Commitment string }
	Media    struct {
		Match, Side, KeyID, Audio, Video, Commit string
		Frames                                   []struct{ Kind, Plain, Sealed string }
	}
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func b64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCommitmentVectors(t *testing.T) {
	for _, v := range readVectors(t).Franking {
		if got := base64.RawURLEncoding.EncodeToString(evidence.Commit(b64(t, v.KF), v.Text)); got != v.Commitment {
			t.Errorf("%q: %s, want %s", v.Text, got, v.Commitment)
		}
	}
}
