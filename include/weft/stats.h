/* weft/stats.h: figures about an executor. */
#ifndef WEFT_STATS_H
#define WEFT_STATS_H

#include <weft/base.h>
#include <weft/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Figures about an executor. Read at one moment each, not all at the same. Later versions append. While nothing
 * happens, submitted = completed + cancelled + queued for every kind of executor. Those after cancelled are counted by
 * pools only.
 */
typedef struct weft_executor_figures {
  uint32_t size;        /**< set it to sizeof(weft_executor_stats_t) before the call; only so many bytes are written */
  uint32_t max_workers; /**< 0 for kinds without workers */
  uint32_t workers_started; /**< threads started so far */
  uint32_t workers_alive;   /**< those that have not ended, without spares that no region needs at the moment */
  uint64_t workers_refused; /**< how often the system refused a thread */
  uint64_t queued;          /**< tasks that wait to start, cancelled ones that no worker has come by yet included */
  uint64_t submitted; /**< tasks that became ready, spawned ones and the library's own (turns of strands) included */
  uint64_t completed; /**< of them, those that workers, waiters or submitters have begun to run; what a waiter has run
                           counts as queued until a worker comes by */
  uint64_t cancelled; /**< of them, those that were cancelled or dropped: a cancelled one counts as queued until a
                         worker comes by */
  uint64_t stolen;    /**< those that one worker took from another's queues */
  uint64_t injected;  /**< those that came through the common queues: from outside, or with a priority */
  uint64_t parks;     /**< how often a worker went to rest */
  uint64_t wakes;     /**< how often one was woken */
  uint64_t rescues;   /**< how often a resting worker found work by its bounded re-check alone; should be 0 */
  uint32_t workers_blocked; /**< workers in blocking regions now */
  uint32_t workers_idle;    /**< workers that rest now */
  /** How long tasks waited to start, counted over a sample of one in some hundred: waits[0] under a microsecond,
   * waits[i] under 4^i microseconds, the last one all that were longer. */
  uint64_t waits[12];
} weft_executor_stats_t;

/** Read the figures. Never blocks. WEFT_EINVAL: NULL, or stats->size is under that of the first version. */
WEFT_API weft_status weft_executor_stats(weft_executor_t *executor, weft_executor_stats_t *stats);

#ifdef __cplusplus
}
#endif
#endif
