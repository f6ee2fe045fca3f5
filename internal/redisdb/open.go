package redisdb

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// oldest is the first major version that has all we use (sharded Pub/Sub).
const oldest = 7

// clusterLook is how often a Cluster is asked who has which slots. A dead master answers nothing that would say that a replica has taken
// its place.
const clusterLook = 2 * time.Second

func init() { redis.SetLogger(silent{}) } // errors come back to the callers, who log them

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// Client is what Open makes.
type Client = redis.UniversalClient

// Open makes a client of the Redis at a URL and sees it answer. The error says what to do.
func Open(ctx context.Context, url string) (Client, error) {
	o, err := Parse(url)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	client := newClient(o)
	info, err := client.Info(ctx, "server").Result()
	if err == nil {
		err = checkVersion(info)
	}
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("redis at %s: %w", strings.Join(o.Addrs, ","), explain(err))
	}
	return client, nil
}

func newClient(o *redis.UniversalOptions) Client {
	if !o.IsClusterMode || o.MasterName != "" {
		return redis.NewUniversalClient(o)
	}
	c := o.Cluster()
	c.ClusterStateReloadInterval = clusterLook
	return redis.NewClusterClient(c)
}

func checkVersion(info string) error {
	_, rest, _ := strings.Cut(info, "redis_version:")
	version, _, _ := strings.Cut(rest, "\r\n")
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldest {
		return fmt.Errorf("it says that it is version %q, and %d or newer is needed: update it", version, oldest)
	}
	return nil
}

// explain adds what an operator can do.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	switch text := err.Error(); {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens there: start Redis, or correct --redis (%w)", err)
	case strings.HasPrefix(text, "NOAUTH") || strings.HasPrefix(text, "WRONGPASS") || strings.Contains(text, "AUTH"):
		return errors.New("it asks for another user or password: put them into --redis like redis://user:password@host")
	case strings.HasPrefix(text, "NOPERM"):
		return fmt.Errorf("its user may not do enough (%w)", err)
	case strings.Contains(text, "cluster support disabled"):
		return errors.New("it is no Cluster: name one host, as redis://host")
	case errors.As(err, &unknown):
		return fmt.Errorf("its certificate is signed by nobody whom this machine trusts: add the authority to the system's (%w)", err)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("it hangs up: does it speak TLS (rediss://) or not (redis://)? (%w)", err)
	case errors.Is(err, context.DeadlineExceeded) || strings.Contains(text, "i/o timeout"):
		return fmt.Errorf("it does not answer in time: is the address right, and does it speak TLS (rediss://) or not (redis://)? (%w)", err)
	}
	return err
}
