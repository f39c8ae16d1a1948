/* weft/base.h: what every other header of weft stands on: statuses, durations, callbacks, options.
 *
 * The rules below hold for every function of the C ABI and are not repeated at each of them.
 *
 *  - A function that can fail returns a weft_status: WEFT_OK (0) or a negative value of the list below.
 *    When it fails, its outputs are untouched (the few exceptions say so) and nothing has changed hands.
 *  - Functions whose name asks a question (running, done, is_alive ...) return 1, 0, or WEFT_EINVAL for NULL.
 *  - A handle is shared: each reference is given back with the matching unref. NULL is accepted by unref.
 *    A handle must not be used after its last reference is gone; that is the one misuse that cannot be detected.
 *  - Strings are UTF-8, end in NUL and are copied. A returned string lives as long as the object it came from.
 *  - A callback comes with a context pointer and a drop function for it (NULL: nothing to drop). Once the call
 *    that took them has succeeded, drop runs exactly once, after the last use of the context. When that call
 *    failed, the caller still owns the context and drop is not called. A drop returns: it must neither throw a C++
 *    exception nor end its thread (pthread_exit, a cancellation), for weft would not finish what the drop belongs to.
 *    The process is aborted then.
 *  - User code (tasks, callbacks, drops, hooks) never runs while weft holds a lock, so it may call any function
 *    of weft, unless the comment of the callback says otherwise.
 *  - Nothing is thrown out of weft. A C++ exception that leaves user code is caught at the border and becomes
 *    an error object, or a line of the log where nobody could receive it.
 *  - In the child of a fork, whatever needs a runtime says WEFT_EFORKED: until weft_runtime_reset_after_fork, and for
 *    handles from before the fork ever after. That is told there, and not repeated at each function.
 *  - All functions may be called from any thread at any time unless they say otherwise.
 *  - A wait inside a task may run what it waits for, on the waiter's own stack: a future's task that has not started,
 *    what that comes of, tasks of the group. One rule holds for all waits:
 *      - Without a limit, the wait runs what it needs at once. With a limit it leaves that to other workers. Then it
 *        begins a task itself only if no other worker is free to, and while at least WEFT_HELP_LIMIT of the limit is
 *        left.
 *      - A request to stop the waiter, by its token or deadline too, is also for the task that the wait runs: that sees
 *        it, and the blocking calls in it end. Then the wait says WEFT_EINTERRUPTED, whatever the task has done.
 *      - Between two tasks the wait looks at its limit and at requests to stop.
 *      - It begins a task only while WEFT_HELP_STACK of the stack is left, or half of a small stack. Beyond that it
 *        sleeps; with no other worker to run the task, it says WEFT_EDEADLK.
 *    A sleeping wait looks after the timers of its executor when no worker is free to. See guide/waiting.md.
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

/** The one list of statuses: X(name, value, text). Values are never changed or reused; new ones are appended. */
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

/** The name of a status, such as "WEFT_EINVAL"; "WEFT_UNKNOWN" for a value that is not in the list.
 *  Never blocks, never fails. The string is static. */
WEFT_API const char *weft_status_name(weft_status status);

/** One sentence about a status; "unknown status" for a value that is not in the list.
 *  Never blocks, never fails. The string is static. */
WEFT_API const char *weft_status_text(weft_status status);

/* Durations are int64_t nanoseconds, counted on the monotonic clock. A timeout of 0 polls; a negative timeout counts as
 * 0. */
#define WEFT_NANOSECOND INT64_C(1)
#define WEFT_MICROSECOND INT64_C(1000)
#define WEFT_MILLISECOND INT64_C(1000000)
#define WEFT_SECOND INT64_C(1000000000)
/** Wait without limit. */
#define WEFT_FOREVER INT64_MAX

/* What a wait inside a task may run: the bounds. */
/** Nanoseconds. A wait with a limit begins a task only while at least this much of its limit is left. */
#define WEFT_HELP_LIMIT (500 * WEFT_MILLISECOND)
/** Bytes. A wait begins a task only while this much of the thread's stack is left. Of a stack smaller than twice this,
 * half must be left. */
#define WEFT_HELP_STACK 0x40000
/** On a stack that is not the thread's own (a fiber's), weft does not know how much is left. There, at most this many
 * waits that run a task are nested. */
#define WEFT_HELP_DEPTH 16

/** Gives back a context: called once, after its last use. Must not fail. On which thread is said by the call
 *  that takes it. */
typedef void (*weft_drop_fn)(void *ctx);

/* Options structs begin with their own size, so that old callers and new libraries understand each other:
 *  - weft_..._options_init() zeroes the struct and stores its size; zero in a field means its default.
 *  - a size smaller than the struct of version 1.0, or absurd (over 4096), is WEFT_EINVAL;
 *  - a size larger than this library knows is accepted when the unknown tail is zero, and WEFT_ENOTSUP when it
 *    is not: the caller asks for something that this library cannot do.
 * A pointer of NULL stands for all defaults. A binding without C headers zeroes the struct and stores the size itself.
 */
#define WEFT_OPTIONS_INIT(options) (memset((options), 0, sizeof *(options)), (options)->size = sizeof *(options))

#ifdef __cplusplus
}
#endif
#endif
