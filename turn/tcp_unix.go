//go:build unix

package turn

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// reusePort lets connections to peers begin at a port that listens.
func reusePort(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
	return errors.Join(err, failed)
}
