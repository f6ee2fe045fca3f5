package app_test

import (
	"regexp"
	"strconv"
	"testing"

	"passerby/internal/testenv"
)

var runs = regexp.MustCompile(`cmdstat_evalsha:calls=(\d+)`)

// Anybody may ask for the stats, as often as he likes: that costs Redis nothing.
func TestStatsAskRedisSeldom(t *testing.T) {
	server := testenv.StartRedis(t, "--save", "")
	client := testenv.OpenRedis(t, server.URL())
	scripts := func() int {
		t.Helper()
		found := runs.FindStringSubmatch(client.Info(t.Context(), "commandstats").Val())
		if found == nil {
			t.Fatal("no script has run")
		}
		n, _ := strconv.Atoi(found[1])
		return n
	}
	c := local(t)
	c.Redis, c.Link = server.URL(), "off"
	url, _ := run(t, c)
	stats(t, url)
	before := scripts()
	const asked = 300
	for range asked {
		stats(t, url)
	}
	if n := scripts() - before; n > asked/3 { // sweeps and signs of life are among them
		t.Errorf("%d requests made Redis run %d scripts", asked, n)
	}
}
