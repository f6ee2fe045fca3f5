package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/client"
	"passerby/client/e2ee"
	"passerby/internal/app"
	"passerby/internal/config"
	"passerby/signaling/protocol"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

// serve starts a whole server that ends with the test.
func serve(t *testing.T, change func(*config.Config)) string {
	t.Helper()
	c := config.Defaults()
	c.Moderate.Serve = "off"
	c.HTTP, c.UDP, c.TCP, c.Admin, c.TURNListen = "127.0.0.1:0", ":0", ":0", "127.0.0.1:0", "off"
	c.DataDir, c.DrainTimeout, c.LogLevel = t.TempDir(), time.Second, "warn"
	if change != nil {
		change(&c)
	}
	s, err := app.Start(c, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	return s.URL()
}

func dial(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	cfg.Adult = true
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// await reads events until one of a type comes; failing on Failed.
func await[E client.Event](t *testing.T, c *client.Client) E {
	t.Helper()
	return awaitThat(t, c, func(E) bool { return true })
}

func awaitThat[E client.Event](t *testing.T, c *client.Client, that func(E) bool) E {
	t.Helper()
	timeout := time.After(60 * time.Second)
	var before []client.Event
	for {
		select {
		case event, open := <-c.Events():
			if e, ok := event.(E); ok && that(e) {
				return e
			}
			if f, ok := event.(client.Failed); ok || !open {
				t.Fatalf("waited for %T: failed: %v", *new(E), f.Err)
			}
			before = append(before, event)
		case <-timeout:
			t.Fatalf("waited for %T; came: %+v", *new(E), before)
		}
	}
}

// meet has two clients find one another.
func meet(t *testing.T, mode client.Mode, a, b *client.Client) (string, string) {
	t.Helper()
	for _, c := range []*client.Client{a, b} {
		if err := c.Find(client.Wish{Mode: mode, Tags: []string{"Go"}}); err != nil {
			t.Fatal(err)
		}
	}
	one, other := await[client.Matched](t, a), await[client.Matched](t, b)
	if one.Match != other.Match || one.Initiator == other.Initiator || !slices.Equal(one.Tags, []string{"go"}) {
		t.Fatalf("%+v and %+v", one, other)
	}
	return one.Match, other.Match
}

func TestTextChat(t *testing.T) {
	url := serve(t, nil)
	for _, media := range []bool{false, true} {
		a, b := dial(t, client.Config{URL: url, Media: media}), dial(t, client.Config{URL: url})
		match, _ := meet(t, client.Text, a, b)
		for i, text := range []string{"Hello!", "", "<b>🦊</b>\u202e"} {
			n, err := a.Send(text)
			if err != nil {
				t.Fatal(err)
			}
			if m := await[client.Message](t, b); m.Text != text || m.N != uint64(i+1) || n != m.N || m.Match != match {
				t.Errorf("%+v came, for %q", m, text)
			}
			if d := await[client.Delivered](t, a); d.N != n {
				t.Errorf("%+v, for %d", d, n)
			}
		}
		if err := b.Typing(true); err != nil {
			t.Fatal(err)
		}
		if e := await[client.Typing](t, a); !e.On {
			t.Error("typing is not told")
		}
		if _, err := a.Send(strings.Repeat("x", 1<<20)); !errors.Is(err, client.ErrTooLong) {
			t.Errorf("a long text: %v", err)
		}
		if err := b.Leave(); err != nil {
			t.Fatal(err)
		}
		if e := await[client.Ended](t, a); e.Reason != protocol.EndLeft || e.Match != match {
			t.Errorf("%+v", e)
		}
		if _, err := a.Send("to nobody"); !errors.Is(err, client.ErrNoMatch) {
			t.Errorf("a text to nobody: %v", err)
		}
		a.Close()
		b.Close()
		if err := a.Next(); !errors.Is(err, client.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		for range a.Events() {
		}
	}
}

// TestReportWithProof: what a Message brings as evidence is what the server takes.
func TestReportWithProof(t *testing.T) {
	url := serve(t, nil)
	a, b := dial(t, client.Config{URL: url}), dial(t, client.Config{URL: url})
	match, _ := meet(t, client.Text, a, b)
	if _, err := a.Send("something bad"); err != nil {
		t.Fatal(err)
	}
	m := await[client.Message](t, b)
	forged := m.Evidence
	forged.Text = "something worse"
	if err := b.Report(match, "threat", "", forged); err != nil {
		t.Fatal(err)
	}
	if e := await[client.Refused](t, b); e.Err.Code != protocol.EvidenceInvalid {
		t.Errorf("a forged report: %v", e.Err)
	}
	if err := b.Report(match, "threat", "he did", m.Evidence); err != nil {
		t.Fatal(err)
	}
	if e := await[client.Reported](t, b); e.Match != match {
		t.Errorf("%+v", e)
	}
	if e := await[client.Ended](t, a); e.Match != match {
		t.Errorf("%+v", e)
	}
}

// TestVerification: both have the same emoji, and others in the next match.
func TestVerification(t *testing.T) {
	url := serve(t, nil)
	for _, mode := range []client.Mode{client.Text, client.Video} {
		a, b := dial(t, client.Config{URL: url, Media: mode == client.Video}), dial(t, client.Config{URL: url})
		var before *[4]e2ee.Emoji
		for range 2 {
			match, _ := meet(t, mode, a, b)
			one, other := await[client.Verification](t, a), await[client.Verification](t, b)
			if one.Emoji == nil || other.Emoji == nil || *one.Emoji != *other.Emoji || one.Match != match || one.Failed || other.Failed {
				t.Fatalf("%s: %+v and %+v", mode, one, other)
			}
			if before != nil && *before == *one.Emoji {
				t.Errorf("%s: %v again", mode, *before)
			}
			before = one.Emoji
		}
		a.Close()
		b.Close()
	}
}

// TestVideo: pictures and sound go both ways, opened; after Next with other keys.
func TestVideo(t *testing.T) {
	url := serve(t, nil)
	got := [2]chan client.Frame{make(chan client.Frame, 1024), make(chan client.Frame, 1024)}
	var clients [2]*client.Client
	for i := range clients {
		clients[i] = dial(t, client.Config{URL: url, Media: true, Frames: func(f client.Frame) {
			select {
			case got[i] <- f:
			default:
			}
		}})
	}
	for range 2 {
		match, _ := meet(t, client.Video, clients[0], clients[1])
		stop := make(chan struct{})
		var films sync.WaitGroup
		for i, c := range clients {
			films.Go(func() { film(c, byte(i), stop) })
		}
		for i := range clients {
			want := map[bool]bool{true: true, false: true}
			for timeout := time.After(60 * time.Second); len(want) > 0; {
				select {
				case f := <-got[i]:
					if f.Match != match {
						continue // of the match before
					}
					if from := f.Data[len(f.Data)-1]; from != byte(1-i) {
						t.Fatalf("a frame of %d came to %d", from, i)
					}
					delete(want, f.Video)
				case <-timeout:
					t.Fatalf("side %d: kinds of frames that did not come: %v", i, want)
				}
			}
			await[client.FirstFrame](t, clients[i])
		}
		close(stop)
		films.Wait()
	}
}

// film sends key frames and sound, thirty a second, until stop.
func film(c *client.Client, who byte, stop <-chan struct{}) {
	picture := append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 240, 0}, make([]byte, 3000)...)
	picture[len(picture)-1] = who
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			_ = c.Film(picture, time.Second/30) // before the match it is refused
			_ = c.Sound([]byte{0x78, 1, 2, who}, 20*time.Millisecond)
		}
	}
}

// TestComesBack cuts connections under two who talk: texts come once and in order.
func TestComesBack(t *testing.T) {
	url := serve(t, nil)
	cut := &cutter{}
	a, b := dial(t, client.Config{URL: url, Dial: cut.dial}), dial(t, client.Config{URL: url, Dial: cut.dial})
	meet(t, client.Text, a, b)
	for i := range 30 {
		if i%5 == 2 {
			cut.all()
		}
		if _, err := a.Send(string(rune('A' + i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		if m := await[client.Message](t, b); m.Text != string(rune('A'+i)) || m.N != uint64(i+1) {
			t.Fatalf("text %d is %+v", i+1, m)
		}
	}
	awaitThat(t, a, func(d client.Delivered) bool { return d.N == 30 })
}

// cutter makes connections that it can cut.
type cutter struct {
	mu    sync.Mutex // guards conns
	conns []net.Conn
}

func (c *cutter) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

func (c *cutter) all() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

func TestDialSaysWhatIsWrong(t *testing.T) {
	for want, cfg := range map[string]client.Config{
		"not an address":     {URL: "chat.example.org", Adult: true},
		"Adult":              {URL: "http://127.0.0.1:1"},
		"connection refused": {URL: "http://127.0.0.1:1", Adult: true},
		"no Passerby server": {URL: stranger(t, http.StatusOK, "<html>"), Adult: true},
		"what stands before": {URL: stranger(t, http.StatusBadGateway, "<html>"), Adult: true},
		"try again in 2s":    {URL: stranger(t, 503, `{"error":{"code":"server_full","message":"full","retry_after_ms":2000}}`), Adult: true},
		"HTTP 403, banned":   {URL: stranger(t, 403, `{"error":{"code":"banned","message":"you are banned"},"ban":{"reason":"spam","token":"t"}}`), Adult: true},
	} {
		_, err := client.Dial(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("wanted %q: %v", want, err)
		}
		var refused *client.RefusedError
		if want == "HTTP 403, banned" && (!errors.As(err, &refused) || refused.Ban == nil || refused.Ban.Reason != "spam") {
			t.Errorf("the ban is not told: %v", err)
		}
	}
}

// stranger is a server that gives one answer to everything.
func stranger(t *testing.T, status int, body string) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})}
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + ln.Addr().String()
}

func TestDeviceIsKnownAgain(t *testing.T) {
	url := serve(t, nil)
	device, err := client.NewDevice()
	if err != nil {
		t.Fatal(err)
	}
	// One person never meets himself: two sessions of one device wait for one another in vain, and a third comes between.
	a, b := dial(t, client.Config{URL: url, Device: device}), dial(t, client.Config{URL: url, Device: device})
	other := dial(t, client.Config{URL: url})
	for _, c := range []*client.Client{a, b} {
		if err := c.Find(client.Wish{}); err != nil {
			t.Fatal(err)
		}
		await[client.Waiting](t, c)
	}
	if err := other.Find(client.Wish{}); err != nil {
		t.Fatal(err)
	}
	await[client.Matched](t, other)
}
