//go:build !linux

package signaling

import (
	"errors"
	"syscall"
)

// readiness is not made here: a goroutine waits for each connection.
type readiness struct{}

type watched struct{}

var errNoReadiness = errors.New("no epoll on this system")

func newReadiness() (*readiness, error) { return nil, errNoReadiness }

func (*readiness) watch(syscall.RawConn, waker) (watched, error) { return watched{}, errNoReadiness }

func (watched) arm() error { return errNoReadiness }

func (watched) forget() {}

func (*readiness) run() {}

func (*readiness) close() {}
