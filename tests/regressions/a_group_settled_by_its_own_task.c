/* A task that settles its own group is told that this never ends. After a shutdown of the runtime that had timed out,
 * the task looped for ever instead. */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_group_t *group;
static weft_semaphore_t *begun, *shut, *settled;

static weft_status settle(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  weft_semaphore_signal(begun, 1);
  while (weft_semaphore_wait(shut, 10 * WEFT_MILLISECOND) != WEFT_OK) usleep(1000); /* it is asked to stop meanwhile */
  weft_group_settle(group);
  weft_semaphore_signal(settled, 1);
  return WEFT_OK;
}

int main(void) {
  weft_runtime_t *runtime;
  weft_executor_t *pool;
  weft_status late, status;
  alarm(60);
  if (weft_semaphore_create(0, &begun) != WEFT_OK || weft_semaphore_create(0, &shut) != WEFT_OK ||
      weft_semaphore_create(0, &settled) != WEFT_OK || weft_runtime_create(NULL, &runtime) != WEFT_OK ||
      weft_executor_create(runtime, NULL, &pool) != WEFT_OK || weft_group_create(pool, NULL, &group) != WEFT_OK ||
      weft_group_spawn(group, NULL, settle, NULL, NULL) != WEFT_OK)
    return 1;
  weft_semaphore_wait(begun, WEFT_FOREVER);
  late = weft_runtime_shutdown(runtime, 10 * WEFT_MILLISECOND);
  weft_semaphore_signal(shut, 1);
  status = weft_semaphore_wait(settled, 20 * WEFT_SECOND);
  if (late != WEFT_ETIMEDOUT || status != WEFT_OK)
    printf("shutdown: %s; the task settles its own group: %s\n", weft_status_name(late), weft_status_name(status));
  fflush(stdout);
  _exit(late != WEFT_ETIMEDOUT || status != WEFT_OK);
}
