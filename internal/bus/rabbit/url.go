package rabbit

import (
	"errors"
	"net"
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Check says what is wrong with a URL, without repeating it:
//
//	amqp://user:password@host[:5672][/vhost]     amqps:// speaks TLS
func Check(url string) error {
	_, err := address(url)
	return err
}

// address is the host and port of a URL: what may be logged of it.
func address(url string) (string, error) {
	u, err := amqp.ParseURI(url)
	if err != nil || u.Host == "" {
		return "", errors.New("no RabbitMQ URL: write it like amqp://user:password@host:5672/vhost, or amqps:// for TLS")
	}
	return net.JoinHostPort(u.Host, strconv.Itoa(u.Port)), nil
}
