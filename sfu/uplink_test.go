package sfu

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/stream"
)

// asked is an origin that takes a while to read what it is asked for.
type asked struct{ t *testing.T }

func (asked) askKeyFrame(uint32)          {}
func (asked) report(rtcp.ReceptionReport) {}
func (a asked) askPackets(_ uint32, seqs []uint16) {
	first := slices.Clone(seqs)
	runtime.Gosched()
	if !slices.Equal(first, seqs) {
		a.t.Errorf("the list changed from %v to %v under the hands of who asks", first, seqs)
	}
}

// The timer and the packets ask for lost packets at the same time; each has a list of its own.
func TestAskedForAtOnce(t *testing.T) {
	var u uplink
	u.init(&seat{}, asked{t: t}, video)
	now := time.Now()
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			for i := range 2000 {
				u.account(&stream.Packet{SSRC: 1, Seq: uint16(i * 3), Payload: []byte{1}}, now.Add(time.Duration(i)*50*time.Millisecond))
				u.tick(now.Add(time.Duration(i)*50*time.Millisecond + 25*time.Millisecond))
			}
		})
	}
	work.Wait()
}
