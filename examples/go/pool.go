// A safe interface to a weft pool, which takes closures and gives results and errors. A closure crosses the border as
// ctx with its drop, a result as a handle with its result_drop. C never sees a Go pointer, only the number of a
// cgo.Handle. Read on in main.go, which uses it, or in bridge.go for the functions that C calls.

package main

/*
#cgo LDFLAGS: -lweft
#include <stdlib.h>
#include <weft/weft.h>

// In bridge.go.
weft_status weft_go_run(uintptr_t closure, uintptr_t *result, weft_error_t **error);
void weft_go_drop(uintptr_t handle);

// Numbers become pointers here and never in Go, whose runtime fails on an invalid pointer.
static weft_status weft_run(void *ctx, void **result, weft_error_t **error) {
  uintptr_t handle = 0;
  weft_status status = weft_go_run((uintptr_t)ctx, &handle, error);
  *result = (void *)handle;
  return status;
}

static void weft_drop(void *handle) { weft_go_drop((uintptr_t)handle); }

static weft_status weft_go_submit(weft_executor_t *pool, const uintptr_t *handles, size_t count, weft_future_t **futures) {
  weft_task_options_t options;
  weft_status status;
  weft_call_t *calls = malloc(count * sizeof *calls);
  if (!calls) return WEFT_ENOMEM;
  for (size_t i = 0; i < count; ++i) calls[i] = (weft_call_t){weft_run, (void *)handles[i], weft_drop};
  weft_task_options_init(&options);
  options.result_drop = weft_drop;
  status = weft_executor_submit_batch(pool, &options, calls, count, futures);
  free(calls);
  return status;
}

static weft_status weft_go_take(weft_future_t *future, uintptr_t *handle) {
  void *result;
  weft_status status = weft_future_take(future, WEFT_FOREVER, &result);
  if (status == WEFT_OK) *handle = (uintptr_t)result;
  return status;
}
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"unsafe"
)

// Status is the status of a call of weft that failed.
type Status int32

func (s Status) Error() string {
	return C.GoString(C.weft_status_name(C.weft_status(s))) + ": " + C.GoString(C.weft_status_text(C.weft_status(s)))
}

const ShutDown = Status(C.WEFT_ESHUTDOWN)

func check(status C.weft_status) error {
	if status == C.WEFT_OK {
		return nil
	}
	return Status(status)
}

// TaskError is the error of a task as weft carried it.
type TaskError struct {
	Code    int32
	Kind    string
	Message string
}

func (e *TaskError) Error() string { return fmt.Sprintf("%s: %s (%d)", e.Kind, e.Message, e.Code) }

// Pool is a pool of worker threads.
type Pool struct{ native *C.weft_executor_t }

func NewPool(maxWorkers int, namePrefix string) (*Pool, error) {
	prefix := C.CString(namePrefix)
	defer C.free(unsafe.Pointer(prefix))
	var options C.weft_executor_options_t
	C.weft_executor_options_init(&options)
	options.max_workers = C.uint32_t(maxWorkers)
	options.name_prefix = prefix // copied by the call
	pool := &Pool{}
	return pool, check(C.weft_executor_create(nil, &options, &pool.native))
}

// Future is the future outcome of one closure. Get must be called once.
type Future struct{ native *C.weft_future_t }

// SubmitBatch submits the closures at once, all or none, and returns their futures in the same order.
func (p *Pool) SubmitBatch(closures []func() (any, error)) ([]Future, error) {
	if len(closures) == 0 {
		return nil, nil
	}
	handles := make([]C.uintptr_t, len(closures))
	for i, closure := range closures {
		handles[i] = C.uintptr_t(cgo.NewHandle(closure))
	}
	native := make([]*C.weft_future_t, len(closures))
	if err := check(C.weft_go_submit(p.native, &handles[0], C.size_t(len(handles)), &native[0])); err != nil {
		for _, handle := range handles { // nothing was accepted, so the caller still owns the closures
			cgo.Handle(handle).Delete()
		}
		return nil, err
	}
	futures := make([]Future, len(native))
	for i := range native {
		futures[i] = Future{native[i]}
	}
	return futures, nil
}

// Get waits for the closure and returns its result, or a TaskError.
func (f Future) Get() (any, error) {
	defer C.weft_future_unref(f.native)
	var taken C.uintptr_t
	switch status := C.weft_go_take(f.native, &taken); status {
	case C.WEFT_OK:
		handle := cgo.Handle(taken)
		defer handle.Delete()
		return handle.Value(), nil
	case C.WEFT_EFAILED:
		return nil, f.taskError()
	default:
		return nil, Status(status)
	}
}

// Forget releases the future without reading it. The closure runs on.
func (f Future) Forget() { C.weft_future_unref(f.native) }

func (f Future) taskError() error {
	var native *C.weft_error_t
	if err := check(C.weft_future_exception(f.native, C.WEFT_FOREVER, &native)); err != nil {
		return err
	}
	defer C.weft_error_unref(native)
	return &TaskError{
		Code:    int32(C.weft_error_code(native)),
		Kind:    C.GoString(C.weft_error_kind(native)),
		Message: C.GoString(C.weft_error_message(native)),
	}
}

// Shutdown waits until everything submitted has run and the workers have ended.
func (p *Pool) Shutdown() error {
	return check(C.weft_executor_shutdown(p.native, C.WEFT_SHUTDOWN_WAIT, C.WEFT_FOREVER))
}

// Close gives the pool back.
func (p *Pool) Close() { C.weft_executor_unref(p.native) }
