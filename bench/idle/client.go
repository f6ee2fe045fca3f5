package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"
)

// client is one silent user.
type client struct {
	socket *websocket.Conn
	pc     *webrtc.PeerConnection
}

func (c *client) close() {
	if c.socket != nil {
		_ = c.socket.Close()
	}
	if c.pc != nil {
		_ = c.pc.Close()
	}
}

// message is the union of what the two servers answer.
type message struct {
	Type, SDP, Code, Message string
}

// api of the clients: loopback alone, no interceptors.
var api = sync.OnceValue(func() *webrtc.API {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		panic(err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(m))
})

// joinPasserby lets a user in and has it wait for somebody who never comes.
func joinPasserby(ctx context.Context, addr string, i int) (*client, error) {
	token, err := session(ctx, addr, i)
	if err != nil {
		return nil, err
	}
	c := &client{}
	if err := c.dial(ctx, "ws://"+addr+"/v1/ws", addr, i, "passerby.v1"); err != nil {
		return c, err
	}
	if err := c.socket.WriteJSON(map[string]any{"type": "hello", "token": token}); err != nil {
		return c, err
	}
	if err := c.connect(ctx); err != nil {
		return c, err
	}
	find := map[string]any{"type": "find", "mode": "video", "gender": "f", "seeking": []string{"m"}, "key": "x25519:" + strings.Repeat("A", 43)}
	if err := c.socket.WriteJSON(find); err != nil {
		return c, err
	}
	if _, err := c.await("waiting"); err != nil {
		return c, err
	}
	go c.drain()
	return c, nil
}

func joinNewpeer(ctx context.Context, addr string) (*client, error) {
	c := &client{}
	if err := c.dial(ctx, "ws://"+addr+"/", addr, 0); err != nil {
		return c, err
	}
	if err := c.connect(ctx); err != nil {
		return c, err
	}
	go c.drain()
	return c, nil
}

// source spreads the users over the loopback range, as limits count by address.
func source(i int) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/200), byte(1+i%200))}}
}

func session(ctx context.Context, addr string, i int) (string, error) {
	transport := &http.Transport{DialContext: source(i).DialContext, DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v1/session", strings.NewReader(`{"adult":true}`))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct{ Token string }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Token == "" {
		return "", fmt.Errorf("session: status %s: %w", answer.Status, err)
	}
	return body.Token, nil
}

func (c *client) dial(ctx context.Context, url, addr string, i int, protocols ...string) error {
	d := websocket.Dialer{Subprotocols: protocols, NetDialContext: source(i).DialContext, ReadBufferSize: 1024, WriteBufferSize: 1024}
	socket, answer, err := d.DialContext(ctx, url, http.Header{"Origin": {"http://" + addr}})
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	c.socket = socket
	return nil
}

// connect makes the warm connection: audio and video both ways, one data channel.
func (c *client) connect(ctx context.Context) (err error) {
	if c.pc, err = api().NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	for kind, mime := range map[string]string{"audio": webrtc.MimeTypeOpus, "video": webrtc.MimeTypeVP8} {
		t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, kind, "me")
		if err != nil {
			return err
		}
		if _, err := c.pc.AddTrack(t); err != nil {
			return err
		}
	}
	channel, err := c.pc.CreateDataChannel("passerby", nil)
	if err != nil {
		return err
	}
	open := make(chan struct{})
	channel.OnOpen(func() { close(open) })
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	if err := c.socket.WriteJSON(map[string]any{"type": "offer", "sdp": c.pc.LocalDescription().SDP}); err != nil {
		return err
	}
	answer, err := c.await("answer")
	if err != nil {
		return err
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		return err
	}
	select {
	case <-open:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the connection did not come up (%s): %w", c.pc.ConnectionState(), ctx.Err())
	}
}

func (c *client) await(kind string) (m message, err error) {
	for {
		if err := c.socket.ReadJSON(&m); err != nil {
			return m, fmt.Errorf("wait for %s: %w", kind, err)
		}
		if m.Type == "error" {
			return m, fmt.Errorf("wait for %s: %s: %s", kind, m.Code, m.Message)
		}
		if m.Type == kind {
			return m, nil
		}
	}
}

// drain reads on, so that pings are answered.
func (c *client) drain() {
	for {
		if _, _, err := c.socket.ReadMessage(); err != nil {
			return
		}
	}
}
