/* A context that owns a timer of its executor is dropped when that has ended. */
#include <stdio.h>
#include <weft/weft.h>

static int dropped;

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static void drop(void *timer) {
  weft_timer_unref((weft_timer_t *)timer);
  __atomic_add_fetch(&dropped, 1, __ATOMIC_SEQ_CST);
}

static weft_status own_a_timer(weft_executor_t *executor) {
  weft_timer_t *timer;
  weft_status status = weft_timer_create(executor, NULL, nothing, NULL, NULL, &timer);
  if (status == WEFT_OK) status = weft_executor_set_context(executor, timer, drop);
  return status;
}

int main(void) {
  weft_executor_t *pool, *used, *strand, *loop;
  weft_future_t *future;
  int looks;
  if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK || weft_executor_create(NULL, NULL, &used) != WEFT_OK ||
      weft_strand_create(pool, &strand) != WEFT_OK || weft_caller_run_create(NULL, NULL, &loop) != WEFT_OK ||
      own_a_timer(pool) != WEFT_OK || own_a_timer(used) != WEFT_OK || own_a_timer(strand) != WEFT_OK ||
      own_a_timer(loop) != WEFT_OK || weft_executor_submit(used, NULL, nothing, NULL, NULL, &future) != WEFT_OK ||
      weft_future_wait(future, WEFT_FOREVER) != WEFT_OK)
    return puts("cannot begin"), 1;
  weft_future_unref(future);
  weft_executor_unref(strand);
  weft_executor_unref(loop);
  weft_executor_unref(used); /* its last worker drops the context */
  weft_executor_unref(pool);
  for (looks = 0; looks < 30000 && __atomic_load_n(&dropped, __ATOMIC_SEQ_CST) != 4; ++looks)
    weft_sleep(WEFT_MILLISECOND);
  return looks == 30000 ? printf("%d of 4 contexts were dropped\n", dropped), 1 : 0;
}
