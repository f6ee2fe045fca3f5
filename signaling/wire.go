package signaling

import (
	"net"
	"time"
)

// wire is the network connection under a WebSocket. It counts what the library takes in without a word, control frames
// and fragments, against a rate. One goroutine reads.
type wire struct {
	net.Conn
	framing framing
	asides  bucket
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.framing.follow(p[:n])
	for ; w.framing.asides > 0; w.framing.asides-- {
		if _, ok := w.asides.take(time.Now()); !ok {
			return 0, errFlood
		}
	}
	return n, err
}
