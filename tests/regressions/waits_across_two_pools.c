/* Two pools of one worker each. The first task of each pool waits for the second task of the other pool. No task waits
 * for itself, not even indirectly, but one of the waits returned WEFT_EDEADLK. */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *pools[2];
static weft_future_t *second[2];
static weft_semaphore_t *submitted[2];

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static weft_status wait_for_the_other(void *ctx, void **result, weft_error_t **error) {
  const int mine = (int)(intptr_t)ctx;
  (void)result;
  (void)error;
  weft_semaphore_wait(submitted[mine], WEFT_FOREVER);
  return weft_future_wait(second[1 - mine], WEFT_FOREVER);
}

static weft_status round_of_two(void) {
  weft_future_t *first[2];
  weft_status said = WEFT_OK;
  int i;
  for (i = 0; i < 2; ++i) {
    if (weft_executor_submit(pools[i], NULL, wait_for_the_other, (void *)(intptr_t)i, NULL, &first[i]) != WEFT_OK)
      return WEFT_ENOMEM;
    if (weft_executor_submit(pools[i], NULL, nothing, NULL, NULL, &second[i]) != WEFT_OK) return WEFT_ENOMEM;
  }
  for (i = 0; i < 2; ++i) weft_semaphore_signal(submitted[i], 1);
  for (i = 0; i < 2; ++i) {
    weft_error_t *failure = NULL;
    weft_future_exception(first[i], WEFT_FOREVER, &failure);
    if (failure != NULL) {
      said = (weft_status)weft_error_code(failure);
      weft_error_unref(failure);
    }
  }
  for (i = 0; i < 2; ++i) {
    weft_future_wait(second[i], WEFT_FOREVER);
    weft_future_unref(second[i]);
    weft_future_unref(first[i]);
  }
  return said;
}

int main(void) {
  weft_executor_options_t options;
  weft_status said = WEFT_OK;
  int i;
  alarm(60);
  weft_executor_options_init(&options);
  options.max_workers = 1;
  for (i = 0; i < 2; ++i)
    if (weft_executor_create(NULL, &options, &pools[i]) != WEFT_OK ||
        weft_semaphore_create(0, &submitted[i]) != WEFT_OK)
      return 1;
  for (i = 0; i < 200 && said == WEFT_OK; ++i) said = round_of_two();
  if (said != WEFT_OK) printf("round %d: %s\n", i, weft_status_name(said));
  return said != WEFT_OK;
}
