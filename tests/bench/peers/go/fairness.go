//go:build !weft

// W12 for goroutines: see workloads/fairness.hpp. A goroutine that sleeps gives its processor away. So the tasks of a
// load compute for the time that those of other peers sleep.
package main

import (
	"sync/atomic"
	"time"
)

type probe struct {
	underWay    atomic.Bool
	due         time.Time
	took, worst time.Duration
}

func (p *probe) begin(due time.Time) {
	p.worst = max(p.worst, p.took)
	p.due = due
	p.underWay.Store(true)
}

func (p *probe) arrive() {
	p.took = time.Since(p.due)
	p.underWay.Store(false)
}

func (p *probe) worstInMs() float64 {
	last := p.took
	if p.underWay.Load() {
		last = time.Since(p.due)
	}
	return float64(max(p.worst, last).Nanoseconds()) * 1e-6
}

func max(a, b time.Duration) time.Duration {
	if a > b {
		return a
	}
	return b
}

type load struct {
	length         time.Duration
	next           func(func())
	stopped, asked atomic.Bool
	pending        atomic.Int64
	inside         probe
}

func (l *load) body() {
	for begin := time.Now(); time.Since(begin) < l.length; {
	}
	if l.asked.Load() && l.asked.Swap(false) {
		l.inside.begin(time.Now())
		go l.inside.arrive()
	}
}

func (l *load) step() {
	l.body()
	if l.stopped.Load() {
		l.pending.Add(-1)
	} else {
		l.next(l.step)
	}
}

func (l *load) submitBatches(batch int64, ended chan struct{}) {
	for !l.stopped.Load() {
		if l.pending.Load() > batch {
			time.Sleep(20 * time.Microsecond)
			continue
		}
		l.pending.Add(batch)
		for i := int64(0); i < batch; i++ {
			go func() {
				l.body()
				l.pending.Add(-1)
			}()
		}
	}
	close(ended)
}

func fairness(kind string, length time.Duration) func(*measurement) {
	return func(m *measurement) {
		busy := &load{length: length}
		ended := make(chan struct{})
		switch kind {
		case "batches":
			batch := int64(m.workers)
			if length == 0 {
				batch = 64
			}
			go busy.submitBatches(batch, ended)
		case "timers":
			busy.next = func(task func()) { time.AfterFunc(0, task) }
		default:
			busy.next = func(task func()) { go task() }
		}
		if busy.next != nil {
			close(ended)
			busy.pending.Store(int64(2 * m.workers))
			for i := 0; i < 2*m.workers; i++ {
				busy.next(busy.step)
			}
		}
		var outside, timer probe
		end := time.Now().Add(time.Duration(m.choose(10_000, 1_500, 20)) * time.Millisecond)
		for turn := 0; time.Now().Before(end); turn++ {
			time.Sleep(time.Duration(700+turn*379%1_000) * time.Microsecond)
			if !outside.underWay.Load() {
				outside.begin(time.Now())
				go outside.arrive()
			}
			if !busy.asked.Load() && !busy.inside.underWay.Load() {
				busy.asked.Store(true)
			}
			if !timer.underWay.Load() {
				timer.begin(time.Now().Add(time.Millisecond))
				time.AfterFunc(time.Millisecond, timer.arrive)
			}
		}
		m.report("", outside.worstInMs())
		m.report("_inside", busy.inside.worstInMs())
		m.report("_timer", timer.worstInMs())
		busy.stopped.Store(true)
		<-ended
		for busy.pending.Load() != 0 || outside.underWay.Load() || timer.underWay.Load() || busy.inside.underWay.Load() {
			time.Sleep(time.Millisecond)
		}
	}
}

func fair() []workload {
	var all []workload
	for _, kind := range []string{"own", "batches", "timers"} {
		all = append(all, workload{"W12_" + kind + "_0", fairness(kind, 0)},
			workload{"W12_" + kind + "_100us", fairness(kind, 100*time.Microsecond)},
			workload{"W12_" + kind + "_10ms", fairness(kind, 10*time.Millisecond)})
	}
	return all
}
