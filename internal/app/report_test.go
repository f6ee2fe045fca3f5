package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/internal/app"
	"passerby/internal/evidence"
	"passerby/signaling/protocol"
)

// talker is one end of a conversation, without keys or duties.
type talker struct {
	t      *testing.T
	socket *websocket.Conn
}

func talk(t *testing.T, base string) *talker {
	t.Helper()
	token, err := newToken(t.Context(), base, `{"adult":true}`)
	if err != nil {
		t.Fatal(err)
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience}
	socket, resp, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = socket.Close() })
	c := &talker{t, socket}
	c.send(&protocol.Hello{Token: token})
	c.send(&protocol.Find{Mode: protocol.ModeText, Key: "p256:k"})
	return c
}

func (c *talker) send(m protocol.Message) {
	c.t.Helper()
	if err := c.socket.WriteMessage(websocket.TextMessage, protocol.Append(nil, m)); err != nil {
		c.t.Fatal(err)
	}
}

// heard waits for a message of this type; others are passed over.
func heard[M protocol.Message](c *talker) M {
	c.t.Helper()
	_ = c.socket.SetReadDeadline(time.Now().Add(patience))
	for {
		_, data, err := c.socket.ReadMessage()
		if err != nil {
			c.t.Fatal(err)
		}
		m, err := protocol.ParseServer(data)
		if err != nil {
			c.t.Fatal(err)
		}
		if wanted, ok := m.(M); ok {
			return wanted
		}
	}
}

// A message goes through the whole server, is reported, and stands in the database as proven; what was never said does not.
func TestReportIsProvenAndKept(t *testing.T) {
	c := local(t)
	url, logs := run(t, c)
	ann, bob := talk(t, url), talk(t, url)
	match := heard[*protocol.Matched](ann).Match
	heard[*protocol.Matched](bob)

	const words = "I will find you"
	kf := bytes.Repeat([]byte{5}, 32)
	commitment := evidence.Commit(kf, words)
	raw := base64.RawURLEncoding.EncodeToString
	body := append(append([]byte{1}, commitment...), make([]byte, 60)...) // what is sealed is nobody's business here
	bob.send(&protocol.Text{Match: match, N: 1, Body: raw(body)})
	got := heard[*protocol.PartnerText](ann)
	proof := protocol.Evidence{N: 1, Text: words, KF: raw(kf), Commitment: raw(commitment), Tag: got.Tag, At: got.At}

	later, changed := proof, proof
	later.At++
	changed.Text = "I will not find you"
	for _, forged := range []protocol.Evidence{later, changed} {
		ann.send(&protocol.Report{Match: match, Reason: "threat", Evidence: []protocol.Evidence{forged}})
		if e := heard[*protocol.Error](ann); e.Code != protocol.EvidenceInvalid || !strings.Contains(e.Message, "message 1") {
			t.Errorf("forged: %+v", e)
		}
	}
	bob.send(&protocol.Report{Match: match, Reason: "spam", Evidence: []protocol.Evidence{proof}}) // Bob says that Ann wrote it
	if e := heard[*protocol.Error](bob); e.Code != protocol.EvidenceInvalid {
		t.Errorf("turned round: %+v", e)
	}
	ann.send(&protocol.Report{Match: match, Reason: "threat", Note: "now", Evidence: []protocol.Evidence{proof}})
	number := heard[*protocol.Reported](ann).Report
	if number == "" {
		t.Fatal("the report has no number")
	}
	if text := logs.String(); strings.Contains(text, words) || strings.Contains(text, proof.KF) {
		t.Error("the log holds what was said")
	}

	var out, errs bytes.Buffer
	if code := app.Main(t.Context(), []string{"report", "show", number, "--data-dir", c.DataDir}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	var r struct {
		Match, Reason, Note string
		Evidence            []struct{ Kind, From, Proof, Text string }
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Match != match || r.Reason != "threat" || r.Note != "now" || len(r.Evidence) != 1 || r.Evidence[0].Text != words || r.Evidence[0].Proof != "proven" || r.Evidence[0].From != "reported" {
		t.Errorf("%s", &out)
	}
	out.Reset()
	if code := app.Main(t.Context(), []string{"report", "list", "--data-dir", c.DataDir}, &out, &errs); code != 0 || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("exit %d, %s: what was refused is not kept", code, &out)
	}
}
