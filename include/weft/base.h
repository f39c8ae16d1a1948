/* weft/base.h: the foundation of all other headers: statuses, durations, callbacks, options.
 *
 * The rules below hold for every function of the C ABI. The other headers do not repeat them.
 *
 * Statuses. A function that can fail returns a weft_status: WEFT_OK (0) or a negative value of
 * WEFT_STATUS_LIST. Its comment lists under `Returns` every status that the function itself
 * returns; WEFT_EFORKED is not listed (see "Forks"). A function that fails leaves its outputs
 * untouched and takes ownership of nothing. The few exceptions say so.
 *
 * Questions. A function whose name asks a question (running, done, is_alive ...) returns 1, 0, or
 * WEFT_EINVAL for NULL, unless its comment says otherwise.
 *
 * Handles. A handle with the functions ref and unref is shared: each reference is given back once,
 * with unref. A handle with create and destroy has one owner. destroy takes a pointer to the handle
 * and sets the handle to NULL. Both unref and destroy accept a handle that is NULL. No handle may
 * be used after its last reference is gone. A library with misuse checks finds most such calls, see
 * weft_checks_misuse (host.h). Elsewhere such a call is undefined behaviour.
 *
 * NULL. A function with a status returns WEFT_EINVAL when a handle, a function or the place of an
 * output is NULL, unless its comment gives NULL a meaning. Any other function does nothing then, or
 * returns what its comment says.
 *
 * Strings. They are UTF-8 and end in NUL. weft copies the strings that it is given, unless the
 * comment says otherwise. A returned string lives as long as the object that it came from.
 *
 * Callbacks. A callback comes with a context pointer and a drop function for it.
 *  - A drop function of NULL means that there is nothing to drop.
 *  - After the call that took them has succeeded, the drop runs exactly once, after the last use of
 *    the context. After that call has failed, the caller still owns the context, and the drop does
 *    not run.
 *  - A drop must return. If it throws a C++ exception or ends its thread (pthread_exit, a
 *    cancellation), the process is aborted: weft could not finish the work that the drop is part
 *    of.
 *  - User code (tasks, callbacks, drops, hooks) never runs while weft holds a lock. So it may call
 *    any function of weft, unless the comment of the callback says otherwise.
 *
 * Exceptions. No C++ exception leaves weft. An exception that leaves user code is caught at the
 * border. It becomes an error object, or a line of the log where no caller could receive an error.
 * The unwinding of a thread that ends itself (pthread_exit, a cancellation) is not stopped.
 *
 * Threads. Any thread may call any function at any time, several threads at once, also from tasks,
 * callbacks and drops. A part `Threads` in a comment says where that is not so. No function is
 * promised to work in a signal handler; guide/signal_handlers.md has the functions that do in this
 * version.
 *
 * Blocking. "Blocks: never" means that the call waits for no task, thread, timer or descriptor. It
 * may take a lock that weft holds for a short time, and it may allocate memory. Drops and callbacks
 * that a call runs itself take their own time, in any case.
 *
 * Forks. In the child of a fork, every call that needs a runtime returns WEFT_EFORKED until
 * weft_runtime_reset_after_fork. Calls with handles from before the fork return it for ever; only
 * futures may still be asked. weft_runtime_reset_after_fork (runtime.h) has the details.
 *
 * Waits inside tasks. A wait inside a task may run what it waits for, on the stack of the waiter:
 * the task of a future that has not started, the tasks that this future comes of, tasks of the
 * group. One rule holds for all waits:
 *  - Without a limit, the wait runs what it needs at once. With a limit, it leaves that to other
 *    workers. It then begins a task itself only if no other worker is free to, and while at least
 *    WEFT_HELP_LIMIT of the limit is left.
 *  - A request to stop the waiter, also by its token or deadline, is also for the task that the
 *    wait runs. That task sees the request, and its blocking calls end. The wait then returns
 *    WEFT_EINTERRUPTED, whatever the task has done.
 *  - Between two tasks the wait checks its limit and requests to stop.
 *  - The wait begins a task only while WEFT_HELP_STACK of the stack is left, or half of a small
 *    stack. Beyond that it sleeps. A wait without a limit then returns WEFT_EDEADLK if no other
 *    worker can run the task.
 *  - A sleeping wait serves the timers of its executor when no worker is free to.
 * guide/helping.md has the details and the exceptions.
 */
#ifndef WEFT_BASE_H
#define WEFT_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(WEFT_STATIC)
#define WEFT_API
#elif defined(__GNUC__)
#define WEFT_API __attribute__((visibility("default")))
#else
#define WEFT_API
#endif

#if defined(__GNUC__)
#define WEFT_NO_RETURN __attribute__((noreturn))
#else
#define WEFT_NO_RETURN
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** WEFT_OK, or the negative reason of a failure. */
typedef int32_t weft_status;

/** The one list of statuses: X(name, value, text). Values are never changed or reused. New ones are
 * appended. */
#define WEFT_STATUS_LIST(X)                                                                                            \
  X(WEFT_OK, 0, "success")                                                                                             \
  X(WEFT_EINVAL, -1, "an argument is NULL, out of range or malformed")                                                 \
  X(WEFT_ENOMEM, -2, "memory is exhausted; nothing was changed")                                                       \
  X(WEFT_EAGAIN, -3, "the system refuses a thread or a descriptor")                                                    \
  X(WEFT_ETIMEDOUT, -4, "the time is over and what was waited for has not happened")                                   \
  X(WEFT_ECANCELED, -5, "the future was cancelled")                                                                    \
  X(WEFT_EFAILED, -6, "the task ended with an error; read it with weft_future_exception")                              \
  X(WEFT_EINVALIDSTATE, -7, "the object is in a state in which this cannot be done")                                   \
  X(WEFT_ERUNNING, -8, "too late: the task has started")                                                               \
  X(WEFT_EDONE, -9, "too late: the task has ended")                                                                    \
  X(WEFT_EEND, -10, "nothing is left to iterate over")                                                                 \
  X(WEFT_ESTARTED, -11, "the thread has been started already")                                                         \
  X(WEFT_ENOTSTARTED, -12, "the thread has not been started yet")                                                      \
  X(WEFT_EDEADLK, -13, "this wait could never end")                                                                    \
  X(WEFT_ESHUTDOWN, -14, "the executor or runtime has been shut down")                                                 \
  X(WEFT_EBROKEN, -15, "the initializer of the pool failed")                                                           \
  X(WEFT_EFULL, -16, "the bounded queue is full, or the value of the semaphore")                                       \
  X(WEFT_EINTERRUPTED, -17, "the waiting thread or task was asked to stop")                                            \
  X(WEFT_EPERM, -18, "the system forbids the requested priority")                                                      \
  X(WEFT_ENOTSUP, -19, "not supported by this object or by this version")                                              \
  X(WEFT_EFORKED, -20, "the process has been forked; call weft_runtime_reset_after_fork first")                        \
  X(WEFT_ECLOSED, -21, "the domain or queue has been closed")

enum {
#define WEFT_STATUS_ENUMERATOR(name, value, text) name = value,
  WEFT_STATUS_LIST(WEFT_STATUS_ENUMERATOR)
#undef WEFT_STATUS_ENUMERATOR
};

/** Name a status.
 *
 * Blocks:    never.
 *
 * Returns    a static string such as "WEFT_EINVAL"; "WEFT_UNKNOWN" for a value that is not in the
 *            list.
 */
WEFT_API const char *weft_status_name(weft_status status);

/** Describe a status in one sentence.
 *
 * Blocks:    never.
 *
 * Returns    a static string; "unknown status" for a value that is not in the list.
 */
WEFT_API const char *weft_status_text(weft_status status);

/* Durations are int64_t nanoseconds on the monotonic clock. A timeout of 0 polls. A negative
 * timeout counts as 0. */
#define WEFT_NANOSECOND INT64_C(1)
#define WEFT_MICROSECOND INT64_C(1000)
#define WEFT_MILLISECOND INT64_C(1000000)
#define WEFT_SECOND INT64_C(1000000000)
/** The timeout of a wait without a limit. */
#define WEFT_FOREVER INT64_MAX

/* The bounds of what a wait inside a task may run: see "Waits inside tasks" above. */
/** Nanoseconds. A wait with a limit begins a task only while at least this much of the limit is
 * left. */
#define WEFT_HELP_LIMIT (500 * WEFT_MILLISECOND)
/** Bytes. A wait begins a task only while this much of the thread's stack is left. Of a stack
 * smaller than twice this size, half must be left. */
#define WEFT_HELP_STACK 0x40000
/** A count. On a stack that is not the thread's own (a fiber's), weft does not know how much is
 * left. There, at most this many waits that run a task are nested. */
#define WEFT_HELP_DEPTH 16

/** Give back a context.
 *
 * weft calls it once, after the last use of the context. It must not fail: see "Callbacks" above.
 *
 * Threads:   the call that takes the context says which thread runs the drop.
 */
typedef void (*weft_drop_fn)(void *ctx);

/* Options structs begin with their own size, so that old callers work with new libraries and new
 * callers with old ones.
 *  - weft_..._options_init() zeroes the struct and stores its size. Zero in a field means its
 *    default. A binding without C headers does both itself.
 *  - A pointer of NULL stands for all defaults.
 *  - WEFT_EINVAL: the size is smaller than the struct of version 1.0, or larger than 4096; or a
 *    field is out of range.
 *  - A size larger than this library knows is accepted when the unknown tail is zero. Otherwise the
 *    call returns WEFT_ENOTSUP: the caller asks for something that this library cannot do.
 */
#define WEFT_OPTIONS_INIT(options) (memset((options), 0, sizeof *(options)), (options)->size = sizeof *(options))

#ifdef __cplusplus
}
#endif
#endif
