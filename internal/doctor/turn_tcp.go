package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pion/stun/v4"
)

// noTCPRelays is what a server answers that relays UDP alone (RFC 8656, section 7.2).
const noTCPRelays = 442

// relayTCP lets one client connect to another's TCP relay (RFC 6062), and sends there and back. That a server offers none is no fault: browsers want none.
func (t TURN) relayTCP(ctx context.Context) (string, error) {
	deadline, _ := ctx.Deadline()
	var ends [2]tcpRelay
	var permit func(...net.Addr) error
	for i := range ends {
		c, err := t.dial(ctx, "tcp")
		if err != nil {
			return "", err
		}
		defer c.close()
		a, err := c.AllocateTCPWithContext(ctx)
		var refused *stun.TurnError
		if errors.As(err, &refused) && refused.ErrorCodeAttr.Code == noTCPRelays {
			return "the server offers none, and browsers want none; --tcp-relay makes it offer them", nil
		}
		if err != nil {
			return "", explainTURN(err)
		}
		defer func() { _ = a.Close() }()
		_ = a.SetDeadline(deadline)
		ends[i], permit = a, c.CreatePermission // of the second, in the end
	}
	if err := permit(ends[0].Addr()); err != nil {
		return "", fmt.Errorf("the server gives a TCP relay, but no permission to talk to another, %v: %w", ends[0].Addr(), err)
	}
	echoed := make(chan error, 1)
	go func() { echoed <- echo(ends[1], deadline) }()
	began := time.Now()
	c, err := ends[0].Dial("tcp", ends[1].Addr().String())
	if err != nil {
		_ = ends[1].SetDeadline(began)
		return "", errors.Join(fmt.Errorf("the server gives TCP relays, but does not connect one, %v, to the other, %v: %w", ends[0].Addr(), ends[1].Addr(), err), <-echoed)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(deadline)
	b := make([]byte, len(hello))
	if _, err := io.WriteString(c, hello); err != nil {
		return "", err
	}
	if _, err := io.ReadFull(c, b); err != nil || string(b) != hello {
		return "", errors.Join(errors.New("the server connects one TCP relay to the other, but nothing comes back"), err, <-echoed)
	}
	return fmt.Sprintf("relayed by %v, connected and there and back in %v", ends[0].Addr(), time.Since(began).Round(10*time.Microsecond)), <-echoed
}

// hello is what is sent through a relay.
const hello = "passerby"

// tcpRelay is an allocation for TCP.
type tcpRelay interface {
	net.Listener
	Dial(network, addr string) (net.Conn, error)
	SetDeadline(time.Time) error
}

// echo takes one connection and sends back what comes first.
func echo(l net.Listener, deadline time.Time) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(deadline)
	_, err = io.CopyN(c, c, int64(len(hello)))
	return err
}
