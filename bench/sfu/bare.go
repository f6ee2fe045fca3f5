//go:build linux

package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"passerby/internal/batch"
)

// bare is the floor: recvmmsg, AES-GCM open, rewrite, AES-GCM seal, sendmmsg on one goroutine, and nothing else.
type bare struct {
	conn *batch.Conn
	at   *net.UDPAddr

	mu    sync.RWMutex // guards what follows
	byID  map[int]*leg
	users map[netip.AddrPort]*leg
}

// leg is a user of bare.
type leg struct {
	at  netip.AddrPort
	aes cipher.AEAD
	fed []*leg
	seq uint32
}

func newBare() (server, error) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = udp.SetReadBuffer(4 << 20)
	_ = udp.SetWriteBuffer(4 << 20)
	conn, err := batch.Wrap(udp)
	if err != nil {
		return nil, err
	}
	b := &bare{conn: conn, at: udp.LocalAddr().(*net.UDPAddr), byID: map[int]*leg{}, users: map[netip.AddrPort]*leg{}}
	go b.run()
	return b, nil
}

func (b *bare) offer(id int, s string) (string, error) {
	at, key, _ := strings.Cut(s, " ")
	addr, err := netip.ParseAddrPort(at)
	if err != nil {
		return "", err
	}
	k, err := hex.DecodeString(key)
	if err != nil {
		return "", err
	}
	aead, err := newAEAD(k)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &leg{at: addr, aes: aead}
	b.byID[id], b.users[addr] = l, l
	return b.at.String(), nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (b *bare) route(to, from int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byID[to] == nil || b.byID[from] == nil {
		return fmt.Errorf("no user %d or %d", to, from)
	}
	b.byID[from].fed = append(b.byID[from].fed, b.byID[to])
	return nil
}

const (
	rtpHead    = 20 // bytes of the header that the load makes, with one extension
	bareOffset = 1 << 20
)

// nonce of a packet, as RFC 7714 §8.1 has it but for the salt and the roll-over counter.
func nonce(n *[12]byte, ssrc uint32, seq uint16) {
	binary.BigEndian.PutUint32(n[2:], ssrc)
	binary.BigEndian.PutUint16(n[10:], seq)
}

func (b *bare) run() {
	const slots = 64
	r, w := batch.NewReader(slots, 0, 1600), batch.NewWriter(slots, true)
	memory := make([][1600]byte, slots)
	plain := make([]byte, 0, 1600)
	var n [12]byte
	for {
		count, err := b.conn.ReadBatch(r)
		if err != nil {
			return
		}
		used := 0
		b.mu.RLock()
		for i := range count {
			p, from := r.Datagram(i)
			l := b.users[from]
			if l == nil || len(p) < rtpHead {
				continue
			}
			nonce(&n, binary.BigEndian.Uint32(p[8:]), binary.BigEndian.Uint16(p[2:]))
			if plain, err = l.aes.Open(plain[:0], n[:], p[rtpHead:], p[:rtpHead]); err != nil {
				continue
			}
			for _, to := range l.fed {
				if used == slots {
					_ = b.conn.WriteBatch(w)
					used = 0
				}
				out := memory[used][:rtpHead]
				used++
				copy(out, p[:rtpHead])
				to.seq++
				binary.BigEndian.PutUint16(out[2:], uint16(to.seq)) //nolint:gosec // wraps
				binary.BigEndian.PutUint32(out[8:], bareOffset+binary.BigEndian.Uint32(p[8:]))
				nonce(&n, binary.BigEndian.Uint32(out[8:]), uint16(to.seq)) //nolint:gosec // wraps
				_ = b.conn.Add(w, to.aes.Seal(out, n[:], plain, out), to.at)
			}
		}
		b.mu.RUnlock()
		_ = b.conn.WriteBatch(w)
	}
}
