package signaling_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"passerby/internal/bus/memory"
	"passerby/signaling"
	"passerby/signaling/habit"
	"passerby/signaling/protocol"
)

// patience is how long an expected message may take on a busy machine.
const patience = 10 * time.Second

// world is a number of nodes on one bus and one queue.
type world struct {
	crowded   atomic.Bool // the nodes take nobody new
	t         testing.TB
	queue     *fakeQueue
	media     *fakeMedia
	token     *fakeTokens
	store     *sharedStore                                               // nil: none
	allow     func(act signaling.Act, user string) (bool, time.Duration) // nil: always
	file      func(r signaling.Report) (string, error)                   // takes reports; nil: all are fine
	judged    func(user string, network netip.Prefix, v habit.Verdict)   // nil: nobody listens
	suspected func(user string) bool                                     // nil: nobody is
	notices   signaling.Notices                                          // nil: none
	filter    func(signaling.Said) signaling.Verdict                     // nil: all pass
	nodes     []*node
	journeys  journeys
}

// journeys are those that were told.
type journeys struct {
	mu   sync.Mutex
	told []signaling.Journey
}

func (j *journeys) tell(one signaling.Journey) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.told = append(j.told, one)
}

func (j *journeys) all() []signaling.Journey {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.told)
}

func (w *world) Report(_ context.Context, r signaling.Report) (string, error) {
	if w.file == nil {
		return "", nil
	}
	return w.file(r)
}

func (w *world) Of(ctx context.Context, user string) ([]protocol.Notice, error) {
	if w.notices == nil {
		return nil, nil
	}
	return w.notices.Of(ctx, user)
}

func (w *world) Understood(ctx context.Context, user, notice string) error {
	return w.notices.Understood(ctx, user, notice)
}

// node is one hub behind a real HTTP server.
type node struct {
	hub      *signaling.Hub
	server   *httptest.Server
	leaveBus func() // nothing reaches the node any more, and nothing comes from it
	registry *prometheus.Registry
	stop     func() // ends Run and waits
}

// newWorld starts nodes of this configuration; quiet heartbeats, so that hints do the work.
func newWorld(t testing.TB, nodes int, cfg signaling.Config) *world {
	t.Helper()
	return startWorld(t, nodes, cfg, nil)
}

// newCluster is newWorld with sessions that can move.
func newCluster(t testing.TB, nodes int, cfg signaling.Config) *world {
	t.Helper()
	return startWorld(t, nodes, cfg, newSharedStore())
}

func startWorld(t testing.TB, nodes int, cfg signaling.Config, store *sharedStore) *world {
	t.Helper()
	w := &world{t: t, queue: newFakeQueue(), media: newFakeMedia(), token: &fakeTokens{}, store: store}
	bus := new(memory.Bus)
	for i := range nodes {
		w.nodes = append(w.nodes, w.start(bus, fmt.Sprintf("node-%d", i), cfg))
	}
	return w
}

func (w *world) start(bus *memory.Bus, name string, cfg signaling.Config) *node {
	w.t.Helper()
	cfg.Node = name
	if cfg.Linger == 0 {
		cfg.Linger = 200 * time.Millisecond
	}
	if err := cfg.Validate(); err != nil {
		w.t.Fatal(err)
	}
	n := &node{registry: prometheus.NewRegistry()}
	link, err := bus.Join(name, func(session string, data []byte) { n.hub.Receive(session, data) })
	if err != nil {
		w.t.Fatal(err)
	}
	n.leaveBus = func() { _ = link.Close() }
	var store signaling.Store
	if w.store != nil {
		store = fakeStore{w.store, name}
	}
	n.hub = signaling.New(cfg, signaling.Deps{
		Room:  func() (time.Duration, bool) { return 20 * time.Second, !w.crowded.Load() },
		Store: store,
		Allow: func(_ context.Context, act signaling.Act, user string) (bool, time.Duration) {
			if w.allow == nil {
				return true, 0
			}
			return w.allow(act, user)
		},
		Habit: func(_ context.Context, user string, network netip.Prefix, v habit.Verdict) {
			if w.judged != nil {
				w.judged(user, network, v)
			}
		},
		Suspected: func(_ context.Context, user string) bool { return w.suspected != nil && w.suspected(user) },
		Reports:   w, Notices: w, Filter: func(_ context.Context, said signaling.Said) signaling.Verdict {
			if w.filter == nil {
				return signaling.Passes
			}
			return w.filter(said)
		},
		Journey: w.journeys.tell, TraceID: func(match string) string { return "trace of " + match },
		Network: func(r *http.Request) netip.Prefix {
			network, _ := netip.ParsePrefix(r.Header.Get("Test-Network"))
			return network
		},
		Queue: w.queue, Media: w.media, Bus: link, Tokens: w.token,
		ICEServers: func(string) []protocol.ICEServer {
			return []protocol.ICEServer{{URLs: []string{"turn:turn.example"}, Username: "u", Credential: "c"}}
		},
		Frank: func(match, sender string, n uint64, at int64, commitment []byte) []byte {
			return fmt.Appendf(nil, "%s|%s|%d|%d", match, sender, n, len(commitment))
		},
		Logger: slog.New(slog.DiscardHandler), Registerer: n.registry,
	})
	w.queue.set(func() { w.queue.hubs[name] = n.hub })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.hub.Run(ctx) }()
	n.server = httptest.NewServer(n.hub)
	n.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
		done <- nil
		n.server.Close()
		_ = link.Close()
	}
	w.t.Cleanup(n.stop)
	return n
}

// metric reads one counter or gauge; labels narrows it to a value.
func (n *node) metric(t *testing.T, name, label string) float64 {
	t.Helper()
	families, err := n.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		if f.GetName() != "passerby_signaling_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			if label != "" && m.GetLabel()[0].GetValue() != label {
				continue
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// client is one browser tab.
type client struct {
	t       testing.TB
	ws      *websocket.Conn
	in      chan protocol.Message // closed when the connection is
	name    string
	session string
	resume  string
	media   bool // what the welcome said
}

func (n *node) url() string { return "ws" + strings.TrimPrefix(n.server.URL, "http") }

func (n *node) dial(t testing.TB, header http.Header) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience, TLSClientConfig: n.tls()}
	return d.DialContext(t.Context(), n.url(), header)
}

// tls is what a client needs to trust the server; nil without TLS.
func (n *node) tls() *tls.Config {
	if n.server.TLS == nil {
		return nil
	}
	return &tls.Config{RootCAs: n.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
}

// connect opens a connection without hello.
func (n *node) connect(t testing.TB, name string) *client {
	t.Helper()
	c, resp := n.connectFrom(t, name, "")
	if c == nil {
		t.Fatalf("%s: refused with status %d", name, resp.StatusCode)
	}
	return c
}

// connectFrom opens a connection from a network; nil when it is refused.
func (n *node) connectFrom(t testing.TB, name, network string) (*client, *http.Response) {
	t.Helper()
	ws, resp, err := n.dial(t, http.Header{"Test-Network": {network}})
	if resp == nil {
		t.Fatalf("dial: %v", err)
	}
	if err != nil {
		return nil, resp
	}
	_ = resp.Body.Close()
	c := &client{t: t, ws: ws, name: name, in: make(chan protocol.Message, 4096)}
	done := make(chan struct{})
	go c.read(done)
	t.Cleanup(func() {
		_ = ws.Close()
		<-done
	})
	return c, resp
}

func (c *client) read(done chan<- struct{}) {
	defer close(done)
	defer close(c.in)
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		m, err := protocol.ParseServer(data)
		if err != nil {
			c.in <- protocol.Errorf(protocol.Internal, "the test cannot read %q: %v", data, err)
			return
		}
		c.in <- m
	}
}

// enter connects and says hello as user name, session s-name.
func (n *node) enter(t testing.TB, name string) *client {
	t.Helper()
	c := n.connect(t, name)
	c.hello("user-"+name+"/s-"+name, "")
	return c
}

// resume connects anew with the secret of an earlier client.
func (n *node) resume(t *testing.T, old *client) *client {
	t.Helper()
	c := n.connect(t, old.name)
	w := c.hello("user-"+old.name+"/"+old.session, old.resume)
	if !w.Resumed || w.Session != old.session {
		t.Fatalf("resume of %s: got %+v", old.name, w)
	}
	if w.Resume == old.resume {
		t.Fatalf("resume of %s: the secret was not changed", old.name)
	}
	c.media = w.Media
	return c
}

func (c *client) hello(token, resume string) *protocol.Welcome {
	c.t.Helper()
	c.send(&protocol.Hello{Head: protocol.Re("h"), Token: token, Resume: resume})
	w := expect[*protocol.Welcome](c)
	if w.ID != "h" {
		c.t.Fatalf("welcome answers %q", w.ID)
	}
	c.session, c.resume = w.Session, w.Resume
	return w
}

func (c *client) send(m protocol.Message) {
	c.t.Helper()
	c.sendRaw(websocket.TextMessage, protocol.Append(nil, m))
}

func (c *client) sendRaw(kind int, data []byte) {
	c.t.Helper()
	if err := c.ws.WriteMessage(kind, data); err != nil {
		c.t.Fatalf("%s: write: %v", c.name, err)
	}
}

func (c *client) find(mode protocol.Mode) {
	c.t.Helper()
	c.send(&protocol.Find{Head: protocol.Re("f"), Mode: mode, Key: "p256:" + c.name})
}

// next answers the next message; nil when the connection is closed.
func (c *client) next() protocol.Message {
	c.t.Helper()
	select {
	case m := <-c.in:
		return m
	case <-time.After(patience):
		c.t.Fatalf("%s: nothing came", c.name)
		return nil
	}
}

// expect takes the next message and wants it to be of type M.
func expect[M protocol.Message](c *client) M {
	c.t.Helper()
	m := c.next()
	got, ok := m.(M)
	if !ok {
		c.t.Fatalf("%s: got %s, want %T", c.name, describe(m), *new(M))
	}
	return got
}

func describe(m protocol.Message) string {
	if m == nil {
		return "the end of the connection"
	}
	return string(protocol.Append(nil, m))
}

// refused wants an error of this code next.
func (c *client) refused(code protocol.Code) *protocol.Error {
	c.t.Helper()
	e := expect[*protocol.Error](c)
	if e.Code != code {
		c.t.Fatalf("%s: got error %v, want %s", c.name, e, code)
	}
	return e
}

// closed wants the connection to end now, with this close code (0: any).
func (c *client) closed() {
	c.t.Helper()
	if m := c.next(); m != nil {
		c.t.Fatalf("%s: got %s, want the end of the connection", c.name, describe(m))
	}
}

// quiet wants that nothing was sent up to now: a ping is answered first.
func (c *client) quiet() {
	c.t.Helper()
	c.send(&protocol.Ping{Head: protocol.Re("quiet")})
	if pong := expect[*protocol.Pong](c); pong.ID != "quiet" {
		c.t.Fatalf("pong answers %q", pong.ID)
	}
}

// meet brings two clients into a match: a is the initiator.
func meet(a, b *client) (ofA, ofB *protocol.Matched) {
	a.t.Helper()
	a.find(protocol.ModeVideo)
	expect[*protocol.Waiting](a)
	b.find(protocol.ModeVideo)
	return expect[*protocol.Matched](a), expect[*protocol.Matched](b)
}

// body makes a text body that passes validation.
func body(text string) string {
	raw := append([]byte{1}, make([]byte, 32+12+16)...)
	return base64.RawURLEncoding.EncodeToString(append(raw, text...))
}

// until waits for a condition that another goroutine brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("%s: did not come about", what)
		case <-tick.C:
		}
	}
}
