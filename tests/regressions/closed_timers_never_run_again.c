/* A timer whose task arms it again each time can be stopped for good, and its last run can be waited for. */
#include <stdio.h>
#include <weft/weft.h>

static weft_timer_t *timer;
static int runs, inside;

static weft_status tick(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  __atomic_add_fetch(&runs, 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(&inside, 1, __ATOMIC_SEQ_CST);
  weft_sleep(20 * WEFT_MILLISECOND);
  weft_timer_arm(timer, 0);
  weft_sleep(20 * WEFT_MILLISECOND);
  __atomic_store_n(&inside, 0, __ATOMIC_SEQ_CST);
  return WEFT_OK;
}

int main(void) {
  weft_executor_t *pool;
  weft_status status;
  int seen;
  if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK ||
      weft_timer_create(pool, NULL, tick, NULL, NULL, &timer) != WEFT_OK || weft_timer_arm(timer, 0) != WEFT_OK)
    return puts("cannot begin"), 1;
  while (!__atomic_load_n(&inside, __ATOMIC_SEQ_CST)) weft_sleep(WEFT_MILLISECOND);
  status = weft_timer_close(timer, 30 * WEFT_SECOND);
  if (status != WEFT_OK) return printf("the close says %s\n", weft_status_name(status)), 1;
  if (__atomic_load_n(&inside, __ATOMIC_SEQ_CST)) return puts("it runs after the close"), 1;
  seen = __atomic_load_n(&runs, __ATOMIC_SEQ_CST);
  if (weft_timer_arm(timer, 0) != WEFT_ECLOSED) return puts("a closed timer can be armed"), 1;
  weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
  if (__atomic_load_n(&runs, __ATOMIC_SEQ_CST) != seen) return puts("it has run again"), 1;
  weft_timer_unref(timer);
  weft_executor_unref(pool);
  return 0;
}
