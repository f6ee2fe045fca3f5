//go:build !linux

package turn

import "net"

func (s *Server) listenUDP() (net.Listener, error) { return s.listenPlain() }

// shut closes the socket.
func (r *relay) shut() { _ = r.conn.Close() }
