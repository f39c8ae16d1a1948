// The frame of the peer in Go: the command line of frame/program.hpp, and what several workloads need.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

type measurement struct {
	workload string
	workers  int
	size     string
	figures  string
}

func (m *measurement) choose(full, quick, smoke int) int {
	switch m.size {
	case "smoke":
		return smoke
	case "quick":
		return quick
	}
	return full
}

func (m *measurement) report(suffix string, value float64) {
	m.figures += fmt.Sprintf(", \"%s%s\": %g", m.workload, suffix, value)
}

// once returns how long it took; the first call warms up. For a short workload the median of three counts, as in
// frame/measurement.hpp.
func (m *measurement) reportPerPiece(count int, once func() time.Duration) {
	once()
	took := once()
	if took < 200*time.Millisecond {
		all := []time.Duration{took, once(), once()}
		sort.Slice(all, func(i, k int) bool { return all[i] < all[k] })
		took = all[1]
	}
	m.report("", float64(took.Nanoseconds())/float64(count))
}

func (m *measurement) reportQuantiles(count int, once func()) {
	for i := 0; i <= count/10; i++ {
		once()
	}
	times := make([]int, count)
	for i := range times {
		begin := time.Now()
		once()
		times[i] = int(time.Since(begin).Nanoseconds())
	}
	sort.Ints(times)
	m.report("", float64(times[count/2]))
	m.report("_p99", float64(times[count*99/100]))
}

func (m *measurement) expect(wanted, got int, what string) {
	if wanted != got {
		m.fail(fmt.Sprintf("%s: %d instead of %d", what, got, wanted))
	}
}

func (m *measurement) fail(what string) {
	fmt.Fprintf(os.Stderr, "%s, %d workers: %s\n", m.workload, m.workers, what)
	os.Exit(1)
}

// Waits for the signal of the last task.
func (m *measurement) wait(last <-chan struct{}) {
	select {
	case <-last:
	case <-time.After(60 * time.Second):
		m.fail("tasks were lost")
	}
}

func residentBytes() float64 {
	text, _ := os.ReadFile("/proc/self/statm")
	pages, _ := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	return pages * float64(os.Getpagesize())
}

// CPU time of all threads, as cpu_clock in frame/resources.hpp reads it, and why.
type cpuClock []int

func newCPUClock() cpuClock {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		panic(err)
	}
	var clocks cpuClock
	for _, each := range threads {
		id, _ := strconv.Atoi(each.Name())
		clocks = append(clocks, ^id<<3|6)
	}
	return clocks
}

func (clocks cpuClock) milliseconds() float64 {
	for _, each := range clocks {
		readClock(each)
	}
	const ofProcess = 2
	return readClock(ofProcess)
}

func readClock(which int) float64 {
	var used syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(which), uintptr(unsafe.Pointer(&used)), 0)
	return float64(used.Nano()) * 1e-6
}

type workload struct {
	name string
	run  func(*measurement)
}

func run(peer string, known []workload) {
	only, workers, size := "", "2", "full"
	for _, argument := range os.Args[1:] {
		name, value, _ := strings.Cut(argument, "=")
		switch name {
		case "--list":
			for _, each := range known {
				fmt.Println(each.name)
			}
			return
		case "--only":
			only = "," + value + ","
		case "--workers":
			workers = value
		case "--size":
			size = value
		}
	}
	var lines []string
	for _, each := range known {
		if only != "" && !strings.Contains(only, ","+each.name+",") {
			continue
		}
		for _, text := range strings.Split(workers, ",") {
			number, err := strconv.Atoi(text)
			if err != nil {
				panic(err)
			}
			runtime.GOMAXPROCS(number)
			m := measurement{each.name, number, size, ""}
			each.run(&m)
			lines = append(lines, fmt.Sprintf("{\"name\": \"%s/%s/%d\"%s}", each.name, peer, number, m.figures))
		}
	}
	fmt.Printf("{\"benchmarks\": [\n%s\n]}\n", strings.Join(lines, ",\n"))
}
