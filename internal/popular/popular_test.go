package popular_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"passerby/internal/popular"
)

func network(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), 32)
}

// crowd has n people, each from a network of his own, name a tag.
func crowd(t *popular.Tags, n int, tag string) {
	for i := range n {
		t.Note(fmt.Sprintf("%s-%d", tag, i), network(i), []string{tag})
	}
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("suggested %q, want %q", got, want)
	}
}

func TestOnlyWhatManyNamed(t *testing.T) {
	tags := popular.New(popular.Config{People: 5})
	crowd(tags, 9, "music")
	crowd(tags, 4, "my street")
	crowd(tags, 5, "film")
	same(t, tags.Top(10), "music", "film")
	same(t, tags.Top(1), "music")
	if named, popular := tags.Count(); named != 3 || popular != 2 {
		t.Errorf("%d tags named, %d popular; want 3, 2", named, popular)
	}
}

func TestOnePersonOrOneNetworkDoesNotMakeATagPopular(t *testing.T) {
	tags := popular.New(popular.Config{People: 5})
	for i := range 100 {
		tags.Note("always me", network(i), []string{"me"})
		tags.Note(fmt.Sprint("key ", i), network(1), []string{"mine"})
	}
	same(t, tags.Top(10))
	for i := range 2 { // others agree
		tags.Note(fmt.Sprint("other ", i), network(2+i), []string{"mine"})
	}
	same(t, tags.Top(10), "mine")
}

func TestThisMachineHasNoNetwork(t *testing.T) {
	tags := popular.New(popular.Config{People: 2})
	for _, user := range []string{"a", "b"} {
		tags.Note(user, netip.Prefix{}, []string{"chess"})
	}
	same(t, tags.Top(10), "chess")
}

func TestNothingWhenSwitchedOff(t *testing.T) {
	tags := popular.New(popular.Config{})
	crowd(tags, 20, "music")
	same(t, tags.Top(10))
}

func TestWhatIsNeverSuggested(t *testing.T) {
	tags := popular.New(popular.Config{People: 2, Words: []string{"toad", "Kröte", "バカ"}})
	for _, tag := range []string{"toad", "t0ad fans", "t o a d", "kröten", "バカ", "0151 2345678", "me@example", "example.org", "u/somebody", "1999 12", "😀"} {
		crowd(tags, 5, tag)
	}
	same(t, tags.Top(100))
	crowd(tags, 5, "formula 1")
	crowd(tags, 4, "قهوة")
	crowd(tags, 3, "c++")
	same(t, tags.Top(100), "formula 1", "قهوة", "c++")
}

func TestForgottenAfterHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tags := popular.New(popular.Config{People: 3, Window: 6 * time.Hour})
		crowd(tags, 2, "film")
		time.Sleep(3*time.Hour + time.Minute)
		crowd(tags, 3, "film") // two of them were here before
		same(t, tags.Top(10), "film")
		time.Sleep(3 * time.Hour)
		same(t, tags.Top(10), "film")
		time.Sleep(3 * time.Hour)
		same(t, tags.Top(10))
		crowd(tags, 3, "chess")
		time.Sleep(1000 * time.Hour)
		same(t, tags.Top(10))
	})
}

// Whoever names thousands of tags neither fills the memory nor keeps the tags of others out.
func TestAFloodOfTags(t *testing.T) {
	tags := popular.New(popular.Config{People: 3})
	flood := func(n int) {
		for i := range n {
			tags.Note("flood", network(1), []string{fmt.Sprintf("tag %c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26)})
		}
	}
	flood(10_000)
	crowd(tags, 3, "music")
	flood(10_000)
	same(t, tags.Top(10), "music")
}

func BenchmarkNote(b *testing.B) {
	tags := popular.New(popular.Config{People: 5})
	named := []string{"music", "film", "chess"}
	for b.Loop() {
		tags.Note("somebody", network(1), named)
	}
}
