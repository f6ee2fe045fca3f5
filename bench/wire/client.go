package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"passerby/signaling/protocol"
)

// source spreads the clients over the loopback range: an address has a limited number of ports.
func source(i int) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/200%200), byte(1+i%200))}}
}

// connect opens a WebSocket with small buffers, for many.
func connect(ctx context.Context, url string, i int, subprotocols ...string) (*websocket.Conn, error) {
	d := websocket.Dialer{Subprotocols: subprotocols, NetDialContext: source(i).DialContext, ReadBufferSize: 512, WriteBufferSize: 512}
	socket, answer, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	return socket, answer.Body.Close()
}

// enter opens a session and says hello.
func enter(ctx context.Context, addr string, i int) (*websocket.Conn, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v1/session", strings.NewReader(`{"adult":true}`))
	if err != nil {
		return nil, err
	}
	answer, err := (&http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	var session protocol.SessionAnswer
	if err := json.NewDecoder(answer.Body).Decode(&session); err != nil || session.Token == "" {
		return nil, fmt.Errorf("session: %s: %w", answer.Status, err)
	}
	socket, err := connect(ctx, "ws://"+addr+"/v1/ws", i, protocol.Subprotocol)
	if err != nil {
		return nil, err
	}
	if err := say(socket, &protocol.Hello{Token: session.Token}); err != nil {
		return nil, err
	}
	_, err = await[*protocol.Welcome](socket)
	return socket, err
}

func say(socket *websocket.Conn, m protocol.Message) error {
	return socket.WriteMessage(websocket.TextMessage, protocol.Append(nil, m))
}

// await reads until a message of a type comes.
func await[M protocol.Message](socket *websocket.Conn) (m M, err error) {
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			return m, err
		}
		any, err := protocol.ParseServer(data)
		if err != nil {
			return m, err
		}
		switch got := any.(type) {
		case M:
			return got, nil
		case *protocol.Error:
			return m, got
		}
	}
}
