// What weft calls: run and drop. They are in a file of their own, because cgo allows only declarations in the C part of
// a file with exported functions.

package main

/*
#include <stdlib.h>
#include <weft/weft.h>
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"sync/atomic"
	"unsafe"
)

// CodedError is an error whose code is kept on its way through weft.
type CodedError interface {
	error
	Code() int32
}

// How many handles weft has dropped. main checks with it that none is lost or dropped twice (a second Delete panics).
var dropped atomic.Int64

//export weft_go_run
func weft_go_run(closure C.uintptr_t, result *C.uintptr_t, failure **C.weft_error_t) (status C.weft_status) {
	defer func() { // a panic must not unwind into C
		if panicked := recover(); panicked != nil {
			status = storeError(0, "panic", fmt.Sprint(panicked), failure)
		}
	}()
	value, err := cgo.Handle(closure).Value().(func() (any, error))()
	if err != nil {
		code := int32(0)
		if coded, ok := err.(CodedError); ok {
			code = coded.Code()
		}
		return storeError(code, fmt.Sprintf("%T", err), err.Error(), failure)
	}
	*result = C.uintptr_t(cgo.NewHandle(value))
	return C.WEFT_OK
}

//export weft_go_drop
func weft_go_drop(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
	dropped.Add(1)
}

func storeError(code int32, kind, message string, failure **C.weft_error_t) C.weft_status {
	nativeKind, nativeMessage := C.CString(kind), C.CString(message)
	defer C.free(unsafe.Pointer(nativeKind))
	defer C.free(unsafe.Pointer(nativeMessage))
	C.weft_error_create(C.int32_t(code), nativeKind, nativeMessage, failure)
	return C.WEFT_EFAILED // even if the error could not be made
}
