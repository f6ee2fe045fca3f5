package sfu

import (
	"errors"
	"fmt"
	"io"

	"github.com/pion/datachannel"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// ChannelLabel is the label of the data channel that browsers open.
const ChannelLabel = "passerby"

// channel is an open data channel.
type channel struct {
	dc  *webrtc.DataChannel
	raw datachannel.ReadWriteCloser
}

// onChannel takes a channel that the browser opens. Only the newest one with
// the right label counts.
func (p *peer) onChannel(dc *webrtc.DataChannel) {
	if p.channels.Add(1) > maxChannels {
		p.abuse("data channels")
		return
	}
	wanted := dc.Label() == ChannelLabel
	dc.OnOpen(func() {
		raw, err := dc.Detach()
		if err != nil {
			p.server.log.Debug("data channel", "session", p.seat.id, "error", err)
			return
		}
		if !wanted {
			_ = raw.Close()
			return
		}
		c := &channel{dc, raw}
		if !p.open(c) {
			_ = raw.Close()
			return
		}
		p.read(c)
	})
}

// open makes c the peer's channel, unless the peer is over.
func (p *peer) open(c *channel) bool {
	p.seat.events.Lock()
	defer p.seat.events.Unlock()
	if p.ended.Load() || p.muted.Load() {
		return false
	}
	p.readers.Add(1)
	if old := p.channel.Swap(c); old != nil {
		_ = old.raw.Close()
	} else {
		p.server.cfg.Events.ChannelOpen(p.seat.id)
	}
	return true
}

// read delivers messages until the channel closes. The buffer grows with the
// messages, so that an idle channel costs little.
func (p *peer) read(c *channel) {
	defer p.readers.Done()
	defer p.closed(c)
	buf := make([]byte, 512)
	for {
		n, _, err := c.raw.ReadDataChannel(buf)
		if errors.Is(err, io.ErrShortBuffer) && len(buf) < p.server.cfg.MaxMessage {
			buf = make([]byte, min(2*max(n, len(buf)), p.server.cfg.MaxMessage))
			continue
		}
		if err != nil {
			if errors.Is(err, io.ErrShortBuffer) {
				p.server.log.Warn("data message over the limit", "session", p.seat.id)
				_ = c.raw.Close()
			}
			return
		}
		if !p.deliver(c, append([]byte(nil), buf[:n]...)) {
			return
		}
	}
}

func (p *peer) deliver(c *channel, data []byte) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			p.panics.Add(1)
			p.server.log.Error("panic on a data message", "session", p.seat.id, "panic", r)
			ok = true
		}
	}()
	p.seat.events.Lock()
	defer p.seat.events.Unlock()
	if p.muted.Load() || p.channel.Load() != c {
		return false
	}
	p.server.metrics.messages[0].Add(1)
	p.server.cfg.Events.Data(p.seat.id, data)
	return true
}

func (p *peer) closed(c *channel) {
	p.seat.events.Lock()
	defer p.seat.events.Unlock()
	// Of a muted peer, leave tells.
	if !p.muted.Load() && p.channel.CompareAndSwap(c, nil) {
		p.server.cfg.Events.ChannelClosed(p.seat.id)
	}
}

func (p *peer) send(data []byte) error {
	c := p.channel.Load()
	if c == nil {
		return ErrNotOpen
	}
	if c.dc.BufferedAmount()+uint64(len(data)) > uint64(p.server.cfg.ChannelBuffer) {
		return ErrSlow
	}
	if _, err := c.raw.WriteDataChannel(data, true); err != nil {
		return fmt.Errorf("%w: %w", ErrNotOpen, err)
	}
	p.server.metrics.messages[1].Add(1)
	return nil
}

// checkCandidate parses a candidate of a browser, "" meaning the last.
func checkCandidate(s string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrCandidate, r)
		}
	}()
	if s == "" {
		return nil
	}
	if _, err := ice.UnmarshalCandidate(s); err != nil {
		return fmt.Errorf("%w: %w", ErrCandidate, err)
	}
	return nil
}
