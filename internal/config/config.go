package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"passerby/internal/api"
	"passerby/internal/bus/rabbit"
	"passerby/internal/redisdb"
	"passerby/internal/store/postgres"
	"passerby/internal/store/sealed"
)

// Config is everything that an operator can set for `passerby serve`. Defaults returns the documented defaults.
type Config struct {
	HTTP           string         // listen address of pages, API and WebSocket; with HTTPS it only leads there
	HTTPS          string         // listen address of these over TLS, and of TURN over TLS; "off": HTTP is that, once there is a certificate
	TLSCert        string         // PEM file; empty, and no ACME: plain HTTP
	TLSKey         string         // PEM file
	ACME           ACME           // or a CA; an empty Dir is acme in DataDir
	Host           string         // name that browsers are told for TURN over TLS; empty: one of the certificate's
	AllowedOrigins []string       // origins other than the server's own whose pages may connect
	EmbedOrigins   []string       // origins whose pages may hold the chat in a frame; none: nobody's
	Brand          string         // folder of the operator's own name, colours, pictures, links and words for the page; empty: none
	TrustedProxies []netip.Prefix // networks of the proxies in front, whose X-Forwarded-For is believed; none: nobody's is
	UDP            string         // listen address of media over UDP
	TCP            string         // listen address of media over TCP (RFC 4571 framing); "off" turns it off
	PublicIP       []netip.Addr   // addresses under which browsers reach this server; none: all of the machine's own
	Link           string         // listen address of media between nodes, UDP; "off" turns it off
	LinkAdvertise  string         // host, or host:port, under which other nodes reach Link; empty: as this node reaches Redis
	OverloadCPU    int            // percent of the processors above which nobody new is taken in; 0: no mark
	OverloadLag    time.Duration  // the same for how long packets wait for a processor
	OverloadMemory int            // the same for percent of the memory that the process may use
	MaxSessions    int            // sessions at most; more are told that the server is full
	MaxPerAddress  int            // WebSockets at most from one IPv4 address or IPv6 /64
	Programs       string         // what becomes of those who behave like programs: slow, allow
	Proof          string         // proof of work of newcomers: auto (only under attack), on, off
	ProofRate      int            // new sessions a minute that are an attack; a tenth of it from one range of addresses
	FilterWords    string         // file of words that pages mask in messages, one a line; empty: none
	Text           Text           // whether texts are encrypted, and the filter where they are not
	BlurStart      bool           // matches begin blurred, unless a user chose otherwise
	NudityCheck    float64        // likelihood from which pages blur a picture as nudity, 0 to 1; 0: they do not look
	Redis          string         // URL of Redis, which nodes share; empty keeps the queue in memory
	Bus            string         // URL of RabbitMQ, which carries messages between nodes; empty leaves that to Redis
	Database       string         // URL of PostgreSQL, or a file for SQLite; empty: passerby.db in DataDir
	Retain         Retain         // how long what is stored is kept
	EvidenceKeys   []string       // ID:BASE64, under which reports' evidence is sealed in the database, the one that seals first; none: it lies there in clear
	DataDir        string         // where secrets live, and the database of one node
	Admin          string         // listen address of metrics, health and profiles
	Moderate       Moderate       // the moderators' console
	API            string         // where the API for other apps' servers is: on (at /api of the pages), admin (of the private listener), off
	APIKeys        []api.Key      // that open it; none: it is off
	Events         Events         // who is told what happens
	TURNListen     string         // listen address of TURN over UDP and TCP; "off" turns it off
	TURNSecret     string         // shared secret of the TURN REST credentials; empty takes one from the root key in DataDir
	TURNAllowPeers []netip.Prefix // further peers that TURN relays to; none: only this server's media ports
	TURNPerAddress int            // TURN allocations of one client address; of an IPv6 /64
	TURNMost       int            // TURN allocations of all
	Minors         bool           // minors may come, into a pool of their own
	AgeSecret      string         // shared with a service that says who is how old; empty: people's own word counts
	AgeURL         string         // page of that service
	NodeID         string         // name of this node in logs and in the cluster; empty makes one
	Region         string         // where this node is; people of one region come first; empty: near to all
	RegionOverflow time.Duration  // how long people wait for one of their own region
	SmartMatching  bool           // the queue learns who talks long with whom
	SmartHold      time.Duration  // with that: how long somebody is held at most for one who suits better
	Grace          time.Duration  // how long a wish with tags waits for a shared tag
	PopularTags    int            // different people who must name a tag before pages suggest it; 0: none is suggested
	Rematch        time.Duration  // how long two people who just met wait before they may meet again
	ReportMedia    int            // seconds of a video match that are kept in memory, encrypted, for reports; 0: none
	DrainDelay     time.Duration  // how long a stopping node with others serves on, so that the balancer hears of it
	DrainTimeout   time.Duration  // how long a stopping server waits for its users
	DrainRate      int            // how many users a second a stopping node sends to others
	LogLevel       string         // debug, info, warn or error
	LogFormat      string         // text, json or ecs
	Trace          Trace          // of matches, to an OpenTelemetry collector
}

// Defaults returns the configuration of a laptop with nothing installed.
func Defaults() Config {
	return Config{
		HTTP:           ":8080",
		HTTPS:          "off",
		ACME:           ACME{HTTP: "off"},
		UDP:            ":50000",
		TCP:            ":50000",
		Link:           ":0",
		OverloadCPU:    90,
		OverloadLag:    500 * time.Millisecond,
		OverloadMemory: 90,
		MaxSessions:    10000,
		MaxPerAddress:  128,
		Programs:       "slow",
		Proof:          "auto",
		ProofRate:      1000,
		DataDir:        "data",
		Admin:          "127.0.0.1:9090",
		Moderate:       Moderate{Serve: "on"},
		API:            "on",
		Events:         Events{WebhookEvents: []string{"report", "ban", "appeal"}, Exchange: "passerby.events"},
		TURNListen:     ":3478",
		TURNPerAddress: 256,
		TURNMost:       16384,
		Retain:         defaultRetain,
		Text:           Text{Encryption: "on", Timeout: time.Second, Failure: "refuse"},
		RegionOverflow: 3 * time.Second,
		SmartHold:      3 * time.Second,
		Grace:          10 * time.Second,
		PopularTags:    5,
		Rematch:        5 * time.Second,
		DrainDelay:     2 * time.Second,
		DrainTimeout:   25 * time.Second,
		DrainRate:      200,
		LogLevel:       "info",
		LogFormat:      "text",
		Trace:          Trace{Share: 0.01},
	}
}

// regionForm is how a region may be named; empty is none.
var regionForm = regexp.MustCompile(`^[a-z0-9-]{0,32}$`)

// framing is how an origin is written that may hold the chat in a frame: as browsers write it, since it is compared with what they say. A frame in
// a page without TLS gets neither camera nor encryption; nothing but an origin gets into the page's policy.
var framing = regexp.MustCompile(`^(https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?|http://(localhost|127\.0\.0\.1))(:[1-9][0-9]{0,4})?$`)

// Validate returns all that is wrong at once, each fault naming its setting.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, l := range []struct{ name, addr string }{
		{"http", c.HTTP}, {"https", c.HTTPS}, {"udp", c.UDP}, {"tcp", c.TCP}, {"link", c.Link}, {"admin", c.Admin}, {"turn-listen", c.TURNListen},
	} {
		if l.addr == "off" && (l.name == "https" || l.name == "tcp" || l.name == "link" || l.name == "admin" || l.name == "turn-listen") {
			continue
		}
		if err := listenable(l.addr); err != nil {
			fault("--%s: %w", l.name, err)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		fault("--tls-cert and --tls-key: give both files or none")
	}
	c.ACME.validate(c.TLSCert, fault)
	c.Moderate.validate(c.Admin, fault)
	c.Events.validate(fault)
	if !slices.Contains([]string{"on", "admin", "off"}, c.API) {
		fault("--api: %q is none of on, admin, off", c.API)
	}
	if c.API == "admin" && c.Admin == "off" {
		fault("--api: the admin listener is off: give --admin an address")
	}
	if c.HTTPS != "off" && c.TLSCert == "" && !c.ACME.On() {
		fault("--https: there is no certificate: give --tls-cert and --tls-key, or --acme-domain")
	}
	if strings.ContainsAny(c.Host, " /:@") {
		fault("--host: %q is no name: write it like chat.example.org", c.Host)
	}
	for _, o := range c.AllowedOrigins {
		if u, err := url.Parse(o); err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			fault("--allowed-origins: %q is not an origin: write it like https://chat.example.org", o)
		}
	}
	for _, o := range c.EmbedOrigins {
		if !framing.MatchString(o) || strings.HasPrefix(o, "https:") && strings.HasSuffix(o, ":443") || strings.HasPrefix(o, "http:") && strings.HasSuffix(o, ":80") {
			fault("--embed-origins: %q is not an origin that can hold the chat: write it like https://www.example.org, in small letters, with no path and no usual port (http for localhost alone)", o)
		}
	}
	if !(c.NudityCheck >= 0 && c.NudityCheck <= 1) {
		fault("--nudity-check: %v is no likelihood: write 0 (off), or up to 1, like 0.7", c.NudityCheck)
	}
	for _, p := range c.TrustedProxies {
		if p.Bits() == 0 {
			fault("--trusted-proxies: %v is everybody, and then anyone can say to be anyone: name the proxies alone", p)
		}
	}
	if c.Redis != "" {
		if _, err := redisdb.Parse(c.Redis); err != nil {
			fault("--redis: %w", err)
		}
	}
	if c.Bus != "" {
		if err := rabbit.Check(c.Bus); err != nil {
			fault("--bus: %w", err)
		} else if c.Redis == "" {
			fault("--bus: it carries messages between nodes, which share their sessions in Redis: give --redis as well, or leave it empty")
		}
	}
	if c.Postgres() {
		if err := postgres.Check(c.Database); err != nil {
			fault("--database: %w", err)
		}
	} else if strings.Contains(c.Database, "://") {
		fault("--database: write postgres://user:password@host:5432/name, or a file for SQLite")
	}
	c.Retain.validate(fault)
	c.Text.validate(fault)
	if _, err := sealed.ParseKeys(c.EvidenceKeys); err != nil {
		fault("--evidence-keys: %w", err)
	}
	if c.AgeSecret != "" && len(c.AgeSecret) < 32 {
		fault("--age-secret: too short to be secret: use 32 characters or more")
	}
	if u, err := url.Parse(c.AgeURL); err != nil || c.AgeURL != "" && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		fault("--age-url: %q is no page: write it like https://age.example.org/check", c.AgeURL)
	}
	if (c.AgeURL == "") != (c.AgeSecret == "") {
		fault("--age-secret and --age-url: give both or none")
	}
	if strings.ContainsAny(c.LinkAdvertise, " /@") {
		fault("--link-advertise: %q is no address: write it like 10.0.0.7 or node7.example.org:50001", c.LinkAdvertise)
	}
	for _, p := range []struct {
		name    string
		percent int
	}{{"overload-cpu", c.OverloadCPU}, {"overload-memory", c.OverloadMemory}} {
		if p.percent < 0 || p.percent > 100 || p.percent > 0 && p.percent < 10 {
			fault("--%s: %d is out of range: 10 to 100 percent, or 0 for no mark", p.name, p.percent)
		}
	}
	if c.OverloadLag < 0 || c.OverloadLag > 0 && c.OverloadLag < 5*time.Millisecond {
		fault("--overload-lag: %v is too little, as machines go: 5ms or more, or 0s for no mark", c.OverloadLag)
	}
	if c.MaxSessions < 1 {
		fault("--max-sessions: %d is too few: at least 1", c.MaxSessions)
	}
	if c.MaxPerAddress < 1 {
		fault("--max-per-address: %d is too few: at least 1", c.MaxPerAddress)
	}
	if !slices.Contains([]string{"auto", "on", "off"}, c.Proof) {
		fault("--proof: %q is none of auto, on, off", c.Proof)
	}
	if c.Programs != "slow" && c.Programs != "allow" {
		fault("--programs: %q is neither slow nor allow", c.Programs)
	}
	if c.ProofRate < 10 {
		fault("--proof-rate: %d sessions a minute are no attack: at least 10", c.ProofRate)
	}
	if c.ReportMedia < 0 || c.ReportMedia > 60 || c.ReportMedia > 0 && c.ReportMedia < 4 {
		fault("--report-media-seconds: %d is out of range: 0 (nothing), or 4 to 60", c.ReportMedia)
	}
	if c.PopularTags < 0 || c.PopularTags > 50 {
		fault("--popular-tags: %d is out of range: 0 (none is suggested) to 50", c.PopularTags)
	}
	if !regionForm.MatchString(c.Region) {
		fault("--region: %q is no name of a region: use a-z, 0-9 and -, at most 32, like eu-west", c.Region)
	}
	if c.DataDir == "" {
		fault("--data-dir: name a directory")
	}
	if c.TURNSecret != "" && len(c.TURNSecret) < 16 {
		fault("--turn-secret: too short to be secret: use 16 characters or more")
	}
	if c.TURNPerAddress < 1 || c.TURNMost < 1 {
		fault("--turn-max-per-address and --turn-max-allocations: at least 1")
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"grace", c.Grace}, {"smart-hold", c.SmartHold}, {"region-overflow-after", c.RegionOverflow}, {"rematch", c.Rematch}, {"drain-delay", c.DrainDelay}, {"drain-timeout", c.DrainTimeout}} {
		if d.d < 0 || d.d > 10*time.Minute {
			fault("--%s: %v is out of range: 0s to 10m", d.name, d.d)
		}
	}
	if c.DrainRate < 1 || c.DrainRate > 100_000 {
		fault("--drain-rate: %d is out of range: 1 to 100000", c.DrainRate)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		fault("--log-level: %q is none of debug, info, warn, error", c.LogLevel)
	}
	c.Trace.validate(fault)
	if !slices.Contains([]string{"text", "json", "ecs"}, c.LogFormat) {
		fault("--log-format: %q is none of text, json, ecs", c.LogFormat)
	}
	return errors.Join(faults...)
}
