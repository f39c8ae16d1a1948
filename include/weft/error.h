/* weft/error.h: error objects. What a task, a thread or an initializer ended with when it failed.
 *
 * An error carries a code, a kind, a message, and optionally a foreign payload: the exception object of the language
 * it was raised in, which then crosses threads and languages whole. Errors are immutable and shared.
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An error. Shared: see weft_error_ref. Thread-safe, for it never changes. */
typedef struct weft_error weft_error_t;

/** Make an error with one reference.
 *  code: any value, 0 included: an error is an error because it is there. Statuses of weft keep their meaning;
 *    positive values are free for the caller's own.
 *  kind: a short name of the class of error, such as "ValueError" or "std::bad_alloc". NULL means "error".
 *  message: for people. NULL means "". Both strings are copied.
 *  Never blocks. Success: *out owns one reference. WEFT_EINVAL: out is NULL. WEFT_ENOMEM. */
WEFT_API weft_status weft_error_create(int32_t code, const char *kind, const char *message, weft_error_t **out);

/** As weft_error_create, with a foreign payload.
 *  tag: a string that names the type of the payload, compared by its text, so that a receiver can tell whether
 *    it understands it ("python/BaseException", "c++/std::exception_ptr"). Copied. Must not be NULL.
 *  payload, drop: owned by the error on success; drop runs on whichever thread gives back the last reference.
 *  Never blocks. WEFT_EINVAL: tag or out is NULL (the caller keeps the payload). WEFT_ENOMEM (the same). */
WEFT_API weft_status weft_error_create_foreign(int32_t code, const char *kind, const char *message, const char *tag,
                                               void *payload, weft_drop_fn drop, weft_error_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_error_t *weft_error_ref(weft_error_t *error);

/** Give back one reference; the last one drops the payload and frees the error. NULL is allowed. Never blocks. */
WEFT_API void weft_error_unref(weft_error_t *error);

/** The code. 0 for NULL. Never blocks. */
WEFT_API int32_t weft_error_code(const weft_error_t *error);

/** The kind; "" for NULL. Lives as long as the error. Never blocks. */
WEFT_API const char *weft_error_kind(const weft_error_t *error);

/** The message; "" for NULL. Lives as long as the error. Never blocks. */
WEFT_API const char *weft_error_message(const weft_error_t *error);

/** The payload if the error has one whose tag equals `tag`, else NULL. The error keeps owning it. Never blocks. */
WEFT_API void *weft_error_payload(const weft_error_t *error, const char *tag);

#ifdef __cplusplus
}
#endif
#endif
