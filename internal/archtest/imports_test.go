package archtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "passerby"

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// packages lists the module's packages as the go command sees them.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("only %d packages found: the test looks in the wrong place", len(all))
	}
	return all
}

// room is the top-level folder of a package of ours, or "" for a foreign one.
func room(path string) string {
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	r, _, _ := strings.Cut(rest, "/")
	return r
}

func within(path string, dirs ...string) bool {
	for _, d := range dirs {
		if p := module + "/" + d; path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

// fault says why a package may not import another one, or "".
func fault(from, to string) string {
	f, t := room(from), room(to)
	library := f == "sfu" || f == "turn" || f == "match" || f == "signaling"
	switch {
	case (f == "sfu" || f == "turn") && within(to, "internal/batch"): // system calls, and nothing of ours
	case library && t != "" && t != f:
		return f + " is a library of its own: it imports no other room; internal/app wires them"
	case f == "cmd" && t != "" && !within(to, "internal/app"):
		return "cmd only calls internal/app"
	case within(from, "internal/evidence") && within(to, "sfu/tape"): // a format, and nothing that acts
	case f == "internal" && (t == "sfu" || t == "turn" || t == "match") && !within(from, "internal/app", "internal/doctor"):
		return "only internal/app knows everything"
	case f == "internal" && t == "signaling" && !within(to, "signaling/protocol") && !within(from, "internal/app", "internal/bus"):
		return "only internal/app knows the hub; others may use signaling/protocol"
	case t == "bench" && f != "bench":
		return "the product does not need its benchmarks"
	}
	for lib, where := range map[string][]string{
		"github.com/gorilla/websocket":        {"client", "signaling", "internal/doctor", "internal/testenv", "bench"},
		"github.com/redis/go-redis":           {"match/redis", "internal/bus/redis", "internal/cluster", "internal/limit/redis", "internal/proof/redis", "internal/redisdb", "bench"},
		"github.com/rabbitmq/amqp091-go":      {"internal/bus/rabbit", "internal/events/rabbit"},
		"github.com/twmb/franz-go":            {"internal/events/kafka"},
		"golang.org/x/crypto/acme":            {"internal/acme"},
		"github.com/jackc/pgx":                {"internal/store/postgres"},
		"modernc.org/sqlite":                  {"internal/store/sqlite"},
		"github.com/pressly/goose":            {"internal/store"},
		"github.com/pion/webrtc":              {"client", "sfu", "internal/doctor", "bench", "internal/testenv"},
		"github.com/pion/turn":                {"turn", "internal/doctor", "bench"},
		"github.com/golang-jwt":               {"internal/auth"},
		"github.com/go-webauthn/webauthn":     {"internal/staff"},
		"github.com/coreos/go-oidc":           {"internal/staff"},
		"golang.org/x/oauth2":                 {"internal/staff"},
		"github.com/pquerna/otp":              {"internal/staff"},
		"golang.org/x/crypto/argon2":          {"internal/staff"},
		"go.yaml.in/yaml":                     {"internal/brand", "internal/config", "internal/apidoc"},
		"github.com/prometheus/client_golang": {"internal", "signaling", "sfu", "turn", "match", "bench"},
		"github.com/at-wat/ebml-go":           {"internal/evidence"},
		"github.com/stretchr/testify":         {},
	} {
		if (to == lib || strings.HasPrefix(to, lib+"/")) && !within(from, where...) {
			return lib + " may appear only in " + strings.Join(where, ", ")
		}
	}
	return ""
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		for _, to := range p.Imports {
			if why := fault(p.ImportPath, to); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
			}
		}
		// Tests may use the protocol's libraries as clients, but rooms stay apart in tests too.
		for _, to := range append(p.TestImports, p.XTestImports...) {
			if f, r := room(p.ImportPath), room(to); f != r && (r == "sfu" || r == "turn" || r == "match" || r == "signaling") {
				if why := fault(p.ImportPath, to); why != "" {
					t.Errorf("a test of %s imports %s: %s", p.ImportPath, to, why)
				}
			}
		}
	}
}

func TestTheRuleSeesFaults(t *testing.T) {
	for _, tt := range []struct{ from, to string }{
		{"passerby/sfu", "passerby/turn"},
		{"passerby/match/memory", "passerby/signaling"},
		{"passerby/signaling", "passerby/internal/app"},
		{"passerby/cmd/passerby", "passerby/sfu"},
		{"passerby/internal/auth", "passerby/match"},
		{"passerby/internal/httpapi", "passerby/signaling"},
		{"passerby/internal/app", "github.com/pion/webrtc/v4"},
		{"passerby/match", "github.com/redis/go-redis/v9"},
		{"passerby/internal/app", "passerby/bench/impair"},
	} {
		if fault(tt.from, tt.to) == "" {
			t.Errorf("%s may import %s, and should not", tt.from, tt.to)
		}
	}
}
