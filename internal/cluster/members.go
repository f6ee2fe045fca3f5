package cluster

import (
	"context"
	_ "embed" // the script
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/beat.lua
var beatSource string

var (
	beatScript = redis.NewScript(beatSource)
	memberKeys = []string{"{passerby:nodes}:alive", "{passerby:nodes}:counts"}
)

// absences is in how many answers in a row a node must be missing before it counts as gone: after a restart of Redis
// the others need a beat to show themselves.
const absences = 2

// Counts is what a node tells the others of itself.
type Counts struct {
	Sessions int `json:"sessions"`
}

// sign is what a node writes with each sign of life.
type sign struct {
	Counts
	Key  string `json:"key"`
	Link string `json:"link,omitempty"`
}

// ErrKey says that another node has other keys: it would not know this node's users.
var ErrKey = errors.New("another node has another key")

// MembersConfig says how a node takes part. The zero value of the optional fields means the default that the comment names.
type MembersConfig struct {
	Client redis.UniversalClient
	Node   string            // the name by which others send to it
	Key    string            // fingerprint of the keys that all nodes must have in common
	Counts func() Counts     // asked at each beat
	Gone   func(node string) // told of each node that is no more; must return soon
	Link   string            // "host:port" under which other nodes reach this one's media link; "" for none
	// Links is told of the links of all nodes, by node, this one's among them, whenever they change; nil: nobody. It must
	// return soon.
	Links  func(addrs map[string]string)
	Beat   time.Duration // between two signs of life (1 s)
	Lease  time.Duration // how long one lasts (4 s)
	Logger *slog.Logger  // nil discards
}

// Members knows which nodes are alive. Make it with NewMembers, start it with Run.
type Members struct {
	cfg MembersConfig
	log *slog.Logger

	mu     sync.Mutex // guards what follows
	counts map[string]sign
	absent map[string]int // answers in a row without the node

	links map[string]string // as told last; owned by who beats
}

// NewMembers makes a view of the nodes. It sends nothing yet.
func NewMembers(cfg MembersConfig) *Members {
	if cfg.Beat == 0 {
		cfg.Beat = time.Second
	}
	if cfg.Lease == 0 {
		cfg.Lease = 4 * time.Second
	}
	m := &Members{cfg: cfg, log: cfg.Logger, counts: map[string]sign{}, absent: map[string]int{}}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	return m
}

// Join shows this node to the others for the first time. ErrKey when one that lives has other keys; this node is not
// shown then.
func (m *Members) Join(ctx context.Context) error {
	answer, err := m.run(ctx, "")
	if err != nil {
		return err
	}
	m.learn(answer)
	for _, other := range m.counts {
		if other.Key != m.cfg.Key {
			return ErrKey
		}
	}
	return m.beat(ctx)
}

// Run shows this node to the others until ctx is over; then it says that it goes.
func (m *Members) Run(ctx context.Context) error {
	tick := time.NewTicker(m.cfg.Beat)
	defer tick.Stop()
	failing := false
	for {
		err := m.beat(ctx)
		if ctx.Err() == nil && (err != nil) != failing {
			failing = err != nil
			m.log.Warn("sign of life to the other nodes", "failing", failing, "error", err)
		}
		select {
		case <-ctx.Done():
			return m.leave()
		case <-tick.C:
		}
	}
}

func (m *Members) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Lease)
	defer cancel()
	own, err := json.Marshal(sign{m.cfg.Counts(), m.cfg.Key, m.cfg.Link})
	if err != nil {
		return err
	}
	answer, err := m.run(ctx, string(own))
	if err != nil {
		return err
	}
	gone := m.learn(answer)
	m.tellLinks()
	for _, node := range gone {
		m.log.Info("node gone", "gone", node)
		m.cfg.Gone(node)
	}
	return nil
}

// tellLinks tells where the nodes' links are, if that has changed.
func (m *Members) tellLinks() {
	if m.cfg.Links == nil {
		return
	}
	links := map[string]string{}
	m.mu.Lock()
	for node, s := range m.counts {
		if s.Link != "" {
			links[node] = s.Link
		}
	}
	m.mu.Unlock()
	if !maps.Equal(links, m.links) {
		m.links = links
		m.cfg.Links(maps.Clone(links))
	}
}

func (m *Members) run(ctx context.Context, counts string) ([]string, error) {
	answer, err := beatScript.Run(ctx, m.cfg.Client, memberKeys, m.cfg.Node, counts, m.cfg.Lease.Milliseconds()).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("sign of life: %w", err)
	}
	return answer, nil
}

func (m *Members) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = m.run(ctx, "") // else the lease ends by itself
	return nil
}

// learn takes an answer in: node, counts, node, counts … It answers who is gone.
func (m *Members) learn(answer []string) (gone []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	alive := map[string]bool{}
	for i := 0; i+1 < len(answer); i += 2 {
		var c sign
		if err := json.Unmarshal([]byte(answer[i+1]), &c); err != nil {
			m.log.Warn("counts of another node", "of", answer[i], "error", err)
		}
		m.counts[answer[i]], m.absent[answer[i]] = c, 0
		alive[answer[i]] = true
	}
	for node := range m.counts {
		if alive[node] {
			continue
		}
		if m.absent[node]++; m.absent[node] >= absences {
			delete(m.counts, node)
			delete(m.absent, node)
			gone = append(gone, node)
		}
	}
	return gone
}

// Others names the other nodes that live, as of the last beat.
func (m *Members) Others() (nodes []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for node := range m.counts {
		if node != m.cfg.Node {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// Total sums the counts of all nodes, as of the last beat.
func (m *Members) Total() (nodes int, sum Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.counts {
		sum.Sessions += c.Sessions
	}
	return len(m.counts), sum
}
