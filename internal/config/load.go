package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"passerby/internal/api"
)

// ErrHelp is returned by Load when --help was asked for and printed.
var ErrHelp = flag.ErrHelp

// EnvName returns the environment variable of a setting: "public-ip" → "PASSERBY_PUBLIC_IP".
func EnvName(setting string) string {
	return "PASSERBY_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// Load reads flags from args, the environment through lookup, and the file named by --config, in that precedence, over the defaults.
// Help goes to out. It returns ErrHelp after --help, and every fault of the result at once otherwise.
func Load(args []string, lookup func(string) (string, bool), out io.Writer) (Config, error) {
	c := Defaults()
	l := layers{flags: flags(&c), command: "serve", does: "Serves pages, signaling, media and TURN.", sample: "config/passerby.yaml", env: EnvName}
	err := l.load(args, lookup, out, func() error { return c.Validate() })
	return c, err
}

// oneDash is how package flag writes the name of a flag.
var oneDash = regexp.MustCompile(`(flag|defined:|argument:|for) -([a-z])`)

// Parse reads the flags of a command; words beside them are an error, as in every command. It prints nothing.
func Parse(fs *flag.FlagSet, args []string, command string) error {
	fs.SetOutput(io.Discard)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return ErrHelp
	case err != nil:
		return fmt.Errorf("%s; see passerby %s --help", oneDash.ReplaceAllString(err.Error(), "$1 --$2"), command)
	case fs.NArg() > 0:
		return fmt.Errorf("%q is not a setting; see passerby %s --help", fs.Arg(0), command)
	}
	return nil
}

// UnknownEnv returns the variables of environ, as os.Environ gives it, that are named like settings but set none.
func UnknownEnv(environ []string) []string {
	known := map[string]bool{}
	know := func(name string) { known[name], known[name+fromFile] = true, true }
	flags(&Config{}).VisitAll(func(f *flag.Flag) { know(EnvName(f.Name)) })
	turnFlags(&TURN{}).VisitAll(func(f *flag.Flag) { know(TURNEnvName(f.Name)) })
	var unknown []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, EnvName("")) && !strings.HasPrefix(name, EnvName("test-")) && !known[name] {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// fromFile ends the name of a variable that names a file with the value: secrets come that way into containers.
const fromFile = "_FILE"

// fromEnv answers the value of a setting in the environment, and the variable that it comes from; "" when there is none.
func fromEnv(name string, lookup func(string) (string, bool)) (value, from string, err error) {
	value, plain := lookup(name)
	file, ok := lookup(name + fromFile)
	switch {
	case !ok && !plain:
		return "", "", nil
	case !ok:
		return value, name, nil
	case plain:
		return "", name + fromFile, fmt.Errorf("%s is there too: leave one of them out", name)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", name + fromFile, fmt.Errorf("%w: name a file that this user may read", err)
	}
	return strings.TrimRight(string(b), "\r\n"), name + fromFile, nil
}

// layers puts flags, environment and file over the defaults of one command.
type layers struct {
	flags   *flag.FlagSet
	command string
	does    string // a sentence for its help
	sample  string // file that shows all settings
	env     func(setting string) string
}

func (l layers) load(args []string, lookup func(string) (string, bool), out io.Writer, validate func() error) error {
	fs := l.flags
	if err := Parse(fs, args, l.command); errors.Is(err, ErrHelp) {
		l.help(out)
		return err
	} else if err != nil {
		return err
	}
	given := map[string]string{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = f.Value.String() })

	file := given["config"]
	if v, ok := lookup(l.env("config")); ok && file == "" {
		file = v
	}
	// The lower layers overwrite the flags first; the flags are then put back on top.
	if file != "" {
		if err := l.readFile(file); err != nil {
			return err
		}
	}
	var faults []error
	fs.VisitAll(func(f *flag.Flag) {
		v, name, err := fromEnv(l.env(f.Name), lookup)
		if err == nil && name != "" {
			err = l.set(f.Name, v)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	})
	for name, v := range given {
		if err := l.set(name, v); err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", name, err))
		}
	}
	return errors.Join(append(faults, validate())...)
}

func flags(c *Config) *flag.FlagSet {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.StringVar(&c.HTTP, "http", c.HTTP, "listen `address` of the pages, the API and the WebSocket")
	fs.StringVar(&c.HTTPS, "https", c.HTTPS, "listen `address` of HTTPS and of TURN over TLS, like :443, once tls-cert or acme-domain is given; http then only leads there; off: http itself is HTTPS then")
	fs.StringVar(&c.TLSCert, "tls-cert", c.TLSCert, "PEM `file` with the certificate chain; it is read again when it changes")
	fs.StringVar(&c.TLSKey, "tls-key", c.TLSKey, "PEM `file` with the private key")
	c.ACME.flags(fs)
	fs.StringVar(&c.Host, "host", c.Host, "`name` that browsers are told for TURN over TLS; none: the first of the certificate")
	fs.Var(list[string]{&c.AllowedOrigins, text}, "allowed-origins", "other `origins` whose pages may connect, comma separated, like https://chat.example.org")
	fs.Var(list[string]{&c.EmbedOrigins, text}, "embed-origins", "`origins` whose pages may hold the chat in an <iframe>, comma separated, like https://www.example.org; none: no page may")
	fs.StringVar(&c.Brand, "brand", c.Brand, "`folder` with brand.yaml: a name, colours, pictures, links and words of your own for the page (docs/operations.md); read at the start; none: as it is built")
	fs.Var(list[netip.Prefix]{&c.TrustedProxies, network}, "trusted-proxies", "`networks` of the proxies in front of this server, comma separated, like 127.0.0.0/8,::1/128; the clients' addresses, for limits, are taken from their X-Forwarded-For; none: nobody's is believed")
	fs.StringVar(&c.UDP, "udp", c.UDP, "listen `address` of media over UDP: one port for all users")
	fs.StringVar(&c.TCP, "tcp", c.TCP, "listen `address` of media over TCP for networks without UDP, or off")
	fs.Var(list[netip.Addr]{&c.PublicIP, address}, "public-ip", "`addresses` under which browsers reach this server, comma separated; none: those of this machine")
	fs.StringVar(&c.Link, "link", c.Link, "listen `address` of media between nodes, over UDP, or off; used with redis alone; port 0: a free one")
	fs.StringVar(&c.LinkAdvertise, "link-advertise", c.LinkAdvertise, "`address` (host, or host:port) under which other nodes reach link; none: the one from which this node reaches Redis")
	fs.Var(number{&c.MaxSessions}, "max-sessions", "`number` of sessions at most; more are told that the server is full")
	fs.Var(number{&c.OverloadCPU}, "overload-cpu", "`percent` of the processors that the process may use above which, for 5 s, nobody new is taken in while others go on; 0: no mark")
	fs.Var(duration{&c.OverloadLag}, "overload-lag", "`time` for which goroutines, and so packets, wait for a processor above which the same is done; 0s: no mark")
	fs.Var(number{&c.OverloadMemory}, "overload-memory", "`percent` of the memory that the process may use (of its container, or GOMEMLIMIT) above which the same is done; 0: no mark")
	fs.Var(number{&c.MaxPerAddress}, "max-per-address", "`number` of WebSockets at most from one IPv4 address or IPv6 /64, and never more than half of all; more are refused")
	fs.StringVar(&c.Programs, "programs", c.Programs, "`what` becomes of those who behave like programs, by timing and sizes alone: slow (they wait between two strangers) or allow (bots are welcome, load tests)")
	fs.StringVar(&c.Proof, "proof", c.Proof, "`when` newcomers' browsers solve a puzzle first: auto (only under attack), on (always) or off")
	fs.Var(number{&c.ProofRate}, "proof-rate", "`number` of requests for a session a minute, on this node, that are an attack; from one IPv4 /24 or IPv6 /48 a tenth of it is")
	fs.StringVar(&c.FilterWords, "filter-words", c.FilterWords, "`file` of words, one a line, that pages mask in messages on the reader's device; everybody can read it; none: only those that a user lists himself")
	c.Text.flags(fs)
	fs.BoolVar(&c.BlurStart, "blur-start", c.BlurStart, "matches begin blurred until both press Reveal, unless a user has chosen otherwise: `true or false`")
	fs.Float64Var(&c.NudityCheck, "nudity-check", c.NudityCheck, "`likelihood` from which pages blur a picture as nudity, found on the device by a network of 2.6 MB that they load for it, like 0.7; 0: they do not look")
	fs.StringVar(&c.Redis, "redis", c.Redis, "`URL` of Redis, like redis://user:password@host:6379, or redis+sentinel://host1,host2/NAME, or redis+cluster://host1,host2; rediss for TLS; none: one node, which keeps all in memory")
	fs.StringVar(&c.Bus, "bus", c.Bus, "`URL` of a RabbitMQ that carries messages between nodes, like amqp://user:password@host:5672/vhost; amqps for TLS; none: Redis does, when there is one")
	fs.StringVar(&c.Database, "database", c.Database, "`URL` of PostgreSQL, which nodes share, like postgres://user:password@host:5432/passerby, or a file for SQLite; none: passerby.db in data-dir")
	c.Retain.flags(fs)
	fs.Var(list[string]{&c.EvidenceKeys, text}, "evidence-keys", "`keys`, comma separated, under which the words, pictures and recordings of reports are sealed in the database: ID:BASE64 of 32 random bytes (openssl rand -base64 32); the first seals, each opens; none: they lie there in clear")
	fs.StringVar(&c.DataDir, "data-dir", c.DataDir, "`directory` of secrets, and of the database when that is a file")
	fs.StringVar(&c.Admin, "admin", c.Admin, "listen `address` of /metrics, /healthz, /readyz and /debug/pprof, or off; keep it private")
	c.Moderate.flags(fs)
	c.Events.flags(fs)
	fs.StringVar(&c.API, "api", c.API, "`place` of the API for other apps' servers, once there are api-keys: on (at /api/v1 of the pages), admin (there of the admin listener alone) or off")
	fs.Var(list[api.Key]{&c.APIKeys, api.ParseKey}, "api-keys", "`keys` that open the API, comma separated, as passerby apikey prints them: NAME:SCOPE+SCOPE:HASH")
	fs.StringVar(&c.TURNListen, "turn-listen", c.TURNListen, "listen `address` of the TURN server over UDP and TCP, or off")
	fs.StringVar(&c.TURNSecret, "turn-secret", c.TURNSecret, "shared `secret` of the TURN REST credentials, 16 characters or more; none: from the key in data-dir")
	fs.Var(list[netip.Prefix]{&c.TURNAllowPeers, network}, "turn-allow-peers", "`networks` that TURN relays to besides this server's media ports, comma separated, like 203.0.113.0/24")
	fs.Var(number{&c.TURNPerAddress}, "turn-max-per-address", "`number` of TURN allocations that one client address, or IPv6 /64, may hold")
	fs.Var(number{&c.TURNMost}, "turn-max-allocations", "`number` of TURN allocations at most; each is an open file")
	fs.BoolVar(&c.Minors, "minors", c.Minors, "let minors in, into a pool of their own: they never meet an adult")
	fs.StringVar(&c.AgeSecret, "age-secret", c.AgeSecret, "`secret`, 32 characters or more, with which an age-assurance service signs its word (docs/protocol.md); none: people's own word counts")
	fs.StringVar(&c.AgeURL, "age-url", c.AgeURL, "`URL` of that service's page, where people are sent")
	fs.StringVar(&c.NodeID, "node-id", c.NodeID, "`name` of this node in logs; none: made at each start")
	fs.StringVar(&c.Region, "region", c.Region, "`name` of the region where this node is, like eu-west; people of one region are matched first; none: near to everybody")
	fs.Var(duration{&c.RegionOverflow}, "region-overflow-after", "`time` that people wait for somebody of their own region before they take anyone; the same on all nodes")
	fs.BoolVar(&c.SmartMatching, "smart-matching", c.SmartMatching, "learn from how long talks last who suits whom, by interests, language and hour, and say so on the page: `true or false`; the same on all nodes")
	fs.Var(duration{&c.SmartHold}, "smart-hold", "`time` that somebody waits at most for one who suits better, with smart-matching; the same on all nodes")
	fs.Var(duration{&c.Grace}, "grace", "`time` that a wish with tags waits for a shared tag before it takes anyone")
	fs.IntVar(&c.PopularTags, "popular-tags", c.PopularTags, "`number` of different people, not all of one network, who must name a tag within hours before pages suggest it to others; 0: nothing is suggested")
	fs.Var(duration{&c.Rematch}, "rematch", "`time` that two people who just met wait before they may meet again")
	fs.IntVar(&c.ReportMedia, "report-media-seconds", c.ReportMedia, "`seconds` of each video call that are kept in memory, encrypted, so that a report can prove what was seen (4 to 60); 0: nothing")
	fs.Var(duration{&c.DrainDelay}, "drain-delay", "with redis: `time` from a stopping node's first not being ready to its first word to users, so that balancers hear of it")
	fs.Var(duration{&c.DrainTimeout}, "drain-timeout", "`time` that a stopping server gives its users to leave, or to go to other nodes")
	fs.IntVar(&c.DrainRate, "drain-rate", c.DrainRate, "with redis: how many `users` a second a stopping node sends to the others; more when drain-timeout would not do")
	fs.StringVar(&c.LogLevel, "log-level", c.LogLevel, "least `level` that is logged: debug, info, warn or error")
	fs.StringVar(&c.LogFormat, "log-format", c.LogFormat, "`format` of the log: text, json, or ecs (JSON with the fields of the Elastic Common Schema)")
	c.Trace.flags(fs)
	fs.String("config", "", "YAML `file` with these settings; config/passerby.yaml shows all")
	return fs
}

func (l layers) help(out io.Writer) {
	fmt.Fprintf(out, "Usage: passerby %s [settings]\n\n%s\n"+
		"Each setting is also an environment variable and a key of the YAML file; a flag wins over the environment, the environment over the file.\n"+
		"A variable with _FILE at its end names a file that holds the value.\n\n", l.command, l.does)
	l.flags.VisitAll(func(f *flag.Flag) {
		unit, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(out, "  --%s %s\n        %s\n        %s", f.Name, strings.ToUpper(unit), usage, l.env(f.Name))
		if f.DefValue != "" {
			fmt.Fprintf(out, "; default %s", f.DefValue)
		}
		fmt.Fprintln(out)
	})
}

// set gives a setting a value in the place of what it had.
func (l layers) set(name, value string) error {
	if r, ok := l.flags.Lookup(name).Value.(interface{ reset() }); ok {
		r.reset()
	}
	return l.flags.Set(name, value)
}

func (l layers) readFile(name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("--config: %w: name a YAML file; %s is an example", err, l.sample)
	}
	var top any
	if err := yaml.Unmarshal(b, &top); err != nil {
		return fmt.Errorf("--config: %s is not valid YAML: %w", name, err)
	}
	keys, ok := top.(map[string]any)
	if !ok && top != nil {
		return fmt.Errorf("--config: %s does not hold settings: write key: value lines; %s is an example", name, l.sample)
	}
	var faults []error
	for key, v := range keys {
		f := l.flags.Lookup(key)
		if key == "config" || f == nil {
			faults = append(faults, fmt.Errorf("--config: %s: %q is not a setting; see passerby %s --help", name, key, l.command))
			continue
		}
		value, err := scalar(v)
		if _, ok := v.([]any); ok && err == nil {
			if _, ok := f.Value.(several); !ok {
				err = errors.New("write one value, not a list")
			}
		}
		if err == nil {
			err = l.set(key, value)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("--config: %s: %s: %w", name, key, err))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

func scalar(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string, int, bool, float64:
		return fmt.Sprint(v), nil
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			p, err := scalar(e)
			if err != nil {
				return "", err
			}
			parts[i] = p
		}
		return strings.Join(parts, ","), nil
	default:
		return "", errors.New("write one value or a list of values")
	}
}
