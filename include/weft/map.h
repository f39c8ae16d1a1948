/* weft/map.h: call a function for each of many items on an executor, and read the outcomes in the order of the items.
 */
#ifndef WEFT_MAP_H
#define WEFT_MAP_H

#include <weft/base.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/task_options.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The iterator of weft_executor_map. Owned: weft_map_destroy. One thread at a time may use it. */
typedef struct weft_map weft_map_t;

/** Options of a map. */
typedef struct weft_map_options {
  uint32_t size;   /**< sizeof(weft_map_options_t), see WEFT_OPTIONS_INIT */
  uint32_t flags;  /**< 0 */
  uint64_t buffer; /**< how many items may be submitted ahead of the one to be read next; 0: all at once */
  int64_t timeout; /**< for the whole iteration, counted from the call of map; 0: WEFT_FOREVER; negative:
                      it is over at once */
  const weft_task_options_t *tasks; /**< how the task of each item is to run; its domain is also that of the map. NULL:
                                       the defaults */
} weft_map_options_t;

static inline void weft_map_options_init(weft_map_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Run fn(item) for every item, and read the outcomes in the order of the items. Items are submitted at once and need
 * no iteration to run; with a buffer, or when a bounded queue (WEFT_FULL_FAIL) has no room, the rest follow as the
 * iteration goes on. items, count: the contexts; copied. drop: for each item, exactly once on success. options: NULL
 * for the defaults. Success: *out is to be given to weft_map_destroy. WEFT_EINVAL: executor, fn or out is NULL, or
 * items is NULL with a count, or options are malformed. WEFT_ENOTSUP (options, or a priority and the executor is no
 * pool). WEFT_ECANCELED: the token is cancelled. WEFT_ECLOSED: the domain is closed. WEFT_ENOMEM, WEFT_ESHUTDOWN,
 * WEFT_EBROKEN, WEFT_EAGAIN, or what else weft_executor_submit says on a bounded queue: the first item could not be
 * submitted, so nothing was, and the items are the caller's. Blocks as weft_executor_submit. */
WEFT_API weft_status weft_executor_map(weft_executor_t *executor, const weft_map_options_t *options, weft_task_fn fn,
                                       void *const *items, size_t count, weft_drop_fn drop, weft_map_t **out);

/** Wait for the next item and get its future, done; its reference passes to the caller. An item that failed does not
 * end the iteration. Blocks. An item that could not be submitted, because the executor was shut down, the token
 * cancelled or the domain closed meanwhile, comes as a cancelled future; if its pool is broken, as one with that error.
 * WEFT_EEND: there is no further item. WEFT_ETIMEDOUT: the time given to map is over; what has not started is
 * cancelled, and the iteration has ended. WEFT_EINTERRUPTED, WEFT_EDEADLK: as weft_future_wait; call again.
 * WEFT_ENOMEM, or what else weft_executor_submit says: an item could not be submitted and nothing of this map is under
 * way; call again. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_map_next(weft_map_t *map, weft_future_t **out);

/** End the iteration at any point: what has not started is cancelled, here. *map becomes NULL; NULL and a pointer to
 * NULL are harmless. Never blocks. */
WEFT_API void weft_map_destroy(weft_map_t **map);

#ifdef __cplusplus
}
#endif
#endif
