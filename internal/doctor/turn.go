package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	pion "github.com/pion/turn/v5"
)

// TURN is a TURN server to be tested, and a login for it.
type TURN struct {
	Server             string         // host:port, UDP and TCP
	TLSServer          string         // host:port; empty tests no TLS
	AnyCertificate     bool           // trust any certificate
	Roots              *x509.CertPool // that certificates are checked with; nil: the system's
	Username, Password string
}

// Run lets two clients of the server meet through it over each transport, and reports each as soon as it is done.
func (t TURN) Run(ctx context.Context, report func(Check)) {
	check := func(name, fix string, f func(context.Context) (string, error)) {
		ctx, cancel := context.WithTimeout(ctx, eachCheck)
		defer cancel()
		said, err := f(ctx)
		if err == nil && said != "" {
			name += ": " + said
		}
		report(Check{Name: name, Err: err, Fix: fix})
	}
	check("STUN over UDP", "open the listen port for UDP in the firewall", t.stun)
	check("TURN over UDP", "open the listen port for UDP, check the credentials and the clocks", func(ctx context.Context) (string, error) { return t.relay(ctx, "udp") })
	check("TURN over TCP", "open the listen port for TCP", func(ctx context.Context) (string, error) { return t.relay(ctx, "tcp") })
	check("TCP relays", "open the listen port for TCP; the server finds its own relays whatever the firewall does", t.relayTCP)
	if t.TLSServer != "" && !t.AnyCertificate {
		check("certificate", "give tls-cert and tls-key the files of a CA that browsers know, or let acme-domain get them", func(ctx context.Context) (string, error) { return certificate(ctx, t.TLSServer, t.Roots) })
	}
	if t.TLSServer != "" {
		check("TURN over TLS", "open the TLS port for TCP, and check the certificate and its name", func(ctx context.Context) (string, error) { return t.relay(ctx, "tls") })
		check("TURN over DTLS", "open the TLS port for UDP too, and check the certificate and its name", func(ctx context.Context) (string, error) { return t.relay(ctx, "dtls") })
	}
}

func (t TURN) stun(ctx context.Context) (string, error) {
	c, err := t.dial(ctx, "udp")
	if err != nil {
		return "", err
	}
	defer c.close()
	seen, err := c.SendBindingRequest()
	if err != nil {
		return "", explainTURN(err)
	}
	return "the server sees this machine as " + seen.String(), nil
}

// relay sends from one allocation to another and back.
func (t TURN) relay(ctx context.Context, transport string) (string, error) {
	var ends [2]net.PacketConn
	for i := range ends {
		c, err := t.dial(ctx, transport)
		if err != nil {
			return "", err
		}
		defer c.close()
		if ends[i], err = c.Allocate(); err != nil {
			return "", explainTURN(err)
		}
		defer func() { _ = ends[i].Close() }()
	}
	deadline, _ := ctx.Deadline()
	buf := make([]byte, 1500)
	for try := range 5 {
		began := time.Now()
		// Each must have sent before he may receive: that makes the permission.
		for i := range ends {
			if _, err := ends[i].WriteTo([]byte(hello), ends[1-i].LocalAddr()); err != nil {
				return "", fmt.Errorf("the server gives an address, %v, but no permission to talk to it: %w", ends[1-i].LocalAddr(), err)
			}
		}
		wait := began.Add(time.Duration(try+1) * 300 * time.Millisecond)
		if wait.After(deadline) {
			break
		}
		if err := ends[1].SetReadDeadline(wait); err != nil {
			return "", err
		}
		if n, _, err := ends[1].ReadFrom(buf); err == nil && string(buf[:n]) == hello {
			return fmt.Sprintf("relayed by %v, one way in %v", ends[0].LocalAddr(), time.Since(began).Round(10*time.Microsecond)), nil
		}
	}
	return "", fmt.Errorf("the server gives an address, %v, but nothing sent from one relay reaches the other: its relay ports may be closed, or its public address wrong", ends[0].LocalAddr())
}

// secureTURN is where the server at base says that it speaks TURN over TLS; false when it does not.
func secureTURN(ctx context.Context, base string) (TURN, bool) {
	ctx, cancel := context.WithTimeout(ctx, eachCheck)
	defer cancel()
	session, err := newSession(ctx, base)
	if err != nil {
		return TURN{}, false
	}
	for _, entry := range session.ICEServers {
		for _, u := range entry.URLs {
			if server, ok := strings.CutPrefix(u, "turns:"); ok {
				server, _, _ = strings.Cut(server, "?")
				return TURN{TLSServer: server, Username: entry.Username, Password: entry.Credential}, true
			}
		}
	}
	return TURN{}, false
}

// allocate asks for a relay over TLS.
func (t TURN) allocate(ctx context.Context) error {
	c, err := t.dial(ctx, "tls")
	if err != nil {
		return err
	}
	defer c.close()
	relay, err := c.Allocate()
	if err != nil {
		return explainTURN(err)
	}
	return relay.Close()
}

type turnClient struct {
	*pion.Client
	conn net.PacketConn
}

func (c turnClient) close() {
	c.Close()
	_ = c.conn.Close()
}

func (t TURN) dial(ctx context.Context, transport string) (turnClient, error) {
	var conn net.PacketConn
	var err error
	switch transport {
	case "udp":
		var at *net.UDPAddr
		if at, err = net.ResolveUDPAddr("udp", t.Server); err == nil {
			conn, err = net.ListenPacket(familyOf(at), ":0")
		}
	case "tcp":
		var c net.Conn
		if c, err = (&net.Dialer{}).DialContext(ctx, "tcp", t.Server); err == nil {
			conn = pion.NewSTUNConn(c)
		}
	case "tls":
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: t.AnyCertificate, RootCAs: t.Roots}} //nolint:gosec // the operator asked for it
		var c net.Conn
		if c, err = d.DialContext(ctx, "tcp", t.TLSServer); err == nil {
			conn = pion.NewSTUNConn(c)
		} else {
			err = explainTLS(err, t.TLSServer)
		}
	case "dtls":
		var c net.Conn
		if c, err = t.dialDTLS(ctx); err == nil {
			conn = pion.NewSTUNConn(c)
		}
	}
	if err != nil {
		return turnClient{}, err
	}
	server := t.Server
	if transport == "tls" || transport == "dtls" {
		server = t.TLSServer
	}
	c, err := pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: server, TURNServerAddr: server, Conn: conn, Username: t.Username, Password: t.Password,
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err == nil {
		err = c.Listen()
	}
	if err != nil {
		return turnClient{}, errors.Join(err, conn.Close())
	}
	return turnClient{c, conn}, nil
}

// familyOf is the network of a socket that talks to an address: one of both families would ask for an IPv6 relay.
func familyOf(at *net.UDPAddr) string {
	if at.IP.To4() == nil {
		return "udp6"
	}
	return "udp4"
}

// dialDTLS connects and shakes hands.
func (t TURN) dialDTLS(ctx context.Context) (net.Conn, error) {
	at, err := net.ResolveUDPAddr("udp", t.TLSServer)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(t.TLSServer)
	c, err := dtls.DialWithOptions(familyOf(at), at, dtls.WithServerName(host), dtls.WithInsecureSkipVerify(t.AnyCertificate), dtls.WithRootCAs(t.Roots))
	if err != nil {
		return nil, err
	}
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// explainTURN puts the common answers of a server into words.
func explainTURN(err error) error {
	var answered *stun.TurnError
	if errors.As(err, &answered) {
		switch answered.ErrorCodeAttr.Code {
		case 401:
			return fmt.Errorf("the server does not accept the credentials: wrong secret or password, or they expired by its clock: %w", err)
		case 438:
			return fmt.Errorf("the server says that its nonce is stale again and again: %w", err)
		case 486:
			return fmt.Errorf("this user holds as many allocations as he may: %w", err)
		case 508:
			return fmt.Errorf("the server has no relay port left: %w", err)
		}
	}
	return fmt.Errorf("no answer: the way to the server is blocked, or nothing listens there: %w", err)
}
