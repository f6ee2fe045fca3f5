package app_test

import (
	"bytes"
	"errors"
	"net/http"
	"testing"
	"time"

	"passerby/client"
	"passerby/internal/app"
	"passerby/internal/testenv"
	"passerby/signaling/protocol"
)

// soon is how long a ban may take to another node, which asks every two seconds, on a machine that has much else to do.
const soon = 15 * time.Second

// TestBanReachesOtherNodes: a report on one node, a moderator's decision there; the person is on another node, in the middle of a talk.
func TestBanReachesOtherNodes(t *testing.T) {
	redis, database, dir := testenv.Redis(t), testenv.StartPostgres(t).URL(), t.TempDir()
	var out bytes.Buffer
	if code := app.Main(t.Context(), []string{"migrate", "up", "--database", database}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	flags := []string{"--database", database, "--trusted-proxies", "127.0.0.0/8"}
	one, two := "http://"+startNode(t, redis, dir, "one", flags...).Addr, "http://"+startNode(t, redis, dir, "two", flags...).Addr
	from := func(base, address string) client.Config {
		return client.Config{URL: base, Device: newKey(t), Header: http.Header{"X-Forwarded-For": {address}}}
	}
	bad := from(two, "203.0.113.7")
	ann, eve, bob := come(t, from(one, "198.51.100.1")), come(t, bad), come(t, from(one, "198.51.100.2"))

	if err := ann.Report(pair(t, ann, eve), "threat", ""); err != nil {
		t.Fatal(err)
	}
	number := hears[client.Reported](t, ann).Number
	pair(t, bob, eve)
	says(t, eve, bob, "I will find you")

	desk := openDesk(t, one, "--database", database, "--data-dir", dir)
	var queue struct{ Cases []struct{ Person string } }
	if desk.ask("GET", "/queue", nil, &queue); len(queue.Cases) != 1 {
		t.Fatalf("%+v", queue)
	}
	person := "/people/" + queue.Cases[0].Person
	eventually(t, func() (seen struct{ Network bool }, ok bool) { // where he came from is written a moment later
		desk.ask("GET", person, nil, &seen)
		return seen, seen.Network
	})
	var decided struct{ Ban string }
	desk.ask("POST", person+"/decide", map[string]any{
		"kind": "ban", "reports": []string{number}, "reason": "threat", "message": "Not here.", "days": 1, "device": true, "range": "narrow",
	}, &decided)
	at := time.Now()

	var why *protocol.Error
	if e := hears[client.Failed](t, eve); !errors.As(e.Err, &why) || why.Code != protocol.Banned {
		t.Errorf("the running session ended with %v", e.Err)
	}
	if took := time.Since(at); took > soon {
		t.Errorf("the ban took %v to the other node", took)
	}
	if e := hears[client.Ended](t, bob); e.Reason != protocol.EndModerated {
		t.Errorf("the partner was told %q", e.Reason)
	}
	elsewhere, fresh, neighbour := bad, from(two, "203.0.113.7"), from(two, "203.0.113.8")
	elsewhere.Header = http.Header{"X-Forwarded-For": {"192.0.2.1"}}
	for name, c := range map[string]client.Config{"the device, from elsewhere": elsewhere, "another device, from the same address": fresh} {
		for node, base := range map[string]string{"one": one, "two": two} {
			c.URL = base
			if b := eventually(t, func() (*protocol.Ban, bool) { b := keptOut(t, c); return b, b != nil }); b.Reason != "threat" || b.Message != "Not here." || b.Until == 0 {
				t.Errorf("%s, on node %s: %+v", name, node, b)
			}
		}
	}
	if b := keptOut(t, neighbour); b != nil {
		t.Errorf("the neighbour: %+v", b)
	}

	desk.ask("POST", "/bans/"+decided.Ban+"/lift", map[string]string{"note": ""}, nil)
	at = time.Now()
	eventually(t, func() (*protocol.Ban, bool) { b := keptOut(t, bad); return b, b == nil })
	if took := time.Since(at); took > soon {
		t.Errorf("the end of the ban took %v to the other node", took)
	}
}
