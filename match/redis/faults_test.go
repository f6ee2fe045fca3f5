package redis_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match/redis"
)

// nodes makes several queues of one name, each on a client of its own.
func nodes(t testing.TB, n int, addr, name string) []*redis.Queue {
	t.Helper()
	var all []*redis.Queue
	for range n {
		all = append(all, running(t, newClient(t, addr), fast(name)))
	}
	return all
}

// Three nodes, a crowd, nothing wrong: the picture is whole at every moment.
func TestAudits(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	all, client, book := nodes(t, 3, addr, name), newClient(t, addr), newLedger(t)
	stop := crowd(t, all, 40, 10*time.Second, book)
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); {
		audit(t, client, name)
	}
	stop()
	settle(t, all[0], client, name, 40, book)
}

// Redis is killed and comes back with all it has answered.
func TestRedisRestarts(t *testing.T) {
	server, name := testenv.StartRedis(t, "--save", "", "--appendonly", "yes", "--appendfsync", "always"), newName()
	all, client, book := nodes(t, 2, server.Addr, name), newClient(t, server.Addr), newLedger(t)
	stop := crowd(t, all, 30, 5*time.Second, book)
	for range 4 {
		book.more(300)
		server.Kill()
		server.Start()
		audit(t, client, name)
	}
	book.more(300)
	stop()
	settle(t, all[0], client, name, 30, book)
}

// Redis is slow: calls run out of time, and take place late, when their callers have gone on.
func TestSlowRedis(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	slow := newProxy(t, addr)
	all := append(nodes(t, 2, slow.addr(), name), nodes(t, 1, addr, name)...) // the third finds its own way
	client, book := newClient(t, addr), newLedger(t)
	const patience = 100 * time.Millisecond
	stop := crowd(t, all, 30, patience, book)
	for range 5 {
		book.more(300)
		slow.stall()
		stalled := time.Now()
		until(t, "calls that run out of time", func() bool { return time.Since(stalled) > 3*patience })
		audit(t, client, name)
		slow.open()
	}
	book.more(300)
	stop()
	settle(t, all[0], client, name, 30, book)
}

// The way to Redis breaks again and again, with calls on it whose answers never come.
func TestBrokenConnections(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	frail := newProxy(t, addr)
	all, client, book := nodes(t, 2, frail.addr(), name), newClient(t, addr), newLedger(t)
	stop := crowd(t, all, 30, 5*time.Second, book)
	for range 20 {
		book.more(100)
		frail.cut()
		audit(t, client, name)
	}
	stop()
	settle(t, all[0], client, name, 30, book)
}

// The master dies and a replica is promoted that has missed the last writes: the queue is as it was a moment
// before, whole; people that it has forgotten arrive again.
func TestFailoverWithLostWrites(t *testing.T) {
	master := testenv.StartRedis(t, "--save", "")
	host, port, _ := net.SplitHostPort(master.Addr)
	replica, name := testenv.StartRedis(t, "--save", "", "--replicaof", host+" "+port), newName()
	way := newProxy(t, master.Addr)
	all, client, book := nodes(t, 2, way.addr(), name), newClient(t, way.addr()), newLedger(t)
	book.lossy = true
	onReplica := newClient(t, replica.Addr)
	until(t, "the replica is in step", func() bool {
		info, err := onReplica.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	})
	stop := crowd(t, all, 30, 5*time.Second, book)
	until(t, "many calls", func() bool { return book.count() > 2000 })
	if err := onReplica.SlaveOf(t.Context(), "NO", "ONE").Err(); err != nil { // what comes after is lost
		t.Fatal(err)
	}
	lostFrom := book.count()
	until(t, "calls that will be lost", func() bool { return book.count() > lostFrom+500 })
	way.lead(replica.Addr)
	master.Kill()
	way.cut()
	back := book.count()
	until(t, "calls to the new master", func() bool { return book.count() > back+2000 })
	stop()
	audit(t, onReplica, name)
	settle(t, all[0], client, name, 30, book)
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for late := time.Now().Add(time.Minute); !is(); <-look.C {
		if time.Now().After(late) {
			t.Fatalf("this never came: %s", what)
		}
	}
}
