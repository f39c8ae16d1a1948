/* weft/host.h: what a host gives to weft: a log, a hook for misuse, memory.
 *
 *   weft_set_allocator(allocate, release, heap);    before anything else of weft
 *   weft_set_log_hook(log_line, log, NULL);
 *   ...
 *   weft_cleanup(WEFT_SECOND);                      all memory but names is given back
 *
 * Everything here is for the whole process. (The hooks for each worker of a pool are options of the
 * pool: worker.h.)
 *
 * Hooks. They may be set before weft is used and while it is used. weft calls them without a lock,
 * on the thread that has something to report, several at once. They may call any function of weft,
 * but must not end their thread.
 */
#ifndef WEFT_HOST_H
#define WEFT_HOST_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Levels of the log. */
#define WEFT_LOG_WARNING 1u /**< weft refused what a call asked for, or goes on without it */
#define WEFT_LOG_ERROR 2u   /**< something failed, and no caller could be told */

/** Receive one line of weft's log.
 *
 * `message` is UTF-8, at most a kilobyte, without "weft: " and without a line end. It is valid
 * during the call. The hook runs on the thread that reports. Lines that the hook itself causes go
 * to stderr, and so does a line for which it throws a C++ exception.
 */
typedef void (*weft_log_hook_fn)(void *ctx, uint32_t level, const char *message);

/** Replace the log hook.
 *
 * A `hook` of NULL restores the default, a line on stderr. A hook that is set inside a domain
 * belongs to it: the close of the domain restores the default (domain.h). Any other hook is called
 * and dropped outside of all domains.
 *
 * Blocks:    never. The previous hook may still run on other threads when this call returns.
 * Ownership: on success weft owns `ctx`; with a `hook` of NULL, its drop runs at once. On failure
 *            the caller keeps it. The drop of the previous hook runs on the calling thread; or, if
 *            a thread is just running that hook, on that thread when the hook returns.
 *
 * Returns
 *   WEFT_OK            the hook is set
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ECLOSED       the thread is inside a domain that is closed, and `hook` is not NULL
 */
WEFT_API weft_status weft_set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop);

/** Receive a misuse of weft.
 *
 * `what` is one sentence. `function` is the name of the function of weft that was called. Both
 * strings are static. The hook runs on the calling thread, inside that call. The call then returns
 * WEFT_EINVAL; without a status, it does nothing. A host that wants to find the place may abort
 * here. If the hook throws, the misuse becomes a line of the log.
 */
typedef void (*weft_misuse_hook_fn)(void *ctx, const char *what, const char *function);

/** Replace the misuse hook. A `hook` of NULL restores the default, a line of the log.
 *
 * The rest is as for weft_set_log_hook.
 *
 * Returns
 *   WEFT_OK            the hook is set
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ECLOSED       the thread is inside a domain that is closed, and `hook` is not NULL
 */
WEFT_API weft_status weft_set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop);

/** Allocate memory for weft.
 *
 * `size` is never 0. `align` is a power of two, up to 32768.
 *
 * Threads:   any, several at once. Unlike other callbacks it also runs while weft holds locks. So
 *            it must not call weft, throw, or end its thread.
 *
 * Returns    `size` bytes, aligned to `align`; NULL when there is no memory.
 */
typedef void *(*weft_allocate_fn)(void *ctx, size_t size, size_t align);
/** Take memory back, with the size and the alignment that were asked for. The rest is as for
 * weft_allocate_fn. */
typedef void (*weft_free_fn)(void *ctx, void *memory, size_t size, size_t align);

/** Have weft allocate all its memory with functions of the host.
 *
 * The call must come before any call of weft that needs memory. It holds for the life of the
 * process. weft keeps freed memory for later use; weft_cleanup gives it back. Names (weft_name) are
 * never given back. Not covered are only
 *  - what the system keeps for a thread: stacks, thread-local storage;
 *  - what the C library notes of atexit and of keys;
 *  - exceptions in flight and the names of their types, which belong to the C++ runtime.
 *
 * Blocks:    never.
 * Ownership: the caller keeps `ctx`, which must live as long as the process.
 *
 * Returns
 *   WEFT_OK            weft uses these functions
 *   WEFT_EINVAL        `allocate` or `free` is NULL
 *   WEFT_EINVALIDSTATE weft has memory already, or this was called before; nothing changed
 */
WEFT_API weft_status weft_set_allocator(weft_allocate_fn allocate, weft_free_fn free, void *ctx);

/** Give back all memory that weft keeps, except names (weft_name).
 *
 * It is for a host that has no more use for weft, at least for now. The call shuts the default
 * runtime down if it was used, waits until the last of weft's threads have gone, and frees what is
 * kept for the process. Afterwards nothing is allocated, except for hooks that are set. weft may be
 * used again, and begins with a new default runtime.
 *
 * Before the call, isolated runtimes must be destroyed, all handles given back, and the threads of
 * the host that have used weft must have ended.
 *
 * Without this call weft keeps small amounts, and memory that a wave of many tasks has used. Up to
 * 128 MiB from the C library are kept for the next wave. They are given back once a second is over
 * and anything of weft runs again. Memory from functions of the host is not kept for a next wave.
 *
 * Threads:   the last one that uses weft.
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK            all of it is given back
 *   WEFT_ETIMEDOUT     threads that use weft, or have used it, still exist; the default runtime is
 *                      shut down
 *   WEFT_EINVALIDSTATE an isolated runtime exists: nothing changed. Or handles are still held: the
 *                      rest was freed, but not what belongs to these
 *   WEFT_EDEADLK       the caller is a thread of the default runtime, or inside a task, callback or
 *                      drop: nothing changed. Or what is waited for waits for the caller
 *   WEFT_EINTERRUPTED  as weft_runtime_shutdown
 *   WEFT_ENOMEM        as weft_runtime_shutdown
 */
WEFT_API weft_status weft_cleanup(int64_t timeout);

/** Ask whether this library checks every handle that it is given.
 *
 * A library with checks tells the misuse hook of handles that were freed or never were any. It does
 * not recognise a freed handle once its memory belongs to another object of the same type. Release
 * builds have no checks, to save the time. There, the use of such a handle is undefined behaviour.
 *
 * Blocks:    never.
 *
 * Returns    1 when it checks, 0 when not.
 */
WEFT_API int32_t weft_checks_misuse(void);

#ifdef __cplusplus
}
#endif
#endif
