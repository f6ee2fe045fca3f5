package config_test

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"passerby/internal/config"
)

const sample = "../../config/passerby.yaml"

func none(string) (string, bool) { return "", false }

func env(pairs map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := pairs[k]; return v, ok }
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPrecedence(t *testing.T) {
	file := write(t, "http: ':1'\nudp: ':1'\ntcp: ':1'\npublic-ip: [192.0.2.1, '2001:db8::1']\n")
	c, err := config.Load([]string{"--config", file, "--http", ":3"}, env(map[string]string{"PASSERBY_HTTP": ":2", "PASSERBY_UDP": ":2"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP != ":3" || c.UDP != ":2" || c.TCP != ":1" || c.Admin != config.Defaults().Admin {
		t.Errorf("http %s (flag :3), udp %s (env :2), tcp %s (file :1), admin %s (default)", c.HTTP, c.UDP, c.TCP, c.Admin)
	}
	want := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	if !reflect.DeepEqual(c.PublicIP, want) {
		t.Errorf("public-ip = %v, want %v", c.PublicIP, want)
	}
	if c, err = config.Load(nil, env(map[string]string{"PASSERBY_CONFIG": file}), nil); err != nil || c.HTTP != ":1" {
		t.Errorf("PASSERBY_CONFIG: http %s, %v", c.HTTP, err)
	}
}

func TestSampleHasEverySettingAtItsDefault(t *testing.T) {
	c, err := config.Load([]string{"--config", sample}, none, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.AllowedOrigins)+len(c.EmbedOrigins)+len(c.TrustedProxies)+len(c.PublicIP)+len(c.TURNAllowPeers)+len(c.ACME.Domains) > 0 {
		t.Errorf("the sample's lists are not empty: %v %v %v %v %v", c.AllowedOrigins, c.TrustedProxies, c.PublicIP, c.TURNAllowPeers, c.ACME.Domains)
	}
	c.AllowedOrigins, c.EmbedOrigins, c.TrustedProxies, c.PublicIP, c.TURNAllowPeers, c.ACME.Domains = nil, nil, nil, nil, nil, nil
	d := config.Defaults()
	if !reflect.DeepEqual(c, d) {
		t.Errorf("the sample is not the default:\n%+v\n%+v", c, d)
	}
	var help bytes.Buffer
	if _, err := config.Load([]string{"--help"}, none, &help); !errors.Is(err, config.ErrHelp) {
		t.Fatalf("--help: %v", err)
	}
	complete(t, sample, help.String(), config.EnvName)
}

func TestTURNSampleHasEverySettingAtItsDefault(t *testing.T) {
	const sample = "../../config/turn.yaml"
	c, err := config.LoadTURN([]string{"--config", sample}, none, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Secrets)+len(c.Users)+len(c.RelayIP)+len(c.PublicIP)+len(c.AllowPeer)+len(c.DenyPeer)+len(c.APIKeys)+len(c.ACME.Domains) > 0 {
		t.Errorf("the sample's lists are not empty: %+v", c)
	}
	c.Secrets, c.Users, c.RelayIP, c.PublicIP, c.AllowPeer, c.DenyPeer, c.APIKeys, c.ACME.Domains = nil, nil, nil, nil, nil, nil, nil, nil
	if d := config.DefaultTURN(); !reflect.DeepEqual(c, d) {
		t.Errorf("the sample is not the default:\n%+v\n%+v", c, d)
	}
	var help bytes.Buffer
	if _, err := config.LoadTURN([]string{"--help"}, none, &help); !errors.Is(err, config.ErrHelp) {
		t.Fatalf("--help: %v", err)
	}
	complete(t, sample, help.String(), config.TURNEnvName)
}

// complete holds a sample file to the help of its command: every setting, and no other.
func complete(t *testing.T, sample, help string, env func(string) string) {
	t.Helper()
	b, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := yaml.Unmarshal(b, &keys); err != nil {
		t.Fatal(err)
	}
	settings := 0
	for line := range strings.Lines(help) {
		name, ok := strings.CutPrefix(line, "  --")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		if settings++; name == "config" {
			continue
		}
		if _, ok := keys[name]; !ok {
			t.Errorf("%s lacks %q", sample, name)
		}
		if !strings.Contains(help, env(name)) {
			t.Errorf("--help does not name %s", env(name))
		}
	}
	if settings != len(keys)+1 {
		t.Errorf("--help shows %d settings, the sample has %d", settings, len(keys))
	}
}

// Bandwidth is written with a unit or without, another server with the name in its certificate or without.
func TestTURNLimitsAndAlternates(t *testing.T) {
	c, err := config.LoadTURN([]string{"--max-bandwidth", "2.5M", "--max-user-bandwidth", "64k", "--max-total-bandwidth", "5000000000", "--max-lifetime", "4h",
		"--alternate-server", "192.0.2.2:3478,[2001:db8::2]:3478", "--alternate-tls-server", "turn2.example.org=192.0.2.2:5349,192.0.2.3:5349"}, none, nil)
	if err != nil || c.Bandwidth != [3]int64{2_500_000, 64_000, 5_000_000_000} || len(c.Alternates) != 2 || len(c.AlternateTLS) != 2 ||
		c.AlternateTLS[0].String() != "turn2.example.org=192.0.2.2:5349" || c.AlternateTLS[1].String() != "192.0.2.3:5349" {
		t.Errorf("%+v: %v", c, err)
	}
	for _, args := range [][]string{
		{"--max-bandwidth", "7k"}, {"--max-bandwidth", "-1"}, {"--max-user-bandwidth", "1T"}, {"--max-total-bandwidth", "M"}, {"--max-bandwidth", "1kk"}, {"--max-bandwidth", "NaN"}, {"--max-lifetime", "30s"},
		{"--alternate-server", "turn2.example.org:3478"}, {"--alternate-server", "192.0.2.2"}, {"--alternate-server", "0.0.0.0:3478"}, {"--alternate-tls-server", "=192.0.2.2:5349"}, {"--alternate-tls-server", "192.0.2.2:0"},
	} {
		if _, err := config.LoadTURN(args, none, nil); err == nil || !strings.Contains(err.Error(), args[0][2:]) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestTURNFaults(t *testing.T) {
	_, err := config.LoadTURN([]string{"--listen", "3478", "--secret", "short", "--min-port", "9", "--max-port", "8", "--quota", "0", "--public-ip", "192.0.2.1,192.0.2.2"}, none, nil)
	for _, want := range []string{"listen:", "secret:", "min-port", "quota", "public-ip:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	for want, args := range map[string]string{
		"--api-listen: nobody could use it":  "--api-listen :8443",
		"--api-listen: with --stun-only":     "--api-listen :8443 --api-key 0123456789abcdef --stun-only",
		"--api-listen: \"8443\" is not":      "--api-listen 8443",
		"--api-key: too short":               "--api-key hunter2",
		"--api-tls: there is no certificate": "--api-listen :8443 --api-key 0123456789abcdef --api-tls",
		"--acme-accept-terms: the CA has":    "--acme-domain turn.example.org",
		"not from both":                      "--acme-domain turn.example.org --acme-accept-terms --tls-cert a --tls-key b",
		"\"*.example.org\" is no name":       "--acme-domain *.example.org --acme-accept-terms",
		"\"192.0.2.1\" is no name":           "--acme-domain 192.0.2.1 --acme-accept-terms",
		"\"localhost\" is no name":           "--acme-domain localhost --acme-accept-terms",
		"--acme-http":                        "--acme-http 80",
		"--acme-email":                       "--acme-domain a.example --acme-accept-terms --acme-email ada",
		"--acme-ca":                          "--acme-domain a.example --acme-accept-terms --acme-ca http://ca.example",
		"--api-max-ttl":                      "--api-max-ttl 999h",
		"--host":                             "--host turn:turn.example.org",
	} {
		if _, err := config.LoadTURN(strings.Fields(args), none, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", args, err)
		}
	}
	if _, err := config.LoadTURN([]string{"--user", "hunter2"}, none, nil); err == nil || strings.Contains(strings.ReplaceAll(err.Error(), `"hunter2"`, ""), "hunter2") {
		t.Errorf("a user without password: %v", err)
	}
	c, err := config.LoadTURN([]string{"--user", "ada:one", "--user", "ben:two,eve:three"}, env(map[string]string{"PASSERBY_TURN_REALM": "example.org"}), nil)
	if err != nil || len(c.Users) != 3 || c.Users["eve"] != "three" || c.Realm != "example.org" {
		t.Errorf("%+v, %v", c, err)
	}
}

// A list may be given at once or bit by bit, and a higher layer's is put in the place of a lower one's.
func TestSeveralSecrets(t *testing.T) {
	const a, b = "the secret of this month", "the secret of last month"
	file := filepath.Join(t.TempDir(), "turn.yaml")
	if err := os.WriteFile(file, []byte("secret: [\"a secret that was stolen\", \""+b+"\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		env  map[string]string
	}{
		"comma":          {[]string{"--secret", a + "," + b}, nil},
		"twice":          {[]string{"--secret", a, "--secret", b}, nil},
		"over a file":    {[]string{"--config", file, "--secret", a, "--secret", b}, nil},
		"by environment": {[]string{"--config", file}, map[string]string{"PASSERBY_TURN_SECRET": a + "," + b}},
	} {
		if c, err := config.LoadTURN(tt.args, env(tt.env), nil); err != nil || !slices.Equal(c.Secrets, []string{a, b}) {
			t.Errorf("%s: %q, %v", name, c.Secrets, err)
		}
	}
	if _, err := config.LoadTURN([]string{"--listen", ":3480", "--single-port", "3480"}, none, nil); err == nil || !strings.Contains(err.Error(), "--single-port 3480") {
		t.Errorf("a relay port that clients come in by: %v", err)
	}
	if _, err := config.LoadTURN([]string{"--secret", a, "--secret", "short"}, none, nil); err == nil {
		t.Error("a short second secret is taken")
	}
}

func TestFaultsAreNamedAllAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		env  map[string]string
		want []string
	}{
		{"several", []string{"--http", "8080", "--log-level", "loud", "--turn-secret", "short"}, nil, []string{"http:", "log-level:", "turn-secret:"}},
		{"unknown flag", []string{"--nonsense"}, nil, []string{" --nonsense", "--help"}},
		{"argument", []string{"now"}, nil, []string{`"now"`}},
		{"environment", nil, map[string]string{"PASSERBY_PUBLIC_IP": "here"}, []string{"PASSERBY_PUBLIC_IP", "not an IP address"}},
		{"unknown key", []string{"--config", write(t, "htp: ':1'")}, nil, []string{`"htp" is not a setting; see passerby serve --help`}},
		{"nested", []string{"--config", write(t, "http: {a: 1}")}, nil, []string{"http:"}},
		{"not YAML", []string{"--config", write(t, "a: [")}, nil, []string{"not valid YAML"}},
		{"no file", []string{"--config", "/does/not/exist"}, nil, []string{"--config", "no such file", "name a YAML file; config/passerby.yaml is an example"}},
		{"half of TLS", []string{"--tls-cert", "x"}, nil, []string{"tls-key"}},
		{"HTTPS without a certificate", []string{"--https", ":443"}, nil, []string{"--https: there is no certificate"}},
		{"HTTPS without a port", []string{"--https", "443", "--host", "https://chat.example.org"}, nil, []string{"--https:", "--host:"}},
		{"a CA whose terms nobody accepted", []string{"--https", ":443", "--acme-domain", "chat.example.org"}, nil, []string{"--acme-accept-terms: the CA has terms"}},
		{"origin with a path", []string{"--allowed-origins", "https://a.example/x"}, nil, []string{"allowed-origins"}},
		{"frames of all origins", []string{"--embed-origins", "https://*.example.org"}, nil, []string{`--embed-origins: "https://*.example.org" is not an origin that can hold the chat`}},
		{"a frame in plain HTTP", []string{"--embed-origins", "http://www.example.org"}, nil, []string{"--embed-origins", "http for localhost alone"}},
		{"an origin as no browser writes it", []string{"--embed-origins", "https://www.example.org:443"}, nil, []string{"--embed-origins", "no usual port"}},
		{"an origin with more policy behind", []string{"--embed-origins", "https://www.example.org; script-src http:"}, nil, []string{"--embed-origins"}},
		{"a likelihood above one", []string{"--nudity-check", "70"}, nil, []string{"--nudity-check: 70 is no likelihood", "like 0.7"}},
		{"no likelihood at all", []string{"--nudity-check", "NaN"}, nil, []string{"--nudity-check"}},
		{"no network of proxies", []string{"--trusted-proxies", "proxy.example"}, nil, []string{"trusted-proxies", "not a network"}},
		{"everybody a proxy", []string{"--trusted-proxies", "10.0.0.0/8,0.0.0.0/0"}, nil, []string{"--trusted-proxies: 0.0.0.0/0 is everybody"}},
		{"everybody a proxy, IPv4 in IPv6", []string{"--trusted-proxies", "::ffff:0.0.0.0/96"}, nil, []string{"--trusted-proxies: 0.0.0.0/0 is everybody"}},
		{"redis", []string{"--redis", "http://x"}, nil, []string{"redis:", "redis://host"}},
		{"bus", []string{"--redis", "redis://x", "--bus", "http://u:secret@x"}, nil, []string{"bus: no RabbitMQ URL", "amqp://"}},
		{"bus alone", []string{"--bus", "amqp://x"}, nil, []string{"bus:", "--redis"}},
		{"database", []string{"--database", "postgres://u:p@h:x/d"}, nil, []string{"database:"}},
		{"database of another kind", []string{"--database", "mysql://x"}, nil, []string{"database:", "SQLite"}},
		{"retention", []string{"--retain-chats", "-1h", "--retain-bans", "1s"}, nil, []string{"--retain-chats", "--retain-bans"}},
		{"no network", []string{"--turn-allow-peers", "203.0.113.1"}, nil, []string{"turn-allow-peers", "not a network"}},
		{"negative time", []string{"--grace", "-1s"}, nil, []string{"grace:"}},
		{"bare number", []string{"--grace", "10"}, nil, []string{"--grace", "write it like 500ms, 10s, 2m"}},
		{"time in the environment", nil, map[string]string{"PASSERBY_REMATCH": "abc"}, []string{"PASSERBY_REMATCH", "write it like 500ms, 10s, 2m"}},
		{"word for a number", []string{"--max-sessions", "many"}, nil, []string{"--max-sessions", "write a number"}},
		{"port out of range", []string{"--http", ":99999"}, nil, []string{"--http:", "0 to 65535"}},
		{"port with a name", []string{"--http", "foo:bar"}, nil, []string{"--http:", "0 to 65535"}},
		{"top-level list", []string{"--config", write(t, "- http")}, nil, []string{"write key: value lines"}},
		{"list for one value", []string{"--config", write(t, "max-sessions: [1]")}, nil, []string{"max-sessions: write one value, not a list"}},
		{"no room for an address", []string{"--max-per-address", "0"}, nil, []string{"max-per-address"}},
		{"no room", []string{"--max-sessions", "0"}, nil, []string{"max-sessions"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Load(tt.args, env(tt.env), nil)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func TestValuesFromFiles(t *testing.T) {
	secret := write(t, "redis://:pass@host:6379\n")
	c, err := config.Load(nil, env(map[string]string{"PASSERBY_REDIS_FILE": secret}), nil)
	if err != nil || c.Redis != "redis://:pass@host:6379" {
		t.Errorf("%q, %v", c.Redis, err)
	}
	c, err = config.Load([]string{"--redis", "redis://flag"}, env(map[string]string{"PASSERBY_REDIS_FILE": secret}), nil)
	if err != nil || c.Redis != "redis://flag" {
		t.Errorf("a flag should win: %q, %v", c.Redis, err)
	}
	for want, vars := range map[string]map[string]string{
		"PASSERBY_REDIS_FILE: PASSERBY_REDIS is there too": {"PASSERBY_REDIS_FILE": secret, "PASSERBY_REDIS": "redis://x"},
		"name a file that this user may read":              {"PASSERBY_REDIS_FILE": "/does/not/exist"},
		"PASSERBY_MAX_SESSIONS_FILE: ":                     {"PASSERBY_MAX_SESSIONS_FILE": secret},
	} {
		if _, err := config.Load(nil, env(vars), nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass") && strings.Contains(err.Error(), "redis:") {
			t.Errorf("%v: want %q", err, want)
		}
	}
	if got := config.UnknownEnv([]string{"PASSERBY_REDIS_FILE=x", "PASSERBY_TURN_REALM_FILE=x", "PASSERBY_REDDIS_FILE=x"}); !reflect.DeepEqual(got, []string{"PASSERBY_REDDIS_FILE"}) {
		t.Errorf("unknown: %q", got)
	}
}

func TestUnknownEnv(t *testing.T) {
	got := config.UnknownEnv([]string{"HOME=/", "PASSERBY_HTTP=:1", "PASSERBY_TURN_SECRET=x", "PASSERBY_TEST_X=1", "PASSERBY_HTPP=:1"})
	if !reflect.DeepEqual(got, []string{"PASSERBY_HTPP"}) {
		t.Errorf("got %q", got)
	}
}
