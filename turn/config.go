package turn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"
)

// Config is what a Server is made from. The zero value of a field means its default.
type Config struct {
	Listen string // UDP and TCP, the same port; default ":3478"; port 0 picks one
	Realm  string // default "passerby"

	// Who may allocate: holders of Credentials made with Secret, and Users, by
	// name and password, for as long as they like. One of the two is required,
	// unless STUNOnly, which answers Binding requests and nothing else.
	Secret   string
	Accept   []string // former secrets, whose Credentials are good too, while applications change over
	Users    map[string]string
	STUNOnly bool

	// TLS over TCP and DTLS over UDP, the same port; default: neither. The PEM
	// files are read again when they change. TLS stands in their place; DTLS asks
	// its GetCertificate too, with nothing but the server's name.
	TLSListen string
	TLSCert   string
	TLSKey    string
	TLS       *tls.Config

	RelayIP  netip.Addr // IPv4 that relay sockets bind to; default 0.0.0.0, from which loopback peers are reached too
	PublicIP netip.Addr // IPv4 that clients are told; default RelayIP, else the first address of this machine
	MinPort  uint16     // range of relay ports, both included; default: any port the system gives
	MaxPort  uint16

	// One UDP port that all relays have together; default: each has its own. What
	// comes from a peer belongs to the client that talked to that address and port
	// first, so two clients cannot have one peer, such as a media server, at the same
	// time; two clients of this server reach each other only by ICE.
	SinglePort uint16

	// TCPRelay relays TCP for clients who come over TCP or TLS (RFC 6062), to the peers that the lists below allow, from port 1024 up; a port below must be
	// named in AllowPeerAddrs, or by AllowPeer. Default: 442. Each such allocation listens at a TCP port of its own, of the same range, also with SinglePort.
	// There are MaxTCP relayed connections at most, MaxPerAddress for a client address, and 32 for an allocation.
	TCPRelay bool

	// IPv6 that relay sockets bind to and that clients are told; default: no
	// IPv6 relays, and 440 to who asks for one. RelayIP6 defaults to PublicIP6.
	RelayIP6  netip.Addr
	PublicIP6 netip.Addr

	// Peers that may be relayed to; nobody else is. A prefix opens loopback,
	// private, link-local and other special addresses only when it lies within
	// such a range itself: 0.0.0.0/0 opens the public Internet, not 127.0.0.1.
	AllowPeers     []netip.Prefix
	AllowPeerAddrs []netip.AddrPort

	// DenyPeers wins over all that allows, AllowPeer included.
	DenyPeers []netip.Prefix

	// Hairpin lets one client's relay be the peer of another's. The two need no
	// entry in the lists above: what they send goes from relay to relay inside
	// the server. Other ports of this machine's own addresses stay closed to a
	// prefix that is wider than the address itself.
	Hairpin bool

	// AllowPeer, when set, is asked before the two lists and may allow more,
	// special addresses included; port 0 means "any port of this address". An
	// allocation remembers the answer. The reason of a refusal is counted, so
	// it should come from a small set. Unspecified, multicast and broadcast
	// addresses are refused without asking.
	AllowPeer func(netip.AddrPort) (ok bool, reason string)

	// Allocations at once: of a user, of a client address (IPv6: of a /64), which
	// closes the way around Quota for who can have many names, and of the server.
	// Over the first two an Allocate gets 486, over the third 508. An address may
	// have MaxPerAddress connections, too, over TCP, TLS and DTLS each.
	// Firefox asks for 5 before its partner has answered a call with sound, picture and
	// data, for each URL that it is told and each address that it has.
	Quota          int // default 64
	MaxPerAddress  int // default 256
	MaxAllocations int // default 16384

	// Other servers, with the same secrets, for who has logged in and finds this one
	// draining, or without room for one more allocation: 300 with one of them, in the
	// family of the client's address, instead of 486 or 508. The first list is for UDP
	// and TCP, the second for TLS and DTLS. A user over Quota is not sent away.
	Alternates    []netip.AddrPort
	TLSAlternates []Alternate

	Mobility bool // lets a client take its allocation to another address (RFC 8016); default: 405 to who asks

	// Bandwidth in bits a second of payload, to peers and to clients each: of an
	// allocation, of the allocations of a user, and of all; half a second's worth may
	// go at once. What is beyond is dropped. 0: no limit.
	MaxBandwidth      int64
	MaxUserBandwidth  int64
	MaxTotalBandwidth int64

	MaxLifetime time.Duration // how long an allocation lives, however often it is refreshed; 0: no limit

	MaxAge time.Duration // how long an allocation outlives its credentials; default 12 h
	MaxTCP int           // TCP, TLS and DTLS connections at once, each; default 4096

	// UDP clients are spread over Shards sockets, each with a goroutine of its
	// own; default: one per core. Plain moves packets one by one, with a goroutine
	// for each relay, as on systems other than Linux.
	Shards int
	Plain  bool

	Logger *slog.Logger     // default: discards; neither addresses nor secrets are logged
	Now    func() time.Time // default time.Now
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = ":3478"
	}
	if c.Realm == "" {
		c.Realm = "passerby"
	}
	if !c.RelayIP.IsValid() {
		c.RelayIP = netip.IPv4Unspecified()
	}
	if !c.PublicIP.IsValid() {
		c.PublicIP = c.RelayIP
		if c.RelayIP.IsUnspecified() {
			c.PublicIP = ownAddress()
		}
	}
	if !c.RelayIP6.IsValid() {
		c.RelayIP6 = c.PublicIP6
	}
	if !c.PublicIP6.IsValid() && !c.RelayIP6.IsUnspecified() {
		c.PublicIP6 = c.RelayIP6
	}
	if c.Quota == 0 {
		c.Quota = 64
	}
	if c.MaxPerAddress == 0 {
		c.MaxPerAddress = 256
	}
	if c.MaxAllocations == 0 {
		c.MaxAllocations = 16384
	}
	if c.MaxAge == 0 {
		c.MaxAge = 12 * time.Hour
	}
	if c.MaxTCP == 0 {
		c.MaxTCP = 4096
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate returns everything that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	if c.Secret == "" && len(c.Users) == 0 && !c.STUNOnly {
		errs = append(errs, errors.New("neither Secret nor Users: nobody could log in"))
	}
	if slices.Contains(c.Accept, "") {
		errs = append(errs, errors.New("an empty secret in Accept: anybody could make its credentials"))
	}
	for name, password := range c.Users {
		if name == "" || password == "" || len(name) > maxUsername {
			errs = append(errs, errors.New("an entry of Users without name or password, or with too long a name"))
		}
	}
	if (c.TLSListen == "") != (c.TLSCert == "" && c.TLS == nil) || (c.TLSCert == "") != (c.TLSKey == "") || c.TLSCert != "" && c.TLS != nil {
		errs = append(errs, errors.New("TLSListen and either TLSCert and TLSKey, or TLS, belong together"))
	}
	if c.TLS != nil && c.TLS.GetCertificate == nil {
		errs = append(errs, errors.New("TLS has no GetCertificate, which DTLS needs"))
	}
	if c.RelayIP.IsValid() && !c.RelayIP.Is4() {
		errs = append(errs, fmt.Errorf("RelayIP %v is not IPv4", c.RelayIP))
	}
	if c.PublicIP.IsValid() && (!c.PublicIP.Is4() || c.PublicIP.IsUnspecified()) {
		errs = append(errs, fmt.Errorf("PublicIP %v is not an IPv4 address that a client could use", c.PublicIP))
	}
	for name, a := range map[string]netip.Addr{"RelayIP6": c.RelayIP6, "PublicIP6": c.PublicIP6} {
		if a.IsValid() && (!a.Is6() || a.Is4In6()) {
			errs = append(errs, fmt.Errorf("%s %v is not IPv6", name, a))
		}
	}
	if c.PublicIP6.IsUnspecified() || c.RelayIP6.IsUnspecified() && !c.PublicIP6.IsValid() {
		errs = append(errs, errors.New("PublicIP6 is missing: clients must be told an address"))
	}
	if (c.MinPort == 0) != (c.MaxPort == 0) || c.MinPort > c.MaxPort {
		errs = append(errs, fmt.Errorf("MinPort %d and MaxPort %d are no range", c.MinPort, c.MaxPort))
	}
	if c.SinglePort != 0 && c.MinPort != 0 {
		errs = append(errs, errors.New("SinglePort and a range of ports exclude each other"))
	}
	if c.Shards < 0 || c.Quota < 0 || c.MaxPerAddress < 0 || c.MaxAllocations < 0 || c.MaxAge < 0 || c.MaxTCP < 0 {
		errs = append(errs, errors.New("negative Shards, Quota, MaxPerAddress, MaxAllocations, MaxAge or MaxTCP"))
	}
	for name, bits := range map[string]int64{"MaxBandwidth": c.MaxBandwidth, "MaxUserBandwidth": c.MaxUserBandwidth, "MaxTotalBandwidth": c.MaxTotalBandwidth} {
		if bits != 0 && (bits < leastRate || bits > mostRate) {
			errs = append(errs, fmt.Errorf("%s of %d bit/s: from %d to %d", name, bits, int64(leastRate), int64(mostRate)))
		}
	}
	if c.MaxLifetime < 0 {
		errs = append(errs, fmt.Errorf("MaxLifetime %v", c.MaxLifetime))
	}
	for name, list := range map[string][]netip.Prefix{"AllowPeers": c.AllowPeers, "DenyPeers": c.DenyPeers} {
		if slices.ContainsFunc(list, func(p netip.Prefix) bool { return !p.IsValid() }) {
			errs = append(errs, fmt.Errorf("an invalid prefix in %s", name))
		}
	}
	errs = append(errs, c.validateAlternates())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("turn configuration: %w", err)
	}
	return nil
}
