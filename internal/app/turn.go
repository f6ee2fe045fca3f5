package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"passerby/internal/config"
	"passerby/signaling/protocol"
	"passerby/turn"
)

// turnCommand serves TURN alone, or does what its own subcommand says.
func turnCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "credentials":
			return turnCredentials(args[1:], stdout)
		case "doctor":
			return turnDoctor(ctx, args[1:], stdout)
		}
	}
	cfg, err := config.LoadTURN(args, os.LookupEnv, stdout)
	if errors.Is(err, config.ErrHelp) {
		fmt.Fprint(stdout, "\n  passerby turn credentials    print a username and password that expire\n  passerby turn doctor         test a TURN server and say what is blocked\n")
		return err
	} else if err != nil {
		return usageError{err}
	}
	s, err := StartTURN(cfg, stderr)
	if err != nil {
		return err
	}
	warnEnv(s.log, "turn")
	s.greet(stdout)
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) // a spare one, so that the runtime need not take those of the shards away while they are in system calls
	return s.Run(ctx)
}

// TURNServer is a running `passerby turn`.
type TURNServer struct {
	cfg      config.TURN
	log      *slog.Logger
	secret   string
	made     bool          // the secret was made at this start
	certs    *certificates // nil without TLS
	server   *turn.Server
	api      net.Listener // of the API that makes credentials; nil when off
	admin    net.Listener // nil when off
	registry *prometheus.Registry
	draining atomic.Bool
}

// StartTURN opens every port; logs go to logs. On an error all is closed again.
func StartTURN(cfg config.TURN, logs io.Writer) (*TURNServer, error) {
	s := &TURNServer{cfg: cfg, log: logger(cfg.LogLevel, cfg.LogFormat, logs), registry: prometheus.NewRegistry()}
	var former []string
	if len(cfg.Secrets) > 0 {
		s.secret, former = cfg.Secrets[0], cfg.Secrets[1:]
	}
	if s.secret == "" && (len(cfg.Users) == 0 || cfg.APIListen != "off") && !cfg.STUNOnly {
		s.secret, s.made = rand.Text(), true
	}
	settings := turn.Config{
		Listen: cfg.Listen, Realm: cfg.Realm, Secret: s.secret, Accept: former, Users: cfg.Users, STUNOnly: cfg.STUNOnly,
		MinPort: uint16(cfg.MinPort), MaxPort: uint16(cfg.MaxPort), SinglePort: uint16(cfg.SinglePort), Quota: cfg.Quota, MaxPerAddress: cfg.PerAddress, MaxAllocations: cfg.Allocations, MaxTCP: cfg.MaxTCP, //nolint:gosec // checked by Validate
		AllowPeers: append([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, cfg.AllowPeer...),
		DenyPeers:  cfg.DenyPeer, Hairpin: true, TCPRelay: cfg.TCPRelay, Mobility: cfg.Mobility, Logger: s.log, Alternates: cfg.Alternates,
		MaxBandwidth: cfg.Bandwidth[0], MaxUserBandwidth: cfg.Bandwidth[1], MaxTotalBandwidth: cfg.Bandwidth[2], MaxLifetime: cfg.Lifetime,
	}
	for _, a := range cfg.AlternateTLS {
		settings.TLSAlternates = append(settings.TLSAlternates, turn.Alternate{At: a.At, Domain: a.Domain})
	}
	settings.RelayIP, settings.RelayIP6 = families(cfg.RelayIP)
	settings.PublicIP, settings.PublicIP6 = families(cfg.PublicIP)
	if settings.PublicIP6.IsValid() && !settings.RelayIP6.IsValid() {
		settings.RelayIP6 = netip.IPv6Unspecified()
	}
	var err error
	if s.certs, err = openCertificates(cfg.TLSCert, cfg.TLSKey, cfg.ACME, s.log); err != nil {
		return nil, err
	}
	if s.certs != nil {
		settings.TLSListen, settings.TLS = cfg.TLSListen, s.certs.tls()
	}
	if s.server, err = turn.Listen(settings); err != nil {
		setting, addr := "listen", cfg.Listen
		if op := (*net.OpError)(nil); s.certs != nil && errors.As(err, &op) && op.Addr != nil && portOf(op.Addr.String()) == portOf(cfg.TLSListen) {
			setting, addr = "tls-listen", cfg.TLSListen
		}
		return nil, errors.Join(explain(setting, addr, err), s.certs.close())
	}
	if err := s.listenHTTP(); err != nil {
		return nil, errors.Join(err, s.server.Close(), s.certs.close())
	}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), turnMetrics{s.server})
	return s, nil
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// families picks the IPv4 and the IPv6 address of a list that holds at most one of each.
func families(ips []netip.Addr) (v4, v6 netip.Addr) {
	for _, ip := range ips {
		if ip.Unmap().Is4() {
			v4 = ip.Unmap()
		} else {
			v6 = ip
		}
	}
	return v4, v6
}

// Run serves until ctx ends, then lets calls go on for a bounded time. It returns when all has ended.
func (s *TURNServer) Run(ctx context.Context) error {
	g, inner := errgroup.WithContext(ctx)
	if s.certs != nil {
		s.certs.run(inner, g, http.NotFoundHandler())
	}
	api, admin := s.apiHTTP(), adminHTTP(s.cfg.Admin, s.registry, s.ready, s.ready, nil, nil, nil)
	if s.api != nil {
		g.Go(func() error { return serve(api, s.api) })
	}
	if s.admin != nil {
		g.Go(func() error { return serve(admin, s.admin) })
	}
	g.Go(func() error {
		<-inner.Done()
		s.draining.Store(true)
		s.log.Info("draining", "at_most", s.cfg.DrainTimeout)
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout)
		defer cancel()
		if err := s.server.Drain(wait); err != nil {
			s.log.Warn("drain", "err", err)
		}
		return errors.Join(s.server.Close(), api.Close(), admin.Close())
	})
	err := g.Wait()
	s.log.Info("stopped")
	return err
}

func (s *TURNServer) ready() error {
	if s.draining.Load() {
		return errors.New("draining")
	}
	return nil
}

// URLs are what clients are told, the best way first.
func (s *TURNServer) URLs() []string {
	plain, secure := s.hosts()
	at := func(host string, a net.Addr) string {
		_, port, _ := net.SplitHostPort(a.String())
		return net.JoinHostPort(host, port)
	}
	if s.cfg.STUNOnly {
		return []string{"stun:" + at(plain, s.server.UDPAddr())}
	}
	urls := []string{
		"turn:" + at(plain, s.server.UDPAddr()) + "?transport=udp",
		"turn:" + at(plain, s.server.TCPAddr()) + "?transport=tcp",
	}
	if tls := s.server.TLSAddr(); tls != nil {
		urls = append(urls, "turns:"+at(secure, tls)+"?transport=tcp")
	}
	return urls
}

// hosts are the names in the URLs: over TLS one that the certificate is for, if there is one. A name in a file need not lead here for all else.
func (s *TURNServer) hosts() (plain, secure string) {
	plain = s.cfg.Host
	if plain == "" && s.certs != nil && s.certs.ca != nil {
		plain = s.certs.host
	}
	secure = plain
	if plain == "" {
		plain = s.server.PublicIP().String()
	}
	if secure == "" && s.certs != nil {
		secure = s.certs.host
	}
	if secure == "" {
		secure = plain
	}
	return plain, secure
}

// ICEServers is one entry for RTCPeerConnection's iceServers, with credentials for a user that are good for ttl.
func (s *TURNServer) ICEServers(user string, ttl time.Duration) []protocol.ICEServer {
	entry := protocol.ICEServer{URLs: s.URLs()}
	if s.secret != "" {
		entry.Username, entry.Credential = turn.Credentials(s.secret, user, ttl, time.Now())
	}
	return []protocol.ICEServer{entry}
}

// greet tells the operator what to paste where. A secret is shown only when it was made here, since it is nowhere else.
func (s *TURNServer) greet(out io.Writer) {
	what := "TURN"
	if s.cfg.STUNOnly {
		what = "STUN, and nothing else,"
	}
	fmt.Fprintf(out, "\n  %s is at %s (UDP and TCP)\n", what, s.URLs()[0])
	if ip := s.server.PublicIP(); ip.IsPrivate() || ip.IsLoopback() {
		fmt.Fprintf(out, "  %v is a private address: name the public one with --public-ip if clients come from the Internet.\n", ip)
	}
	if s.api != nil {
		fmt.Fprintf(out, "  Your application gets credentials by POST %s/v1/credentials with an API key.\n\n", s.APIURL())
		return
	}
	if s.made {
		fmt.Fprintf(out, "\n  No secret and no user was set, so one was made for this start: --secret %s\n  Give it to your application, which makes credentials from it, and to the next start.\n", s.secret)
	}
	if s.secret == "" && !s.cfg.STUNOnly {
		fmt.Fprintf(out, "  Log in with a name and password of --user.\n")
	}
	if s.made || s.cfg.STUNOnly {
		servers, _ := json.MarshalIndent(s.ICEServers("test", 24*time.Hour), "  ", "  ")
		fmt.Fprintf(out, "\n  To try it now (good for 24 hours):\n\n  iceServers: %s\n", servers)
	} else if s.secret != "" {
		fmt.Fprintf(out, "  To try it: passerby turn credentials --secret …\n")
	}
	fmt.Fprintln(out)
}

// envSecret is the secret of the environment, the first if there are several.
func envSecret() string {
	first, _, _ := strings.Cut(os.Getenv(config.TURNEnvName("secret")), ",")
	return strings.TrimSpace(first)
}

// turnCredentials prints what the application would make.
func turnCredentials(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("turn credentials", flag.ContinueOnError)
	secret := fs.String("secret", envSecret(), "the `secret` that the server has; also "+config.TURNEnvName("secret"))
	user := fs.String("user", "", "`name` that quotas count by")
	ttl := fs.Duration("ttl", time.Hour, "how `long` an allocation may be made with them")
	if err := parse(fs, args, stdout); err != nil {
		return err
	}
	if *secret == "" {
		return usageError{errors.New("--secret is missing: give the secret that the server has")}
	}
	if *ttl <= 0 {
		return usageError{errors.New("--ttl: a time ahead, like 1h")}
	}
	username, password := turn.Credentials(*secret, *user, *ttl, time.Now())
	if _, _, err := turn.ParseUsername(username); err != nil {
		return usageError{fmt.Errorf("--user: %w", err)}
	}
	fmt.Fprintf(stdout, "username: %s\npassword: %s\n", username, password)
	return nil
}
