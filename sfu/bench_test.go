package sfu_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// BenchmarkIdlePeers reports what a connected peer costs that waits: row S3 of
// the measurements, roughly. Go's own accounting, after a collection.
func BenchmarkIdlePeers(b *testing.B) {
	const peers = 100
	for _, kind := range []string{"text", "video"} {
		b.Run(kind, func(b *testing.B) {
			for range b.N {
				s, _ := mustListen(b)
				before, routines := inUse(), runtime.NumGoroutine()
				crowdOf(b, s, kind, peers)
				<-time.After(3 * time.Second) // handshakes are over, timers have stopped
				after := inUse()
				b.ReportMetric(float64(after.heap-before.heap)/peers, "heap-B/peer")
				b.ReportMetric(float64(after.stack-before.stack)/peers, "stack-B/peer")
				b.ReportMetric(float64(runtime.NumGoroutine()-routines)/peers, "goroutines/peer")
			}
		})
	}
}

type memory struct{ heap, stack int64 }

func inUse() memory {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{int64(m.HeapAlloc), int64(m.StackInuse)}
}

// BenchmarkForwardOverUDP is a whole packet: socket, ICE, SRTP, our path, SRTP,
// socket. It reports allocations and CPU time of the server's process for each
// packet forwarded at 10,000 a second.
func BenchmarkForwardOverUDP(b *testing.B) {
	s, _ := mustListen(b)
	do := crowdOf(b, s, "video", 2)
	s.Route("1", "0", 0)
	do(crowdLine{Packets: 100})
	var before, after runtime.MemStats
	start := s.Stats().Sent
	cpu := cpuTime(b)
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	do(crowdLine{Packets: max(b.N, 1000)})
	b.StopTimer()
	runtime.ReadMemStats(&after)
	spent := cpuTime(b) - cpu
	n := float64(s.Stats().Sent - start)
	if n == 0 {
		b.Fatal("nothing was forwarded")
	}
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/packet")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/n, "B/packet")
	b.ReportMetric(float64(spent.Nanoseconds())/n, "cpu-ns/packet")
	b.ReportMetric(n/float64(max(b.N, 1000)), "forwarded/sent")
}

func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
