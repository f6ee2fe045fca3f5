package app_test

import (
	"testing"

	"passerby/internal/testenv"
)

// TestSentinel: strangers on two nodes talk; the primary of Redis is killed; their Sentinels promote the replica, the talk
// goes on, and others can meet.
func TestSentinel(t *testing.T) {
	sentinel, dir := testenv.Sentinel(t), t.TempDir()
	one, two := startNode(t, sentinel.URL(), dir, "one"), startNode(t, sentinel.URL(), dir, "two")
	ann, bob := enter(t, "http://"+one.Addr, "ann"), enter(t, "http://"+two.Addr, "bob")
	meet(t, ann, bob)
	stop := chat(t, ann, bob)
	ann.until("talking", func() bool { return len(ann.got) > 20 })
	sentinel.Primary.Kill()
	more := read(ann, func() int { return len(ann.got) }) + 40
	ann.until("talking on", func() bool { return len(ann.got) > more })
	stop()
	settle(t, ann, bob)
	eve, dan := enter(t, "http://"+one.Addr, "eve"), enter(t, "http://"+two.Addr, "dan")
	meet(t, eve, dan)
	settle(t, ann, bob) // and nothing happened to them meanwhile
}
