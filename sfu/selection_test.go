package sfu_test

import (
	"context"
	"net"
	"regexp"
	"slices"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// A browser far away begins DTLS when its first check is answered and nominates 900 ms later: the handshake must not wait.
func TestHandshakeBeforeNomination(t *testing.T) {
	s, _ := mustListen(t)
	x := newStranger(t, s, "a")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(ctx, t, x.udp, x.server, x.username, x.password)
	x.handshake(ctx)
}

// Firefox nominates every pair whose check succeeds and speaks on the best of them: the handshake does not go to the address that was
// nominated last, which has sent too little to be answered.
func TestHandshakeWhereThePeerSpeaks(t *testing.T) {
	s, _ := mustListen(t)
	x := newStranger(t, s, "a")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	nominate := func(conn *net.UDPConn, priority uint32) {
		check(ctx, t, conn, x.server, x.username, x.password, ice.UseCandidate(), ice.PriorityAttr(priority))
	}
	host, relay := x.udp, mustUDP(t)
	nominate(host, 0x6effffff)
	nominate(relay, 0x05ffffff)
	x.handshake(ctx)
	if n := s.Stats().Unproven; n != 0 {
		t.Errorf("%d packets were not sent, since their address had not sent enough", n)
	}

	// With a worse one first, the better one is used.
	y := newStranger(t, s, "b")
	x.username, x.password = y.username, y.password
	nominate(mustUDP(t), 0x05ffffff)
	nominate(y.udp, 0x6effffff)
	y.handshake(ctx)
}

// checkSize is how many bytes a check and its answer have.
type checkSize struct{ request, answer int }

// check sends a connectivity check, with more attributes or none, and waits for its answer.
func check(ctx context.Context, t *testing.T, conn *net.UDPConn, server net.Addr, username, password string, more ...stun.Setter) checkSize {
	t.Helper()
	setters := slices.Concat([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(username)}, more, []stun.Setter{stun.NewShortTermIntegrity(password), stun.Fingerprint})
	m, err := stun.Build(setters...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.WriteTo(m.Raw, server); err != nil {
		t.Fatal(err)
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetReadDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1500)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	answer := &stun.Message{Raw: buf[:n]}
	if err := answer.Decode(); err != nil || answer.Type != stun.BindingSuccess || answer.TransactionID != m.TransactionID {
		t.Fatalf("answer %v, %v", answer, err)
	}
	return checkSize{len(m.Raw), n}
}

// line is the value of the first a=name: line.
func line(t *testing.T, sdp, name string) string {
	t.Helper()
	m := regexp.MustCompile(`a=` + name + `:(\S+)`).FindStringSubmatch(sdp)
	if m == nil {
		t.Fatalf("no %s", name)
	}
	return m[1]
}
