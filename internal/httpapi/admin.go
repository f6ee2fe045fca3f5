package httpapi

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin returns the handler of the private listener at this address. ready answers why nobody should be sent here, or nil; open why newcomers
// should not, which a balancer asks by /readyz?newcomers; ails, which may be nil, what is wrong although they can be; console and api, which may be nil, are the moderators' console and the API for other apps' servers.
//
// It has no passwords (but for the console's and the API's keys), and a browser on the operator's machine reaches it: so it answers only to names that no stranger's
// page can point here (DNS rebinding).
func Admin(listen string, gatherer prometheus.Gatherer, ready, open func() error, ails func() []string, console, api http.Handler) http.Handler {
	mux := http.NewServeMux()
	if console != nil {
		mux.Handle("/moderate", console)
		mux.Handle("/moderate/", console)
	}
	if api != nil {
		mux.Handle("/api/", api)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		err := ready()
		if err == nil && r.URL.Query().Has("newcomers") {
			err = open()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
		if ails != nil {
			for _, what := range ails() {
				fmt.Fprintln(w, what)
			}
		}
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	own, _, _ := net.SplitHostPort(listen) // checked by who listens
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ownName(r.Host, own) {
			http.Error(w, "this listener does not answer to that name: use localhost, an IP address or the host of the setting admin", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// ownName says whether a Host header is an IP address, localhost (RFC 6761 §6.3) or own. Browsers always send one.
func ownName(host, own string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || host == "" {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == strings.ToLower(own)
}
