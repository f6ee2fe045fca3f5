package app_test

import (
	"encoding/json"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	pion "github.com/pion/turn/v5"

	"passerby/internal/config"
	"passerby/internal/doctor"
)

// scraped are the names of the metrics that a server shows, each with the names of its labels.
func scraped(t *testing.T, admin string) map[string]map[string]bool {
	t.Helper()
	line, label := regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? `), regexp.MustCompile(`(\w+)="`)
	all := map[string]map[string]bool{}
	for _, m := range line.FindAllStringSubmatch(scrape(t, admin), -1) {
		if all[m[1]] == nil {
			all[m[1]] = map[string]bool{"instance": true} // by Prometheus
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			all[m[1]][l[1]] = true
		}
	}
	return all
}

// Every metric of the dashboard, and every label that it groups by, is one that a real server shows once it has relayed, refused a login and
// refused a peer; and it shows none of ours that the dashboard forgets.
func TestDashboardShowsWhatThereIs(t *testing.T) {
	at, release := hold(t)
	admin := at.String()
	release()
	s := runTURN(t, func(c *config.TURN) { c.Admin = admin })
	entry := s.ICEServers("ada", time.Hour)[0]
	doctor.TURN{Server: hostOf(entry.URLs[0]), Username: entry.Username, Password: "guess"}.Run(t.Context(), func(doctor.Check) {})
	askForAPrivatePeer(t, hostOf(entry.URLs[0]), entry.Username, entry.Credential)
	there := scraped(t, admin)

	b, err := os.ReadFile("../../deploy/grafana/turn.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title, Description string
			FieldConfig        struct{ Defaults struct{ Unit string } }
			Targets            []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(b, &board); err != nil || len(board.Panels) < 10 {
		t.Fatalf("%d panels, %v", len(board.Panels), err)
	}
	metric, by := regexp.MustCompile(`(\w+)\{instance=~"\$instance"\}`), regexp.MustCompile(`by \(([^)]*)\)|\{\{(\w+)\}\}`)
	used := map[string]bool{}
	for _, p := range board.Panels {
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("%q lacks a description, a unit or a query", p.Title)
		}
		for _, q := range p.Targets {
			names := metric.FindAllStringSubmatch(q.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%q: no metric of the chosen servers in %s", p.Title, q.Expr)
			}
			for _, m := range names {
				used[m[1]] = true
				if there[m[1]] == nil {
					t.Errorf("%q: the server has no metric %s", p.Title, m[1])
				}
				for _, l := range by.FindAllStringSubmatch(q.Expr+q.LegendFormat, -1) {
					for name := range strings.SplitSeq(l[1]+l[2], ", ") {
						if !there[m[1]][name] {
							t.Errorf("%q: %s has no label %s", p.Title, m[1], name)
						}
					}
				}
			}
		}
	}
	for name := range there {
		if strings.HasPrefix(name, "passerby_turn_") && !used[name] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// askForAPrivatePeer allocates and is refused a permission.
func askForAPrivatePeer(t *testing.T, addr, username, password string) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client, err := pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: addr, TURNServerAddr: addr, Conn: conn, Username: username, Password: password,
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	relay, err := client.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = relay.Close() }()
	if _, err := relay.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 9}); err == nil {
		t.Error("a private peer may be reached")
	}
}
