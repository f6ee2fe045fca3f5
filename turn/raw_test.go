package turn_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// raw is a client that says exactly what a test wants.
type raw struct {
	t     testing.TB
	conn  net.Conn
	who   credentials
	nonce string
}

func mustRaw(t testing.TB, s *turn.Server, who credentials) *raw {
	t.Helper()
	return mustRawFrom(t, s, who, "127.0.0.1:0")
}

func mustRawFrom(t testing.TB, s *turn.Server, who credentials, local string) *raw {
	t.Helper()
	at, err := net.ResolveUDPAddr("udp", local)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialUDP("udp", at, s.UDPAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &raw{t: t, conn: conn, who: who}
}

// send gives the server bytes and returns the answer that carries the same transaction id.
func (r *raw) send(b []byte) *stun.Message {
	r.t.Helper()
	buf := make([]byte, 2000)
	for range 5 { // loopback may lose a packet under load
		if _, err := r.conn.Write(b); err != nil {
			r.t.Fatal(err)
		}
		_ = r.conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		for {
			n, err := r.conn.Read(buf)
			if err != nil {
				break
			}
			m := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
			if m.Decode() == nil && string(m.TransactionID[:]) == string(b[8:20]) {
				return m
			}
		}
	}
	r.t.Fatal("no answer")
	return nil
}

// request is a signed request; a challenge is fetched first if there was none.
func (r *raw) request(method stun.Method, extra ...stun.Setter) []byte {
	r.t.Helper()
	if r.nonce == "" {
		r.challenge()
	}
	all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, extra...)
	all = append(all, stun.NewUsername(r.who.username), stun.NewRealm("passerby"), stun.NewNonce(r.nonce), stun.NewLongTermIntegrity(r.who.username, "passerby", r.who.password))
	return stun.MustBuild(all...).Raw
}

func (r *raw) challenge() *stun.Message {
	r.t.Helper()
	m := r.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), udp).Raw)
	var nonce stun.Nonce
	if err := nonce.GetFrom(m); err != nil || code(m) != 401 {
		r.t.Fatalf("no challenge but %v (%v)", m, err)
	}
	r.nonce = nonce.String()
	return m
}

func (r *raw) ask(method stun.Method, extra ...stun.Setter) *stun.Message {
	r.t.Helper()
	return r.send(r.request(method, extra...))
}

// must asks for what has to succeed, and checks who signed the answer.
func (r *raw) must(method stun.Method, extra ...stun.Setter) *stun.Message {
	r.t.Helper()
	m := r.ask(method, extra...)
	if code(m) != 0 {
		r.t.Fatalf("%v: %d", method, code(m))
	}
	if err := stun.NewLongTermIntegrity(r.who.username, "passerby", r.who.password).Check(m); err != nil {
		r.t.Fatalf("%v: the answer is not signed: %v", method, err)
	}
	return m
}

// code is the error of an answer; 0 for success.
func code(m *stun.Message) int {
	var e stun.ErrorCodeAttribute
	if m.Type.Class == stun.ClassSuccessResponse || e.GetFrom(m) != nil {
		return 0
	}
	return int(e.Code)
}

func relayed(m *stun.Message) netip.AddrPort {
	var a stun.XORMappedAddress
	_ = a.GetFromAs(m, stun.AttrXORRelayedAddress)
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
}

func lifetimeOf(m *stun.Message) int {
	v, err := m.Get(stun.AttrLifetime)
	if err != nil || len(v) != 4 {
		return -1
	}
	return int(binary.BigEndian.Uint32(v))
}

var udp = attribute{stun.AttrRequestedTransport, []byte{17, 0, 0, 0}}

func lifetime(seconds uint32) attribute {
	return attribute{stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, seconds)}
}
func family(f byte) attribute     { return attribute{stun.AttrRequestedAddressFamily, []byte{f, 0, 0, 0}} }
func additional(f byte) attribute { return attribute{0x8000, []byte{f, 0, 0, 0}} }

// additionalDraft is additional to Debian's coturn.
func additionalDraft(f byte) attribute { return attribute{0x8032, []byte{f, 0, 0, 0}} }
func channel(n uint16) attribute {
	return attribute{stun.AttrChannelNumber, []byte{byte(n >> 8), byte(n), 0, 0}}
}
func evenPort(b byte) attribute { return attribute{stun.AttrEvenPort, []byte{b}} }
func token(b []byte) attribute  { return attribute{stun.AttrReservationToken, b} }
func peer(s string) peerAddress { return peerAddress(netip.MustParseAddrPort(s)) }

// signed256 ends a request in the way of RFC 8489: a chosen password algorithm, the offer repeated, and MESSAGE-INTEGRITY-SHA256.
func (r *raw) signed256(method stun.Method, offer []byte, extra ...stun.Setter) ([]byte, []byte) {
	key := sha256.Sum256([]byte(r.who.username + ":passerby:" + r.who.password))
	all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, extra...)
	all = append(all, stun.NewUsername(r.who.username), stun.NewRealm("passerby"), stun.NewNonce(r.nonce))
	if offer != nil {
		all = append(all, attribute{0x8002, offer})
	}
	m := stun.MustBuild(append(all, attribute{0x001D, []byte{0, 2, 0, 0}})...)
	return sign256(m, key[:]), key[:]
}

func sign256(m *stun.Message, key []byte) []byte {
	m.Length += 36
	m.WriteLength()
	mac := hmac.New(sha256.New, key)
	mac.Write(m.Raw)
	m.Length -= 36
	m.Add(0x001C, mac.Sum(nil))
	return m.Raw
}
