/* weft/host.h: what a host lends to weft: its log, and a say when weft is misused.
 *
 * And its memory, if weft is to have it from the host. Everything here concerns the whole process. Hooks may be set
 * before or while weft is used. They are called without a lock, on whatever thread has something to say, several at
 * once. They may call any function of weft, but must not end their thread. (Hooks for each worker of a pool are options
 * of the pool: weft/worker.h.)
 */
#ifndef WEFT_HOST_H
#define WEFT_HOST_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Levels of the log. */
#define WEFT_LOG_WARNING 1u /**< a call was refused for what it asked: an option out of range, for one */
#define WEFT_LOG_ERROR 2u   /**< something failed and nobody else could be told */

/** Gets what weft has to say: one line, at most a kilobyte, UTF-8, without "weft: " and without a line's end; valid
 * during the call. Runs on the thread that has something to say. What it makes weft log itself, and what it throws a
 * C++ exception for, goes to stderr. */
typedef void (*weft_log_hook_fn)(void *ctx, uint32_t level, const char *message);

/** Replace the log hook. hook NULL: back to the default, a line on stderr. The previous hook's drop runs on the calling
 * thread, or on a thread that is just in it when that returns; so the hook may still be running when this returns.
 * Never blocks. Success: ctx and drop belong to weft (with hook NULL, drop runs at once). Set inside of a domain it
 * belongs to that, whose close takes it back, to the default (domain.h); any other is called and dropped outside.
 * WEFT_ENOMEM. WEFT_ECLOSED: that is closed. */
WEFT_API weft_status weft_set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop);

/** Is told of misuse that weft has seen: what is one sentence, function the name of the function of weft that was
 * called. Both are static strings. Runs on the calling thread, inside that call, which then returns WEFT_EINVAL (or
 * does nothing, if it has no status). A host that wants to find the place may abort here. */
typedef void (*weft_misuse_hook_fn)(void *ctx, const char *what, const char *function);

/** Replace the misuse hook. hook NULL: back to the default, a line of the log. The rest as weft_set_log_hook.
 * WEFT_ENOMEM. WEFT_ECLOSED. */
WEFT_API weft_status weft_set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop);

/** Gives memory: size bytes (never 0), aligned to align, a power of two up to 32768. NULL: there is none. Runs on any
 * thread, several at once, and, unlike other callbacks, also while weft holds locks: it must not call weft, throw, or
 * end its thread. */
typedef void *(*weft_allocate_fn)(void *ctx, size_t size, size_t align);
/** Takes memory back, with the size and the alignment that were asked for. The rest as weft_allocate_fn. */
typedef void (*weft_free_fn)(void *ctx, void *memory, size_t size, size_t align);

/** Have weft allocate all its memory with these functions. To be called before anything else of weft that needs memory;
 * it holds for the life of the process, and so must ctx. Not covered are only: what the system keeps for a thread
 * (stacks, thread-local storage), what the C library notes of atexit and of keys, and exceptions in flight with the
 * names of their types, which are the C++ runtime's. Names (weft_name) are never given back. weft keeps freed memory
 * for later use; weft_cleanup gives it back. Never blocks. WEFT_EINVAL: NULL. WEFT_EINVALIDSTATE: too late, or it was
 * called before; nothing is changed. */
WEFT_API weft_status weft_set_allocator(weft_allocate_fn allocate, weft_free_fn free, void *ctx);

/** Give back all memory that weft keeps but for names (weft_name), when the host is through with it. Beside small
 * amounts that is what a wave of many tasks has used: up to 128 MiB of the C library's memory (none of a host's own
 * functions) are kept for the next wave, for a second, or until anything of weft runs again after that. This call shuts
 * the default runtime down if it was used, waits until the last of weft's threads have gone, and frees what is kept for
 * the process. To be called when isolated runtimes have been destroyed and all handles given back, on the last thread
 * that uses weft: threads of the host that have used it must have ended. Afterwards nothing is allocated (but for hooks
 * that are set), and weft may be used again, beginning with a new default runtime. Blocks up to timeout. WEFT_OK.
 * WEFT_ETIMEDOUT: threads that use weft, or have used it, are there still. WEFT_EINVALIDSTATE: an isolated runtime is
 * there, and nothing was changed; or the rest was freed, but for what belongs to handles that are still held.
 * WEFT_EDEADLK: called from inside a task, callback or drop. WEFT_EINTERRUPTED: as weft_runtime_shutdown. WEFT_ENOMEM.
 */
WEFT_API weft_status weft_cleanup(int64_t timeout);

/** 1: this library looks at every handle that it is given, and handles that were freed, or never were any, are told to
 * the misuse hook. 0: it was built without that (release builds), to save the time, and such a handle is undefined
 * behaviour. A freed handle is not recognised any more once its memory belongs to another object of the same type.
 * Never blocks. */
WEFT_API int32_t weft_checks_misuse(void);

#ifdef __cplusplus
}
#endif
#endif
