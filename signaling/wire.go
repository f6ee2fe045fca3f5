package signaling

import (
	"net"
	"sync"
	"time"
)

// wire is the network connection under a WebSocket. It lends the connection its
// buffers only while there is something to read or write:
//
//	reading: as soon as all that has come is read, up to a message's end, an empty binary frame of the wire's own
//	         follows, so that whoever reads comes back and need not wait there
//	writing: what is written between hold and flush goes out at once
//
// It counts what the library takes in without a word, control frames and fragments, against a rate. One goroutine reads.
type wire struct {
	net.Conn
	pauses bool // the reader comes back as above

	// Owned by the reader.
	framing framing
	asides  bucket
	lent    *[]byte
	unread  []byte // of lent
	paused  bool   // the last frame that was read is the wire's own

	mu   sync.Mutex // guards held
	held *[]byte    // nil unless writes are held back
}

// wireBuffers holds buffers for reading and writing.
var wireBuffers = sync.Pool{New: func() any {
	buf := make([]byte, 0, 4<<10)
	return &buf
}}

// pauseFrame is an empty binary frame of a client, with the key 0 (RFC 6455 §5.2).
const pauseFrame = "\x82\x80\x00\x00\x00\x00"

func (w *wire) Read(p []byte) (int, error) {
	if !w.pauses {
		n, err := w.Conn.Read(p)
		if !w.follow(p[:n]) {
			return 0, errFlood
		}
		return n, err
	}
	if len(w.unread) == 0 {
		if w.lent != nil && w.framing.between() {
			w.giveBack()
			w.paused = true
			return copy(p, pauseFrame), nil
		}
		if w.lent == nil {
			w.lent = wireBuffers.Get().(*[]byte)
		}
		n, err := w.Conn.Read((*w.lent)[:cap(*w.lent)])
		if err != nil {
			w.giveBack()
			return 0, err
		}
		w.unread = (*w.lent)[:n]
	}
	n := copy(p, w.unread)
	if !w.follow(p[:n]) {
		w.giveBack()
		return 0, errFlood
	}
	w.unread = w.unread[n:]
	return n, nil
}

// follow takes note of what came; false means too many frames that bring no message to its end.
func (w *wire) follow(p []byte) bool {
	w.framing.follow(p)
	for ; w.framing.asides > 0; w.framing.asides-- {
		if _, ok := w.asides.take(time.Now()); !ok {
			return false
		}
	}
	return true
}

func (w *wire) giveBack() {
	wireBuffers.Put(w.lent)
	w.lent, w.unread = nil, nil
}

// pause says whether the frame that was just read is the wire's own: nothing more is there.
func (w *wire) pause() bool {
	paused := w.paused
	w.paused = false
	return paused
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held == nil {
		return w.Conn.Write(p)
	}
	*w.held = append(*w.held, p...)
	return len(p), nil
}

// hold keeps back what is written until flush.
func (w *wire) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = wireBuffers.Get().(*[]byte)
}

func (w *wire) flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := w.held
	w.held = nil
	_, err := w.Conn.Write(*held)
	if cap(*held) <= batchBytes {
		*held = (*held)[:0]
		wireBuffers.Put(held)
	}
	return err
}
