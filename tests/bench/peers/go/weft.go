//go:build weft

// weft as a binding in Go uses it: closures in batches, with one call into C for each batch, and one into Go for each
// chunk.
package main

import "time"

func submitBatches(m *measurement) {
	const size = 1_000
	count := m.choose(1_000_000, 300_000, 2_000)
	pool := newPool(m.workers)
	batches := make([]*batch, count/size)
	m.reportPerPiece(count, func() time.Duration {
		begin := time.Now()
		for b := range batches {
			closures := make([]func() int, size)
			for i := range closures {
				n := b*size + i
				closures[i] = func() int { return n }
			}
			submitted, err := pool.submitBatch(closures)
			if err != nil {
				m.fail(err.Error())
			}
			batches[b] = submitted
		}
		sum := 0
		for _, each := range batches {
			m.wait(each.done)
			for i := range each.closures {
				result, err := each.result(i)
				if err != nil {
					m.fail(err.Error())
				}
				sum += result
			}
		}
		took := time.Since(begin)
		m.expect(count*(count-1)/2, sum, "sum of the results")
		return took
	})
	pool.close()
}

func main() {
	run("weft_go", []workload{{"FFI_go", submitBatches}})
}
