//go:build weft

// A weft pool that takes batches of closures and gives results. A call between Go and C costs as much as several tasks
// of weft. So a task of weft is a chunk of a batch: a batch goes in by one call, and a worker calls into Go once for
// each chunk. weft_bridge.go has the functions that C calls.
package main

/*
#cgo LDFLAGS: -lweft
#include <weft/weft.h>

// In weft_bridge.go.
void weft_go_run(uintptr_t batch, uint32_t begin, uint32_t end);
void weft_go_drop(uintptr_t batch, uint32_t begin, uint32_t end);

// The room of a task.
struct chunk {
  uintptr_t batch;
  uint32_t begin, end;
};

static weft_status run_chunk(void *room, weft_error_t **error) {
  struct chunk const it = *(struct chunk *)room;
  (void)error;
  weft_go_run(it.batch, it.begin, it.end);
  return WEFT_OK;
}

static void drop_chunk(void *room) {
  struct chunk const it = *(struct chunk *)room;
  weft_go_drop(it.batch, it.begin, it.end);
}

enum { MOST_CHUNKS = 64 };

// All chunks are accepted or none. chunks: up to MOST_CHUNKS.
static weft_status submit_chunks(weft_executor_t *pool, uintptr_t batch, uint32_t count, uint32_t chunks) {
  static const weft_task_type_t type = {sizeof type, WEFT_TASK_POSTED, sizeof(struct chunk), 0, run_chunk, drop_chunk, NULL};
  weft_task_t *tasks[MOST_CHUNKS];
  weft_status status = WEFT_OK;
  uint32_t made = 0;
  while (status == WEFT_OK && made != chunks) {
    status = weft_task_create(&type, &tasks[made]);
    if (status != WEFT_OK) break;
    *(struct chunk *)weft_task_room(tasks[made]) =
        (struct chunk){batch, (uint32_t)((uint64_t)count * made / chunks), (uint32_t)((uint64_t)count * (made + 1) / chunks)};
    ++made;
  }
  if (status == WEFT_OK) status = weft_executor_submit_tasks(pool, tasks, made, NULL);
  if (status != WEFT_OK)
    while (made != 0) weft_task_destroy(&tasks[--made]);
  return status;
}

static weft_status create_pool(uint32_t workers, weft_executor_t **out) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  return weft_executor_create(NULL, &options, out);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"sync"
	"sync/atomic"
)

// A status of a call of weft that failed.
type status int32

func (s status) Error() string {
	return C.GoString(C.weft_status_name(C.weft_status(s)))
}

func check(answer C.weft_status) error {
	if answer == C.WEFT_OK {
		return nil
	}
	return status(answer)
}

// A panicError is what a closure panicked with.
type panicError struct{ value any }

func (e panicError) Error() string { return fmt.Sprint("panic: ", e.value) }

var errCancelled = errors.New("cancelled")

// A batch of closures and their results. Workers write results and failures, each in its own chunk. Other threads read
// them after done is closed.
type batch struct {
	closures []func() int
	results  []int
	mutex    sync.Mutex
	failures map[int]error // written under mutex; nil if there is none
	left     atomic.Int64  // closures that have neither run nor been dropped
	done     chan struct{}
	handle   cgo.Handle // C's name for the batch, until done
}

// result returns the outcome of one closure. It may be called when done is closed.
func (b *batch) result(i int) (int, error) {
	if err := b.failures[i]; err != nil {
		return 0, err
	}
	return b.results[i], nil
}

type pool struct {
	native  *C.weft_executor_t
	workers int
}

func newPool(workers int) *pool {
	made := &pool{workers: workers}
	if err := check(C.create_pool(C.uint32_t(workers), &made.native)); err != nil {
		panic(err)
	}
	return made
}

// submitBatch gives all closures to the pool, or none. There are several chunks for each worker, so that the workers
// end at about the same time.
func (p *pool) submitBatch(closures []func() int) (*batch, error) {
	made := &batch{closures: closures, results: make([]int, len(closures)), done: make(chan struct{})}
	made.left.Store(int64(len(closures)))
	made.handle = cgo.NewHandle(made)
	chunks := 4 * p.workers
	for _, most := range []int{len(closures), C.MOST_CHUNKS} {
		if chunks > most {
			chunks = most
		}
	}
	if err := check(C.submit_chunks(p.native, C.uintptr_t(made.handle), C.uint32_t(len(closures)), C.uint32_t(chunks))); err != nil {
		made.handle.Delete() // nothing was accepted
		return nil, err
	}
	return made, nil
}

// close waits until everything submitted has run and the workers have ended.
func (p *pool) close() {
	if err := check(C.weft_executor_shutdown(p.native, C.WEFT_SHUTDOWN_WAIT, C.WEFT_FOREVER)); err != nil {
		panic(err)
	}
	C.weft_executor_unref(p.native)
}
