/* Each task submits another one to its own pool, and waits for it. Each wait ran that task on top of its own stack, so
 * after some levels the stack overflowed. Now the last task that may run nothing more gets a status that says so. */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *pool;
static long deepest;

static weft_status descend(void *ctx, void **result, weft_error_t **error) {
  const long level = (long)(intptr_t)ctx;
  weft_future_t *next;
  weft_status status;
  (void)result;
  (void)error;
  deepest = level;
  if (level == 1000000) return WEFT_OK;
  status = weft_executor_submit(pool, NULL, descend, (void *)(intptr_t)(level + 1), NULL, &next);
  if (status != WEFT_OK) return status;
  status = weft_future_wait(next, WEFT_FOREVER);
  weft_future_unref(next);
  return status == WEFT_EDEADLK ? WEFT_OK : status;
}

int main(void) {
  static const uint64_t stacks[] = {65536, 1 << 20, 0};
  int i;
  alarm(100);
  for (i = 0; i < 3; ++i) {
    weft_executor_options_t options;
    weft_future_t *first;
    weft_status status;
    weft_executor_options_init(&options);
    options.max_workers = 1;
    options.stack_size = stacks[i];
    if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) return 1;
    if (weft_executor_submit(pool, NULL, descend, NULL, NULL, &first) != WEFT_OK) return 1;
    status = weft_future_result(first, WEFT_FOREVER, NULL);
    weft_future_unref(first);
    weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER); /* runs the tasks that no wait has run */
    weft_executor_unref(pool);
    if (status == WEFT_OK && deepest > 2) continue;
    printf("a stack of %llu: %s\n", (unsigned long long)stacks[i], weft_status_name(status));
    return 1;
  }
  return 0;
}
