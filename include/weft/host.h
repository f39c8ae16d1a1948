/* weft/host.h: what a host lends to weft: its log, and a say when weft is misused.
 *
 * Everything here concerns the whole process. Hooks may be set before or while weft is used. They are called without a
 * lock, on whatever thread has something to say, several at once. They may call any function of weft, but must not end
 * their thread. (Hooks for each worker of a pool are options of the pool: weft/executor.h.)
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
 * Never blocks. Success: ctx and drop belong to weft (with hook NULL, drop runs at once). WEFT_ENOMEM. */
WEFT_API weft_status weft_set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop);

/** Is told of misuse that weft has seen: what is one sentence, function the name of the function of weft that was
 * called. Both are static strings. Runs on the calling thread, inside that call, which then returns WEFT_EINVAL (or
 * does nothing, if it has no status). A host that wants to find the place may abort here. */
typedef void (*weft_misuse_hook_fn)(void *ctx, const char *what, const char *function);

/** Replace the misuse hook. hook NULL: back to the default, a line of the log. The rest as weft_set_log_hook.
 * WEFT_ENOMEM. */
WEFT_API weft_status weft_set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop);

/** 1: this library looks at every handle that it is given, and handles that were freed, or never were any, are told to
 * the misuse hook. 0: it was built without that (release builds), to save the time, and such a handle is undefined
 * behaviour. A freed handle is not recognised any more once its memory belongs to another object of the same type.
 * Never blocks. */
WEFT_API int32_t weft_checks_misuse(void);

#ifdef __cplusplus
}
#endif
#endif
