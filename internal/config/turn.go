package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TURN is everything that an operator can set for `passerby turn`. DefaultTURN returns the documented defaults.
type TURN struct {
	Listen       string            // listen address, UDP and TCP
	TLSListen    string            // listen address, TLS over TCP and DTLS over UDP
	TLSCert      string            // PEM file; empty serves neither
	TLSKey       string            // PEM file
	ACME         ACME              // or a CA
	Host         string            // name under which clients reach this server; empty: its public address
	Realm        string            // the name that clients see
	Secrets      []string          // shared secrets of the TURN REST credentials, the first to make them with; none, and no Users: made at start and printed
	Users        map[string]string // name → password
	STUNOnly     bool              // answer Binding requests only
	RelayIP      []netip.Addr      // addresses that relays bind to, at most one of each family
	PublicIP     []netip.Addr      // addresses that clients are told, at most one of each family
	MinPort      int               // range of relay ports; 0: any
	MaxPort      int
	SinglePort   int              // the relay port of all; 0: each relay has its own
	TCPRelay     bool             // relay TCP, too (RFC 6062)
	AllowPeer    []netip.Prefix   // special networks that may be relayed to besides the public Internet
	DenyPeer     []netip.Prefix   // networks that may not
	Quota        int              // allocations of one user
	PerAddress   int              // allocations of one client address; of an IPv6 /64
	Allocations  int              // allocations of all
	MaxTCP       int              // TCP, TLS and DTLS connections, each
	Bandwidth    [3]int64         // bits a second each way, of an allocation, of a user, of all; 0: any
	Lifetime     time.Duration    // of an allocation, however often it is refreshed; 0: any
	Mobility     bool             // clients may take their allocations to another address
	Alternates   []netip.AddrPort // other servers, while this one drains or is full
	AlternateTLS []TURNAlternate  // the same, for TLS and DTLS
	APIListen    string           // listen address of the API that makes credentials; "off" turns it off
	APIKeys      []string         // each opens it
	APITLS       bool             // it speaks HTTPS with TLSCert
	APIMaxTTL    time.Duration    // longest life of the credentials that it makes
	Admin        string           // listen address of metrics, health and profiles
	DrainTimeout time.Duration    // how long a stopping server lets calls go on
	LogLevel     string
	LogFormat    string
}

// DefaultTURN returns the configuration of a host with a public address and nothing else to say.
func DefaultTURN() TURN {
	return TURN{
		Listen: ":3478", TLSListen: ":5349", Realm: "passerby", Quota: 64, PerAddress: 256, Allocations: 16384, MaxTCP: 4096,
		ACME: ACME{Dir: "data/acme", HTTP: "off"}, APIListen: "off", APIMaxTTL: 24 * time.Hour, Admin: "127.0.0.1:9091", DrainTimeout: 10 * time.Second, LogLevel: "info", LogFormat: "text",
	}
}

// TURNEnvName returns the environment variable of a setting of `passerby turn`: "min-port" → "PASSERBY_TURN_MIN_PORT".
func TURNEnvName(setting string) string { return EnvName("turn-" + setting) }

// LoadTURN is Load for `passerby turn`.
func LoadTURN(args []string, lookup func(string) (string, bool), out io.Writer) (TURN, error) {
	c := DefaultTURN()
	l := layers{flags: turnFlags(&c), command: "turn", does: "Serves TURN and STUN for any WebRTC app.", sample: "config/turn.yaml", env: TURNEnvName}
	err := l.load(args, lookup, out, func() error { return c.Validate() })
	return c, err
}

// Validate returns all that is wrong at once, each fault naming its setting.
func (c TURN) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, l := range []struct{ name, addr string }{{"listen", c.Listen}, {"tls-listen", c.TLSListen}, {"api-listen", c.APIListen}, {"admin", c.Admin}} {
		if l.addr == "off" && (l.name == "admin" || l.name == "api-listen") {
			continue
		}
		if err := listenable(l.addr); err != nil {
			fault("--%s: %w", l.name, err)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		fault("--tls-cert and --tls-key: give both files or none")
	}
	if strings.ContainsAny(c.Host, " /:@") {
		fault("--host: %q is no name: write it like turn.example.org", c.Host)
	}
	if c.Realm == "" || len(c.Realm) > 127 {
		fault("--realm: 1 to 127 characters")
	}
	if slices.ContainsFunc(c.Secrets, func(s string) bool { return len(s) < 16 }) {
		fault("--secret: too short to be secret: use 16 characters or more, and no comma")
	}
	for _, l := range []struct {
		name string
		ips  []netip.Addr
	}{{"relay-ip", c.RelayIP}, {"public-ip", c.PublicIP}} {
		v4 := len(slices.DeleteFunc(slices.Clone(l.ips), netip.Addr.Is6))
		if v4 > 1 || len(l.ips)-v4 > 1 {
			fault("--%s: at most one IPv4 and one IPv6 address", l.name)
		}
	}
	if c.MinPort < 0 || c.MinPort > c.MaxPort || c.MaxPort > 65535 || c.MinPort == 0 && c.MaxPort != 0 {
		fault("--min-port %d and --max-port %d are not a range of ports: give both, the lower one first, up to 65535, or neither", c.MinPort, c.MaxPort)
	}
	if _, port, _ := net.SplitHostPort(c.Listen); c.SinglePort != 0 && port == strconv.Itoa(c.SinglePort) {
		fault("--single-port %d: --listen has this port: relays need one of their own", c.SinglePort)
	}
	if c.SinglePort < 0 || c.SinglePort > 65535 || c.SinglePort != 0 && c.MinPort != 0 {
		fault("--single-port %d: write a port from 1 to 65535, and leave out --min-port and --max-port", c.SinglePort)
	}
	for _, at := range c.Alternates {
		if at.Addr().IsUnspecified() || at.Port() == 0 {
			fault("--alternate-server: %v is no address and port that a client could use", at)
		}
	}
	for _, a := range c.AlternateTLS {
		if a.At.Addr().IsUnspecified() || a.At.Port() == 0 {
			fault("--alternate-tls-server: %v is no address and port that a client could use", a)
		}
	}
	if c.Quota < 1 || c.PerAddress < 1 || c.Allocations < 1 || c.MaxTCP < 1 {
		fault("--quota, --max-per-address, --max-allocations and --max-tcp: at least 1")
	}
	c.validateAPI(fault)
	c.ACME.validate(c.TLSCert, fault)
	if slices.ContainsFunc(c.Bandwidth[:], func(bits int64) bool { return bits != 0 && (bits < 8000 || bits > 1e12) }) {
		fault("--max-bandwidth, --max-user-bandwidth and --max-total-bandwidth: 8k to 1000G, or 0")
	}
	if c.Lifetime != 0 && c.Lifetime < time.Minute {
		fault("--max-lifetime: %v is out of range: 1m or more, or 0s", c.Lifetime)
	}
	if c.DrainTimeout < 0 || c.DrainTimeout > time.Hour {
		fault("--drain-timeout: %v is out of range: 0s to 1h", c.DrainTimeout)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		fault("--log-level: %q is none of debug, info, warn, error", c.LogLevel)
	}
	if !slices.Contains([]string{"text", "json", "ecs"}, c.LogFormat) {
		fault("--log-format: %q is none of text, json, ecs", c.LogFormat)
	}
	return errors.Join(faults...)
}

func (c TURN) validateAPI(fault func(format string, args ...any)) {
	switch {
	case c.APIListen == "off":
	case len(c.APIKeys) == 0:
		fault("--api-listen: nobody could use it: give an --api-key")
	case c.STUNOnly:
		fault("--api-listen: with --stun-only there are no credentials to make")
	case c.APITLS && c.TLSCert == "" && !c.ACME.On():
		fault("--api-tls: there is no certificate: give --tls-cert and --tls-key, or --acme-domain")
	}
	if slices.ContainsFunc(c.APIKeys, func(s string) bool { return len(s) < 16 }) {
		fault("--api-key: too short to be secret: use 16 characters or more, and no comma")
	}
	if c.APIMaxTTL < time.Second || c.APIMaxTTL > 30*24*time.Hour {
		fault("--api-max-ttl: %v is out of range: 1s to 720h", c.APIMaxTTL)
	}
}

func turnFlags(c *TURN) *flag.FlagSet {
	fs := flag.NewFlagSet("turn", flag.ContinueOnError)
	fs.StringVar(&c.Listen, "listen", c.Listen, "listen `address`, UDP and TCP")
	fs.StringVar(&c.TLSListen, "tls-listen", c.TLSListen, "listen `address` of TLS (TCP) and DTLS (UDP), once tls-cert or acme-domain is given")
	fs.StringVar(&c.TLSCert, "tls-cert", c.TLSCert, "PEM `file` with the certificate chain; it is read again when it changes")
	fs.StringVar(&c.TLSKey, "tls-key", c.TLSKey, "PEM `file` with the private key")
	c.ACME.flags(fs)
	fs.StringVar(&c.Host, "host", c.Host, "`name` under which clients reach this server, for the URLs that they are told; none: the first acme-domain, or the public address")
	fs.StringVar(&c.Realm, "realm", c.Realm, "`name` of this server to clients")
	fs.Var(list[string]{&c.Secrets, text}, "secret", "shared `secret` of the TURN REST credentials, 16 characters or more; more of them, comma separated, are accepted too, while applications change over; none, and no user: one is made and printed")
	fs.Var(users{&c.Users}, "user", "static users, comma separated, each `name:password`")
	fs.BoolVar(&c.STUNOnly, "stun-only", c.STUNOnly, "`true` answers Binding requests and relays nothing")
	fs.Var(list[netip.Addr]{&c.RelayIP, address}, "relay-ip", "`addresses` that relays bind to, one IPv4, one IPv6; none: all")
	fs.Var(list[netip.Addr]{&c.PublicIP, address}, "public-ip", "`addresses` that clients are told, one IPv4, one IPv6, when this host is behind NAT; none: relay-ip, or the machine's own")
	fs.Var(number{&c.MinPort}, "min-port", "first `port` of the relays; 0: any")
	fs.Var(number{&c.MaxPort}, "max-port", "last `port` of the relays; 0: any")
	fs.Var(number{&c.SinglePort}, "single-port", "one UDP `port` that all relays have together, for containers; docs/turn.md has its rules; 0: a port for each")
	fs.BoolVar(&c.TCPRelay, "tcp-relay", c.TCPRelay, "`true` relays TCP connections, too (RFC 6062), to ports from 1024 up; browsers have no use for it")
	fs.Var(list[netip.Prefix]{&c.AllowPeer, network}, "allow-peer", "private or special `networks` that may be relayed to, comma separated, like 10.1.0.0/16; the public Internet always may")
	fs.Var(list[netip.Prefix]{&c.DenyPeer, network}, "deny-peer", "`networks` that may not be relayed to, comma separated; wins over allow-peer")
	fs.Var(number{&c.Quota}, "quota", "`number` of allocations that one user may hold")
	fs.Var(number{&c.PerAddress}, "max-per-address", "`number` of allocations that one client address, or IPv6 /64, may hold")
	fs.Var(number{&c.Allocations}, "max-allocations", "`number` of allocations at most; each is an open file, unless single-port is used")
	fs.Var(number{&c.MaxTCP}, "max-tcp", "`number` of TCP connections at most; as many over TLS, as many over DTLS, as many relayed")
	fs.StringVar(&c.APIListen, "api-listen", c.APIListen, "listen `address` of POST /v1/credentials, by which your application's servers get credentials for their users, or off")
	fs.Var(list[string]{&c.APIKeys, text}, "api-key", "`secret` that opens it, 16 characters or more; several, comma separated, while applications change over")
	fs.BoolVar(&c.APITLS, "api-tls", c.APITLS, "`true` speaks HTTPS there, with the certificate of tls-cert or acme-domain")
	fs.Var(duration{&c.APIMaxTTL}, "api-max-ttl", "longest `time` for which credentials are made there")
	fs.Var(list[netip.AddrPort]{&c.Alternates, addressPort}, "alternate-server", "other `servers`, comma separated, each IP address and port for UDP and TCP, that clients are sent to while this one drains or is full")
	fs.Var(list[TURNAlternate]{&c.AlternateTLS, turnAlternate}, "alternate-tls-server", "the same for TLS and DTLS: `servers`, each domain=address:port, or address:port when its certificate has the name that clients know")
	fs.Var(bitrate{&c.Bandwidth[0]}, "max-bandwidth", "bits a second, like 2500000 or 2.5M, that one allocation relays to peers, and as many to its client; 0: any `number`")
	fs.Var(bitrate{&c.Bandwidth[1]}, "max-user-bandwidth", "the same for all allocations of a user together: a `number`, 0: any")
	fs.Var(bitrate{&c.Bandwidth[2]}, "max-total-bandwidth", "the same for all together: a `number`, 0: any")
	fs.Var(duration{&c.Lifetime}, "max-lifetime", "`time` that an allocation lives at most, however often it is refreshed; 0s: any")
	fs.BoolVar(&c.Mobility, "mobility", c.Mobility, "`true` lets a client that asked for it take its allocation to another address (RFC 8016)")
	fs.StringVar(&c.Admin, "admin", c.Admin, "listen `address` of /metrics, /healthz, /readyz and /debug/pprof, or off; keep it private")
	fs.Var(duration{&c.DrainTimeout}, "drain-timeout", "`time` that a stopping server lets calls go on")
	fs.StringVar(&c.LogLevel, "log-level", c.LogLevel, "least `level` that is logged: debug, info, warn or error")
	fs.StringVar(&c.LogFormat, "log-format", c.LogFormat, "`format` of the log: text, json, or ecs (JSON with the fields of the Elastic Common Schema)")
	fs.String("config", "", "YAML `file` with these settings; config/turn.yaml shows all")
	return fs
}

// TURNAlternate is another server, for TLS and DTLS.
type TURNAlternate struct {
	Domain string // the name in its certificate; empty: the one that clients know
	At     netip.AddrPort
}

// String is how it is written.
func (a TURNAlternate) String() string {
	if a.Domain == "" {
		return a.At.String()
	}
	return a.Domain + "=" + a.At.String()
}

func turnAlternate(s string) (TURNAlternate, error) {
	domain, at, named := strings.Cut(s, "=")
	if !named {
		domain, at = "", s
	}
	if len(domain) > 255 || named && domain == "" {
		return TURNAlternate{}, fmt.Errorf("%q has no name before the =, or too long a one", s)
	}
	ap, err := addressPort(at)
	return TURNAlternate{domain, ap}, err
}

// users is a flag that may be given several times, each with one or more name:password.
type users struct{ all *map[string]string }

func (users) several() {}

// String shows what Set reads.
func (u users) String() string {
	if u.all == nil {
		return ""
	}
	var parts []string
	for name, password := range *u.all {
		parts = append(parts, name+":"+password)
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func (u users) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, password, ok := strings.Cut(part, ":")
		if !ok || name == "" || password == "" {
			return errors.New("a user is written name:password") // without what was given: it may be a password
		}
		if *u.all == nil {
			*u.all = make(map[string]string)
		}
		(*u.all)[name] = password
	}
	return nil
}
