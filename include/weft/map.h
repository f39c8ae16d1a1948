/* weft/map.h: call a function for each of many items, and read the outcomes in the order of the
 * items.
 *
 *   weft_executor_map(pool, NULL, resize, images, count, free, &map);
 *   while (weft_map_next(map, &future) == WEFT_OK) {
 *     if (weft_future_result(future, 0, &result) == WEFT_OK) show(result);
 *     weft_future_unref(future);
 *   }
 *   weft_map_destroy(&map);
 *
 * When. All items are submitted at once, and run without iteration. Two things keep items back: the
 * `buffer` of the options, and a queue without room. weft_map_next submits them later.
 *
 * Failures. An item that fails does not end the iteration: its future tells. An item that can never
 * be submitted comes as a cancelled future, because the executor was shut down, the token was
 * cancelled or the domain was closed; if the pool is broken, it comes with the error of the pool.
 *
 * Contexts. After weft_executor_map has succeeded, `drop` runs exactly once for each item.
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
  uint32_t size;  /**< sizeof(weft_map_options_t), see WEFT_OPTIONS_INIT */
  uint32_t flags; /**< 0 */
  /** How many items may be submitted ahead of the one to be read next. 0: all at once. */
  uint64_t buffer;
  /** For the whole iteration, in nanoseconds from the call of weft_executor_map. 0: WEFT_FOREVER.
   * Negative: the time is over at once. */
  int64_t timeout;
  /** How the task of each item is to run. Its domain is also that of the map. NULL: the defaults.
   * */
  const weft_task_options_t *tasks;
} weft_map_options_t;

static inline void weft_map_options_init(weft_map_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Run fn(item) for each of `count` items.
 *
 * `items`: the contexts, one for each item; the array is copied. `options`: NULL for the defaults.
 * A `count` of 0 makes a map without items.
 *
 * Blocks:    never; with WEFT_FULL_WAIT, for each item up to `full_timeout` of the executor while
 *            the queue is full.
 * Ownership: `*out` is to be given to weft_map_destroy. On success all items belong to weft. On
 *            failure nothing was submitted, and the caller keeps all items.
 *
 * Returns
 *   WEFT_OK            the first item was submitted, the others are or will be
 *   WEFT_EINVAL        `executor`, `fn` or `out` is NULL, `items` is NULL with a count, or an
 *                      option is out of range
 *   WEFT_ENOTSUP       an option is of a later version, or there is a priority and `executor` is no
 *                      pool
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the tasks is closed
 *   WEFT_ESHUTDOWN     the executor was shut down
 *   WEFT_EBROKEN       the pool is broken, see weft_executor_error
 *   WEFT_EFULL         the queue is full, with WEFT_FULL_FAIL
 *   WEFT_ETIMEDOUT     the queue was full for `full_timeout`, with WEFT_FULL_WAIT
 *   WEFT_EINTERRUPTED  the caller was asked to stop while it waited for room
 *   WEFT_EDEADLK       the queue is full, and without `full_timeout` the wait could never end
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_map(weft_executor_t *executor, const weft_map_options_t *options, weft_task_fn fn,
                                       void *const *items, size_t count, weft_drop_fn drop, weft_map_t **out);

/** Wait for the next item and get its future, which is done.
 *
 * First it submits items that were kept back, if there is room for them now.
 *
 * Threads:   one at a time for each map.
 * Blocks:    until the item is done, up to the timeout of the map. With WEFT_FULL_WAIT it also
 *            waits as weft_executor_map does.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK            `*out` is the future of the next item
 *   WEFT_EEND          there is no further item, or the iteration has ended
 *   WEFT_ETIMEDOUT     the time of the map is over; what has not started was cancelled, and the
 *                      iteration has ended
 *   WEFT_EINTERRUPTED  the caller was asked to stop; a later call goes on
 *   WEFT_EDEADLK       the wait could never end; a later call goes on
 *   WEFT_EFULL         the next item found no room, and nothing of the map is under way; a later
 *                      call goes on
 *   WEFT_EAGAIN        the same, because the pool has no worker and the system refuses a thread
 *   WEFT_ENOMEM        there is no memory to submit the item or to wait; a later call goes on
 *   WEFT_EINVAL        `map` or `out` is NULL
 */
WEFT_API weft_status weft_map_next(weft_map_t *map, weft_future_t **out);

/** End an iteration, at any point.
 *
 * What has not started is cancelled, and items that were kept back are dropped, on this thread.
 * `*map` becomes NULL. NULL, and a pointer to NULL, are allowed.
 *
 * Threads:   one at a time for each map.
 * Blocks:    never.
 */
WEFT_API void weft_map_destroy(weft_map_t **map);

#ifdef __cplusplus
}
#endif
#endif
