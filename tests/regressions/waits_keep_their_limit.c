/* A wait of 10 ms inside a task of a one-worker pool began the awaited task itself, and returned when that had ended:
 * after 500 ms, or never. Every kind of wait did so. Each must return at its limit, and must not begin a task. */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

enum { many = 20 };
static const int64_t limit = 10 * WEFT_MILLISECOND;

static weft_executor_t *pool;
static weft_semaphore_t *released;
static int begun; /* atomic */

/* This task ends only when the waits are over. */
static weft_status begin(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  __atomic_add_fetch(&begun, 1, __ATOMIC_ACQ_REL);
  return weft_semaphore_wait(released, 5 * WEFT_SECOND);
}

static const char *wait_in_every_way(void) {
  weft_future_t *futures[many], *next;
  weft_as_completed_t *iterator;
  weft_error_t *failure;
  weft_queue_t *queue;
  weft_group_t *group;
  weft_event_t event;
  size_t count;
  int i;
  for (i = 0; i < many; ++i)
    if (weft_executor_submit(pool, NULL, begin, NULL, NULL, &futures[i]) != WEFT_OK) return "submit";
  if (weft_future_wait(futures[0], limit) != WEFT_ETIMEDOUT) return "weft_future_wait";
  if (weft_future_result(futures[0], limit, NULL) != WEFT_ETIMEDOUT) return "weft_future_result";
  if (weft_future_exception(futures[0], limit, &failure) != WEFT_ETIMEDOUT) return "weft_future_exception";
  if (weft_wait(futures, many, WEFT_ALL_COMPLETED, limit, NULL, NULL) != WEFT_ETIMEDOUT) return "weft_wait for all";
  if (weft_wait(futures, many, WEFT_FIRST_COMPLETED, limit, NULL, NULL) != WEFT_ETIMEDOUT) return "weft_wait for one";
  if (weft_as_completed(futures, many, limit, &iterator) != WEFT_OK) return "weft_as_completed";
  if (weft_as_completed_next(iterator, &next) != WEFT_ETIMEDOUT) return "weft_as_completed_next";
  weft_as_completed_destroy(&iterator);
  if (weft_queue_create(NULL, &queue) != WEFT_OK) return "weft_queue_create";
  if (weft_future_notify(futures[0], queue, 1) != WEFT_OK) return "weft_future_notify";
  if (weft_queue_wait(queue, &event, 1, limit, &count) != WEFT_ETIMEDOUT) return "weft_queue_wait";
  weft_queue_unref(queue);
  if (weft_group_create(pool, NULL, &group) != WEFT_OK) return "weft_group_create";
  if (weft_group_spawn(group, NULL, begin, NULL, NULL) != WEFT_OK) return "weft_group_spawn";
  if (weft_group_wait(group, limit) != WEFT_ETIMEDOUT) return "weft_group_wait";
  weft_group_unref(group);
  for (i = 0; i < many; ++i) weft_future_unref(futures[i]);
  return __atomic_load_n(&begun, __ATOMIC_ACQUIRE) == 0 ? NULL : "none of them, but something has begun";
}

static weft_status waits(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)error;
  *result = (void *)wait_in_every_way();
  return WEFT_OK;
}

int main(void) {
  weft_executor_options_t options;
  weft_future_t *outer;
  void *wrong = "the task itself";
  weft_executor_options_init(&options);
  options.max_workers = 1;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK || weft_semaphore_create(0, &released) != WEFT_OK)
    return 1;
  alarm(60);
  if (weft_executor_submit(pool, NULL, waits, NULL, NULL, &outer) != WEFT_OK) return 1;
  weft_future_result(outer, WEFT_FOREVER, &wrong);
  if (wrong != NULL) printf("the wait that was too long: %s\n", (const char *)wrong);
  fflush(stdout);
  _exit(wrong != NULL);
}
