package app

import (
	"context"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/internal/store"
	"passerby/signaling/habit"
)

// Hurry gives HTTP clients this time for each part of a request, and twice that to read an answer; call it before Run.
func (s *Server) Hurry(d time.Duration) {
	s.patience = patience{header: d, request: d, answer: 2 * d, idle: d}
}

// Metrics are the names of all metrics of the server, also of those that have no value yet, each with its labels.
func (s *Server) Metrics() map[string][]string {
	ch := make(chan *prometheus.Desc)
	go func() {
		s.registry.Describe(ch)
		close(ch)
	}()
	all := map[string][]string{}
	for d := range ch {
		if m := described.FindStringSubmatch(d.String()); m != nil {
			all[m[1]] = strings.Split(m[2], ",")
		}
	}
	return all
}

var described = regexp.MustCompile(`fqName: "([^"]*)".*variableLabels: \{([^}]*)\}`)

// Greet tells the operator what to paste where.
func (s *TURNServer) Greet(out io.Writer) { s.greet(out) }

// Secret is what credentials are made from.
func (s *TURNServer) Secret() string { return s.secret }

// PlainAddr is where plain HTTP leads to HTTPS.
func (s *Server) PlainAddr() string { return s.plain.Addr().String() }

// Store is what the server keeps.
func (s *Server) Store() store.Store { return s.store }

// RecordsHeld is how many records of a kind wait for the database.
const RecordsHeld = recordsHeld

// Note hands a chat over to be written, as the hub does.
func (s *Server) Note(c store.Chat) { s.people.rec.Chat(c) }

// Judged is what the hub says of the user with a device key.
func (s *Server) Judged(ctx context.Context, public []byte, network netip.Prefix, v habit.Verdict) {
	s.habit(ctx, s.people.names.User(public), network, v)
}
