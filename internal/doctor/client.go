package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"passerby/signaling/protocol"
)

// newSession asks the server at base (like http://localhost:8080) for a session.
func newSession(ctx context.Context, base string) (protocol.SessionAnswer, error) {
	var a protocol.SessionAnswer
	body, _ := json.Marshal(protocol.SessionRequest{Adult: true})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/session", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return a, err
	}
	if res.StatusCode != http.StatusOK {
		var e protocol.ErrorAnswer
		if json.Unmarshal(b, &e) == nil && e.Error != nil {
			return a, fmt.Errorf("the server answered %d: %s", res.StatusCode, e.Error.Message)
		}
		return a, fmt.Errorf("the server answered %d", res.StatusCode)
	}
	return a, json.Unmarshal(b, &a)
}

// message is what a stranger needs of the server's messages, whatever their type.
type message struct {
	Type    string        `json:"type"`
	SDP     string        `json:"sdp"`
	Match   string        `json:"match"`
	KeyID   string        `json:"key_id"`
	Code    string        `json:"code"`
	Message string        `json:"message"`
	Body    string        `json:"body"`
	Peer    protocol.Peer `json:"peer"`
}

// socket is one WebSocket that speaks passerby.v1, used by one goroutine.
type socket struct{ conn *websocket.Conn }

func dial(ctx context.Context, base, token string) (*socket, error) {
	url := "ws" + strings.TrimPrefix(base, "http") + "/v1/ws"
	conn, res, err := (&websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}).DialContext(ctx, url, nil)
	if err != nil {
		if res != nil {
			return nil, fmt.Errorf("the WebSocket was refused with status %d: a proxy in between must pass Upgrade on", res.StatusCode)
		}
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetReadDeadline(deadline)
		_ = conn.SetWriteDeadline(deadline)
	}
	s := &socket{conn: conn}
	if err := s.send("hello", map[string]any{"token": token}); err != nil {
		s.close()
		return nil, err
	}
	if _, err := s.await("welcome"); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *socket) send(kind string, fields map[string]any) error {
	if fields == nil {
		fields = map[string]any{}
	}
	fields["type"] = kind
	return s.conn.WriteJSON(fields)
}

// await reads until a message of one of the kinds comes; an error message from the server is an error.
func (s *socket) await(kinds ...string) (message, error) {
	for {
		var m message
		if err := s.conn.ReadJSON(&m); err != nil {
			return m, fmt.Errorf("no %s came: %w", strings.Join(kinds, " or "), err)
		}
		if m.Type == "error" {
			return m, fmt.Errorf("the server answered %s: %s", m.Code, m.Message)
		}
		for _, k := range kinds {
			if m.Type == k {
				return m, nil
			}
		}
	}
}

func (s *socket) close() { _ = s.conn.Close() }
