/* weft/stats.h: figures about an executor.
 *
 *   weft_executor_stats_t stats;
 *   stats.size = sizeof stats;
 *   if (weft_executor_stats(pool, &stats) == WEFT_OK) show(stats.queued, stats.workers_idle);
 */
#ifndef WEFT_STATS_H
#define WEFT_STATS_H

#include <weft/base.h>
#include <weft/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Figures about an executor.
 *
 * Each is read at one moment, but not all at the same. For every kind of executor, while nothing
 * happens, `submitted` is the sum of `completed`, `cancelled` and `queued`. Only pools have
 * workers, and only pools count what follows `cancelled`; elsewhere these figures are 0. Later
 * versions append fields.
 */
typedef struct weft_executor_figures {
  /** Set it to sizeof(weft_executor_stats_t) before the call. No more bytes are written. */
  uint32_t size;
  uint32_t max_workers;     /**< of the options, or of weft_executor_set_max_workers */
  uint32_t workers_started; /**< threads started so far */
  uint32_t workers_alive;   /**< those that have not ended; not spares that no region needs now */
  uint64_t workers_refused; /**< how often the system refused a thread */
  /** Tasks that wait to start. A task that was cancelled, or that a waiter has run, counts as
   * queued until a worker takes it out of its queue. */
  uint64_t queued;
  /** Tasks that became ready, with spawned ones and the library's own (turns of strands). */
  uint64_t submitted;
  /** Of the submitted: those that workers, waiters or submitters have begun to run. */
  uint64_t completed;
  uint64_t cancelled; /**< of the submitted: those that were cancelled or dropped */
  uint64_t stolen;    /**< tasks that a worker took from another worker's queues */
  /** Tasks that came through the common queues: from outside, with a priority, due ones of timers;
   * all tasks that are not spawned if max_workers is 1. */
  uint64_t injected;
  uint64_t parks;           /**< how often a worker went to rest */
  uint64_t wakes;           /**< how often a worker was woken */
  uint32_t workers_blocked; /**< workers in blocking regions now */
  uint32_t workers_idle;    /**< workers that rest now */
  /** How long tasks waited in a queue until a worker took them, from a sample of at most one in
   * 128. waits[0] counts waits under a microsecond. waits[i] counts longer ones that are under 4^i
   * microseconds. The last one counts all that are longer. */
  uint64_t waits[12];
} weft_executor_stats_t;

/** Read the figures of an executor.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            `*stats` has the figures, and in `size` how many bytes were written
 *   WEFT_EINVAL        `executor` or `stats` is NULL, or `stats->size` is under that of version 1.0
 */
WEFT_API weft_status weft_executor_stats(weft_executor_t *executor, weft_executor_stats_t *stats);

#ifdef __cplusplus
}
#endif
#endif
