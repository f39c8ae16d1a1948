//go:build weft

// What weft calls: run and drop. They are in a file of their own, because cgo allows only declarations in the C part of
// a file with exported functions.
package main

// #include <stdint.h>
import "C"

import "runtime/cgo"

//export weft_go_run
func weft_go_run(handle C.uintptr_t, begin, end C.uint32_t) {
	b := cgo.Handle(handle).Value().(*batch)
	for i := int(begin); i != int(end); i++ {
		b.runOne(i)
	}
	b.count(int(end - begin))
}

//export weft_go_drop
func weft_go_drop(handle C.uintptr_t, begin, end C.uint32_t) {
	b := cgo.Handle(handle).Value().(*batch)
	for i := int(begin); i != int(end); i++ {
		b.fail(i, errCancelled)
	}
	b.count(int(end - begin))
}

// A panic must not unwind into C, and it ends only one closure.
func (b *batch) runOne(i int) {
	defer func() {
		if panicked := recover(); panicked != nil {
			b.fail(i, panicError{panicked})
		}
	}()
	b.results[i] = b.closures[i]()
}

func (b *batch) fail(i int, err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.failures == nil {
		b.failures = make(map[int]error)
	}
	b.failures[i] = err
}

// The thread that counts the last closure ends the batch.
func (b *batch) count(closures int) {
	if b.left.Add(-int64(closures)) == 0 {
		b.handle.Delete()
		close(b.done)
	}
}
