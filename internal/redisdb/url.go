package redisdb

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Time limits of one command. A caller's context may be shorter.
const (
	dialTimeout = 2 * time.Second
	ioTimeout   = 2 * time.Second
	poolTimeout = time.Second // waiting for a free connection
)

var errForm = errors.New("no Redis URL: write it like redis://host:6379, rediss://user:password@host:6379/0, redis+sentinel://host1,host2/NAME or redis+cluster://host1,host2")

// Parse reads a URL as the package comment shows it. No error repeats the URL: it may hold a password.
func Parse(s string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return nil, errForm
	}
	hosts, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		hosts, path = rest[:i], rest[i:]
	}
	user := ""
	if i := strings.LastIndexByte(hosts, '@'); i >= 0 {
		user, hosts = hosts[:i+1], hosts[i+1:]
	}
	u, err := url.Parse("redis://" + user + "host" + path) // net/url knows no list of hosts
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errForm
	}
	o := &redis.UniversalOptions{
		Username: u.User.Username(), DialTimeout: dialTimeout, DialerRetries: 1, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout, PoolTimeout: poolTimeout,
		ContextTimeoutEnabled: true, DisableIdentity: true,
	}
	o.Password, _ = u.User.Password()
	kind, secure := strings.CutPrefix(scheme, "rediss")
	if !secure {
		if kind, ok = strings.CutPrefix(scheme, "redis"); !ok {
			return nil, errForm
		}
	}
	name, port := strings.Trim(u.Path, "/"), "6379"
	switch kind {
	case "":
		if o.IsClusterMode = strings.Contains(hosts, ","); o.IsClusterMode && name != "" {
			return nil, errors.New("a Redis Cluster has no numbered databases: leave out what follows the hosts")
		}
		if name != "" {
			if o.DB, err = strconv.Atoi(name); err != nil || o.DB < 0 {
				return nil, errForm
			}
		}
	case "+cluster":
		o.IsClusterMode = true
		if name != "" {
			return nil, errors.New("a Redis Cluster has no numbered databases: leave out what follows the hosts")
		}
	case "+sentinel":
		if o.MasterName, port = name, "26379"; name == "" {
			return nil, errors.New("Sentinels need the master's name: redis+sentinel://host1,host2/NAME")
		}
	default:
		return nil, errForm
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := address(host, port)
		if err != nil {
			return nil, err
		}
		o.Addrs = append(o.Addrs, addr)
	}
	if secure {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if kind == "" && len(o.Addrs) == 1 {
			o.TLSConfig.ServerName, _, _ = net.SplitHostPort(o.Addrs[0])
		}
	}
	return o, nil
}

// address completes a host with the usual port.
func address(host, port string) (string, error) {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	name, port, err := net.SplitHostPort(host)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 1 || n > 65535 || name == "" || strings.ContainsAny(name, " @") {
		return "", fmt.Errorf("%w (%q is no host)", errForm, host)
	}
	return host, nil
}
