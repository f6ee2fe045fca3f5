package app

import (
	"maps"
	"net/http"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"passerby/match"
)

// crowd shows the queue and the node itself to operators.
type crowd struct{ s *Server }

var (
	crowdWaiting  = prometheus.NewDesc("passerby_queue_waiting", "People in line, of all nodes, by mode. Every node shows the same: take the greatest.", []string{"mode"}, nil)
	crowdPairs    = prometheus.NewDesc("passerby_queue_pairs", "Matches that run, of all nodes. Every node shows the same: take the greatest.", nil, nil)
	crowdRoom     = prometheus.NewDesc("passerby_node_max_sessions", "Sessions that this node takes at most.", nil, nil)
	crowdDraining = prometheus.NewDesc("passerby_node_draining", "1 from the signal to stop on: the node is not ready, then sends people elsewhere.", nil, nil)
	crowdTags     = prometheus.NewDesc("passerby_tags_named", "Tags that people of this node named in the last hours.", nil, nil)
	crowdPopular  = prometheus.NewDesc("passerby_tags_popular", "Of these, those that enough people named to be suggested.", nil, nil)
	crowdBuild    = prometheus.NewDesc("passerby_build_info", "Always 1; the version stands in its labels.", []string{"version", "go"}, nil)
)

func (c crowd) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{crowdWaiting, crowdPairs, crowdRoom, crowdDraining, crowdTags, crowdPopular, crowdBuild} {
		ch <- d
	}
}

// Collect asks the queue at most once a second. Unknown is not zero: without an answer nothing is shown.
func (c crowd) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	if q := c.s.board.read(c.s.queue.Stats); q.Waiting != nil {
		gauge(crowdWaiting, q.Waiting[match.Video], "video")
		gauge(crowdWaiting, q.Waiting[match.Text], "text")
		gauge(crowdPairs, q.Pairs)
	}
	gauge(crowdRoom, c.s.cfg.MaxSessions)
	draining := 0
	if c.s.leaving.Load() {
		draining = 1
	}
	gauge(crowdDraining, draining)
	named, popular := c.s.tags.Count()
	gauge(crowdTags, named)
	gauge(crowdPopular, popular)
	gauge(crowdBuild, 1, Version, runtime.Version())
}

// routes of the API that are counted by name; all else is "page".
var routes = map[string]string{
	"/v1/session": "session", "/v1/ws": "ws", "/v1/stats": "stats", "/v1/settings": "settings", "/v1/appeal": "appeal",
}

// tallied counts requests by route and status. An upgraded connection counts as 200.
func tallied(h http.Handler, reg prometheus.Registerer) http.Handler {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "passerby_http_requests_total", Help: "Requests of the public listener, by route and status."}, []string{"route", "code"})
	reg.MustRegister(total)
	by := map[string]http.Handler{}
	for _, route := range append(slices.Collect(maps.Values(routes)), "page") {
		by[route] = promhttp.InstrumentHandlerCounter(total.MustCurryWith(prometheus.Labels{"route": route}), h)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, ok := routes[r.URL.Path]
		if !ok {
			route = "page"
		}
		by[route].ServeHTTP(w, r)
	})
}
