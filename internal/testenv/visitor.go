package testenv

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

// Visitor is somebody with a session and no media, who goes where the server sends him.
type Visitor struct {
	token, resume string
	socket        *websocket.Conn
}

type greeting struct {
	Type   string `json:"type"`
	Token  string `json:"token"`
	Resume string `json:"resume"`
	Code   string `json:"code"`
}

// Visit opens a session at a server, `http://host:port`.
func Visit(ctx context.Context, base string) (*Visitor, error) {
	token, err := session(ctx, base)
	if err != nil {
		return nil, err
	}
	v := &Visitor{token: token}
	return v, v.enter(ctx, base, false)
}

// MoveTo waits until the server asks him to move, and goes to another one before he leaves the first.
func (v *Visitor) MoveTo(ctx context.Context, base string) error {
	if err := v.await("moved", nil); err != nil {
		return err
	}
	before := v.socket
	defer func() { _ = before.Close() }()
	return v.enter(ctx, base, true)
}

func (v *Visitor) enter(ctx context.Context, base string, beside bool) error {
	d := websocket.Dialer{Subprotocols: []string{"passerby.v1"}}
	socket, answer, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", http.Header{"Origin": {base}})
	if err != nil {
		return fmt.Errorf("open the socket: %w", err)
	}
	_ = answer.Body.Close()
	v.socket = socket
	context.AfterFunc(ctx, func() { _ = socket.Close() })
	hello := map[string]any{"type": "hello", "token": v.token}
	if beside {
		hello["resume"], hello["beside"] = v.resume, true
	}
	if err := socket.WriteJSON(hello); err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	return v.await("welcome", func(g greeting) { v.token, v.resume = g.Token, g.Resume })
}

func (v *Visitor) await(kind string, take func(greeting)) error {
	for {
		var g greeting
		if err := v.socket.ReadJSON(&g); err != nil {
			return fmt.Errorf("wait for %s: %w", kind, err)
		}
		switch g.Type {
		case kind:
			if take != nil {
				take(g)
			}
			return nil
		case "error":
			return fmt.Errorf("wait for %s: the server says %s", kind, g.Code)
		}
	}
}

// Close leaves.
func (v *Visitor) Close() {
	if v.socket != nil {
		_ = v.socket.Close()
	}
}
