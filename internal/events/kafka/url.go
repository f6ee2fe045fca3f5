package kafka

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// usualTopic is where events go when the URL names no topic.
const usualTopic = "passerby.events"

var errURL = errors.New("no Kafka URL: write it like kafka://host1:9092,host2:9092/topic, or kafka+tls://user:password@host1:9093/topic")

// Check says what is wrong with a URL, without repeating it:
//
//	kafka://[user:password@]host[:9092][,host…][/topic]     kafka+tls:// speaks TLS; a user signs in with SCRAM-SHA-512
func Check(text string) error {
	_, err := options(text)
	return err
}

func options(text string) ([]kgo.Opt, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "kafka" && u.Scheme != "kafka+tls" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errURL
	}
	var seeds []string
	for host := range strings.SplitSeq(u.Host, ",") {
		if host == "" || strings.HasPrefix(host, ":") {
			return nil, errURL
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "9092")
		}
		seeds = append(seeds, host)
	}
	topic := strings.Trim(u.Path, "/")
	if topic == "" {
		topic = usualTopic
	}
	if len(topic) > 249 || strings.Trim(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		return nil, errors.New("no topic of Kafka: it has letters, digits, dots, dashes and underscores alone")
	}
	opts := []kgo.Opt{kgo.SeedBrokers(seeds...), kgo.DefaultProduceTopic(topic), kgo.ClientID("passerby")}
	if u.Scheme == "kafka+tls" {
		opts = append(opts, kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		opts = append(opts, kgo.SASL(scram.Auth{User: u.User.Username(), Pass: password}.AsSha512Mechanism()))
	}
	return opts, nil
}
