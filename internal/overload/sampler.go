package overload

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	latencies = "/sched/latencies:seconds"
	mapped    = "/memory/classes/total:bytes"
	returned  = "/memory/classes/heap/released:bytes"
)

// Sampler measures this process. It has one owner.
type Sampler struct {
	at     time.Time
	cpu    time.Duration
	counts []uint64
	limit  float64 // bytes; 0: none is known
	read   [3]metrics.Sample
}

// NewSampler begins to measure.
func NewSampler() *Sampler {
	s := &Sampler{at: time.Now(), cpu: spent(), limit: memoryLimit("/sys/fs/cgroup", debug.SetMemoryLimit(-1))}
	for i, name := range []string{latencies, mapped, returned} {
		s.read[i].Name = name
	}
	s.Sample()
	return s
}

// Sample answers how the process was since the last call.
func (s *Sampler) Sample() Sample {
	metrics.Read(s.read[:])
	now, cpu := time.Now(), spent()
	out := Sample{Lag: s.lag(s.read[0].Value.Float64Histogram())}
	if passed := now.Sub(s.at); passed > 0 { // GOMAXPROCS follows the limit of a container
		out.CPU = float64(cpu-s.cpu) / float64(passed) / float64(runtime.GOMAXPROCS(0))
	}
	if s.limit > 0 {
		out.Memory = float64(s.read[1].Value.Uint64()-s.read[2].Value.Uint64()) / s.limit
	}
	s.at, s.cpu = now, cpu
	return out
}

// lag is the 99th percentile of what has come to the histogram since the last time: the upper end of its bucket.
func (s *Sampler) lag(h *metrics.Float64Histogram) time.Duration {
	if len(s.counts) != len(h.Counts) {
		s.counts = make([]uint64, len(h.Counts))
	}
	var all uint64
	fresh := make([]uint64, len(h.Counts))
	for i, n := range h.Counts {
		fresh[i], s.counts[i] = n-s.counts[i], n
		all += fresh[i]
	}
	return time.Duration(percentile(fresh, h.Buckets, all) * float64(time.Second))
}

func percentile(counts []uint64, bounds []float64, all uint64) float64 {
	if all == 0 {
		return 0
	}
	var seen uint64
	for i, n := range counts {
		if seen += n; float64(seen) >= 0.99*float64(all) {
			if end := bounds[i+1]; !math.IsInf(end, 0) {
				return end
			}
			return bounds[i]
		}
	}
	return 0
}

// spent is the processor time of this process, the system's part included.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memoryLimit is the lower of the limit of the cgroup whose files lie in dir and GOMEMLIMIT; 0: neither is set.
func memoryLimit(dir string, soft int64) float64 {
	limit := math.Inf(1)
	if soft > 0 && soft < math.MaxInt64 {
		limit = float64(soft)
	}
	if b, err := os.ReadFile(dir + "/memory.max"); err == nil { // "max" is no number
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n > 0 {
			limit = min(limit, float64(n))
		}
	}
	if math.IsInf(limit, 1) {
		return 0
	}
	return limit
}
