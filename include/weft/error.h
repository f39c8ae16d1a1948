/* weft/error.h: error objects: why a task, a thread or an initializer failed.
 *
 * An error carries a code, a kind, a message, and optionally a foreign payload. The payload is the
 * exception object of the language that raised it: so the exception crosses threads and languages
 * whole. Errors are immutable and shared.
 *
 *   static weft_status ship(void *ctx, void **result, weft_error_t **error) {
 *     if (!valid(ctx)) return weft_error_create(1, "OrderError", "no such order", error);
 *     ...
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An error. Shared: weft_error_ref / weft_error_unref. Any number of threads may use it: it never
 * changes. */
typedef struct weft_error weft_error_t;

/** Make an error.
 *
 * - code: any value, 0 included: that an error exists never depends on its code. A status of weft
 *   keeps its meaning. Positive values are free for the caller's own codes.
 * - kind: a short name for the class of the error, such as "ValueError" or "std::bad_alloc". NULL
 *   means "error".
 * - message: a text for people. NULL means "".
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK            the error is made
 *   WEFT_EINVAL        `out` is NULL
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_error_create(int32_t code, const char *kind, const char *message, weft_error_t **out);

/** Make an error with a foreign payload.
 *
 * `code`, `kind` and `message` are as in weft_error_create. `tag` names the type of the payload,
 * such as "python/BaseException" or "c++/std::exception_ptr". A receiver compares its text to find
 * out whether it understands the payload.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference. On success the error owns `payload`. `drop` runs on the
 *            thread that gives back the last reference. On failure the caller keeps `payload`.
 *
 * Returns
 *   WEFT_OK            the error is made
 *   WEFT_EINVAL        `tag` or `out` is NULL
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_error_create_foreign(int32_t code, const char *kind, const char *message, const char *tag,
                                               void *payload, weft_drop_fn drop, weft_error_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_error_t *weft_error_ref(weft_error_t *error);

/** Give back one reference. The last one drops the payload, on this thread, and frees the error.
 * Never blocks. */
WEFT_API void weft_error_unref(weft_error_t *error);

/** Get the code; 0 for NULL. Never blocks. */
WEFT_API int32_t weft_error_code(const weft_error_t *error);

/** Get the kind; "" for NULL. The string lives as long as the error. Never blocks. */
WEFT_API const char *weft_error_kind(const weft_error_t *error);

/** Get the message; "" for NULL. The string lives as long as the error. Never blocks. */
WEFT_API const char *weft_error_message(const weft_error_t *error);

/** Get the foreign payload of an error.
 *
 * Blocks:    never.
 * Ownership: the error keeps the payload.
 *
 * Returns    the payload, if the error has one whose tag equals `tag`; else NULL.
 */
WEFT_API void *weft_error_payload(const weft_error_t *error, const char *tag);

#ifdef __cplusplus
}
#endif
#endif
