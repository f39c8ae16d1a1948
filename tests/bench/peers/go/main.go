//go:build !weft

// Go: goroutines, channels, and timers. GOMAXPROCS is the number of workers; the goroutine that posts needs one, too.
package main

import (
	"sync/atomic"
	"time"
)

// A counter that signals when the last task has run.
type countdown struct {
	left atomic.Int64
	last chan struct{}
}

func newCountdown(count int) *countdown {
	c := &countdown{last: make(chan struct{})}
	c.left.Store(int64(count))
	return c
}

func (c *countdown) count() {
	if c.left.Add(-1) == 0 {
		close(c.last)
	}
}

func postOutside(m *measurement) {
	count := m.choose(1_000_000, 300_000, 2_000)
	m.reportPerPiece(count, func() time.Duration {
		c := newCountdown(count)
		begin := time.Now()
		for i := 0; i < count; i++ {
			go c.count()
		}
		m.wait(c.last)
		return time.Since(begin)
	})
}

func submitAndRead(m *measurement) {
	count := m.choose(1_000_000, 300_000, 2_000)
	futures := make([]chan int, count)
	m.reportPerPiece(count, func() time.Duration {
		begin := time.Now()
		for i := range futures {
			future := make(chan int, 1)
			futures[i] = future
			go func(i int) { future <- i }(i)
		}
		sum := 0
		for _, future := range futures {
			sum += <-future
		}
		took := time.Since(begin)
		m.expect(count*(count-1)/2, sum, "sum of the results")
		return took
	})
}

func postInside(m *measurement) {
	count := m.choose(1_000_000, 300_000, 2_000)
	m.reportPerPiece(count, func() time.Duration {
		c := newCountdown(count)
		begin := time.Now()
		go func() {
			for i := 0; i < count; i++ {
				go c.count()
			}
		}()
		m.wait(c.last)
		return time.Since(begin)
	})
}

func growTree(c *countdown, depth int) {
	c.count()
	if depth > 1 {
		go growTree(c, depth-1)
		go growTree(c, depth-1)
	}
}

func tree(m *measurement) {
	depth := m.choose(20, 18, 8)
	count := 1<<depth - 1
	m.reportPerPiece(count, func() time.Duration {
		c := newCountdown(count)
		begin := time.Now()
		go growTree(c, depth)
		m.wait(c.last)
		return time.Since(begin)
	})
}

func roundTrip(m *measurement) {
	ran := make(chan int)
	m.reportQuantiles(m.choose(10_000, 2_000, 200), func() {
		go func() { ran <- 1 }()
		<-ran
	})
}

func futureRoundTrip(m *measurement) {
	turn := 0
	m.reportQuantiles(m.choose(10_000, 2_000, 200), func() {
		turn++
		future := make(chan int, 1)
		go func(i int) { future <- i }(turn)
		m.expect(turn, <-future, "result")
	})
}

// In the place of a strand: a goroutine that runs what comes through a channel.
func strands(number int) func(*measurement) {
	return func(m *measurement) {
		each := m.choose(1<<20, 300_000, 6_400) / number
		channels := make([]chan func(), number)
		turns := make([]int, number*16)
		for i := range channels {
			channel := make(chan func(), 1_024)
			channels[i] = channel
			go func() {
				for task := range channel {
					task()
				}
			}()
		}
		rounds := 0
		m.reportPerPiece(each*number, func() time.Duration {
			c := newCountdown(number)
			begin := time.Now()
			rounds++
			for i := 0; i < each; i++ {
				for k, channel := range channels {
					turn := &turns[k*16]
					channel <- func() {
						*turn++
						if *turn == rounds*each {
							c.count()
						}
					}
				}
			}
			m.wait(c.last)
			return time.Since(begin)
		})
		for _, channel := range channels {
			close(channel)
		}
	}
}

// A goroutine can be kept from starting only by a busy processor. So these start, and wait in their first line.
func pendingMemory(m *measurement) {
	count := m.choose(1_000_000, 300_000, 2_000)
	c := newCountdown(count)
	gate := make(chan struct{})
	before := residentBytes()
	for i := 0; i < count; i++ {
		go func() {
			<-gate
			c.count()
		}()
	}
	m.report("", (residentBytes()-before)/float64(count))
	close(gate)
	m.wait(c.last)
}

func idle(m *measurement) {
	count := m.choose(200_000, 200_000, 2_000)
	burst := func() {
		c := newCountdown(count)
		for i := 0; i < count; i++ {
			go c.count()
		}
		m.wait(c.last)
	}
	burst()
	clock := newCPUClock()
	burst()
	before := clock.milliseconds()
	time.Sleep(time.Duration(m.choose(2_000, 2_000, 50)) * time.Millisecond)
	m.report("", clock.milliseconds()-before)
}

func timerCrowd(m *measurement) {
	count := m.choose(1_000_000, 300_000, 1_000)
	var armed, cancelled time.Duration
	var early atomic.Int64
	for round := 0; round < 2; round++ {
		timers := make([]*time.Timer, count)
		begin := time.Now()
		for i := range timers {
			delay := time.Hour + time.Duration(i*7_919%1_000_000)*time.Millisecond
			timers[i] = time.AfterFunc(delay, func() { early.Add(1) })
		}
		armed = time.Since(begin)
		stopped := 0
		begin = time.Now()
		for _, each := range timers {
			if each.Stop() {
				stopped++
			}
		}
		cancelled = time.Since(begin)
		m.expect(count, stopped, "timers that were cancelled")
	}
	m.expect(0, int(early.Load()), "timers that ended early")
	m.report("", float64(armed.Nanoseconds())/float64(count))
	m.report("_cancel", float64(cancelled.Nanoseconds())/float64(count))
}

func loneTimer(m *measurement) {
	count := m.choose(300_000, 100_000, 500)
	m.reportPerPiece(count, func() time.Duration {
		stopped := 0
		timer := time.AfterFunc(time.Hour, func() {})
		timer.Stop()
		begin := time.Now()
		for i := 0; i < count; i++ {
			timer.Reset(time.Hour)
			if timer.Stop() {
				stopped++
			}
		}
		took := time.Since(begin)
		m.expect(count, stopped, "timers that were cancelled")
		return took
	})
}

func main() {
	run("go", append(fair(), []workload{
		{"W1", postOutside}, {"W2", submitAndRead}, {"W3", postInside}, {"W4", tree}, {"W5", roundTrip},
		{"W5f", futureRoundTrip}, {"W6a", strands(1)}, {"W6b", strands(64)}, {"W8", pendingMemory}, {"W9", idle},
		{"W10", timerCrowd}, {"W10s", loneTimer}, {"FFI_go", submitAndRead},
	}...))
}
