package congestion

// signal is what the delay does.
type signal uint8

const (
	steady signal = iota
	draining
	overuse
)

const trendWindow = 20 // groups

// trend finds a growing delay: the slope of a line through the last sums of delays, against a threshold that adapts
// itself to what the network does anyway (draft-ietf-rmcat-gcc-02 §5.3, §5.4; as a line and not as a Kalman filter, as
// browsers do it by now).
type trend struct {
	times, sums [trendWindow]float64 // ms, ms
	n           int
	begun       int64 // µs
	sum, smooth float64
	threshold   float64 // ms
	over        float64 // ms that the line has been above it
	above       int
	previous    float64
	updated     int64 // µs
	state       signal
}

// group takes the times between two groups, and when the later one arrived, in µs.
func (t *trend) group(sentDelta, arrivedDelta, arrived int64) signal {
	if t.n == 0 {
		t.begun, t.threshold, t.updated = arrived, 12.5, arrived
	}
	delta := float64(arrivedDelta-sentDelta) / 1000
	t.sum += delta
	t.smooth = 0.9*t.smooth + 0.1*t.sum
	i := t.n % trendWindow
	t.times[i], t.sums[i] = float64(arrived-t.begun)/1000, t.smooth
	t.n++
	slope := t.previous
	if t.n >= trendWindow {
		slope = t.slope()
	}
	t.detect(slope, float64(sentDelta)/1000, arrived)
	return t.state
}

func (t *trend) slope() float64 {
	var x, y float64
	for i := range trendWindow {
		x += t.times[i]
		y += t.sums[i]
	}
	x /= trendWindow
	y /= trendWindow
	var num, den float64
	for i := range trendWindow {
		num += (t.times[i] - x) * (t.sums[i] - y)
		den += (t.times[i] - x) * (t.times[i] - x)
	}
	if den == 0 {
		return t.previous
	}
	return num / den
}

func (t *trend) detect(slope, sentDelta float64, now int64) {
	const gain = 4
	value := float64(min(t.n, 60)) * slope * gain
	switch {
	case value > t.threshold:
		if t.above == 0 {
			t.over = sentDelta / 2
		} else {
			t.over += sentDelta
		}
		t.above++
		if t.over > 10 && t.above > 1 && slope >= t.previous {
			t.over, t.above = 0, 0
			t.state = overuse
		}
	case value < -t.threshold:
		t.over, t.above, t.state = 0, 0, draining
	default:
		t.over, t.above, t.state = 0, 0, steady
	}
	t.previous = slope
	t.adapt(value, now)
}

func (t *trend) adapt(value float64, now int64) {
	size := max(value, -value)
	elapsed := float64(min(now-t.updated, 100_000)) / 1000
	t.updated = now
	if size > t.threshold+15 || elapsed < 0 {
		return
	}
	speed := 0.0087
	if size < t.threshold {
		speed = 0.039
	}
	t.threshold = min(max(t.threshold+speed*(size-t.threshold)*elapsed, 6), 600)
}
