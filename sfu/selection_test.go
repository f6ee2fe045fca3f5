package sfu_test

import (
	"context"
	"net"
	"regexp"
	"testing"

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

// checkSize is how many bytes a check and its answer have.
type checkSize struct{ request, answer int }

// check sends a connectivity check without USE-CANDIDATE and waits for its answer.
func check(ctx context.Context, t *testing.T, conn *net.UDPConn, server net.Addr, username, password string) checkSize {
	t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(username), stun.NewShortTermIntegrity(password), stun.Fingerprint)
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
