/* A pool: two tasks and their results; a task that fails, and its error.
 * Read on in 05_pool_map.c: one task for each item of a list. */
#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

struct power {
  long base;
  unsigned exponent;
  long value;
};

static weft_status raise_to_power(void *ctx, void **result, weft_error_t **error) {
  struct power *power = ctx;
  unsigned i;
  (void)error;
  power->value = 1;
  for (i = 0; i < power->exponent; ++i) power->value *= power->base;
  *result = power; /* it lives in main, so there is nothing to drop */
  return WEFT_OK;
}

static weft_status read_config(void *ctx, void **result, weft_error_t **error) {
  (void)ctx, (void)result;
  return weft_error_create(42, "ConfigError", "weft.conf: line 7 is not a setting", error) == WEFT_OK ? WEFT_EFAILED
                                                                                                      : WEFT_ENOMEM;
}

int main(void) {
  struct power small = {2, 10, 0}, large = {3, 20, 0};
  weft_executor_t *pool;
  weft_future_t *first, *second, *failing;
  weft_error_t *error;
  void *result;

  check(weft_executor_create(NULL, NULL, &pool));
  check(weft_executor_submit(pool, NULL, raise_to_power, &small, NULL, &first));
  check(weft_executor_submit(pool, NULL, raise_to_power, &large, NULL, &second));
  check(weft_executor_submit(pool, NULL, read_config, NULL, NULL, &failing));

  check(weft_future_result(first, WEFT_FOREVER, &result));
  printf("2 to the power of 10 is %ld\n", ((struct power *)result)->value);
  check(weft_future_result(second, WEFT_FOREVER, &result));
  printf("3 to the power of 20 is %ld\n", ((struct power *)result)->value);

  check(weft_future_exception(failing, WEFT_FOREVER, &error)); /* NULL would mean that there is a result */
  printf("the third failed: %s: %s\n", weft_error_kind(error), weft_error_message(error));
  weft_error_unref(error);

  weft_future_unref(first);
  weft_future_unref(second);
  weft_future_unref(failing);
  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  weft_executor_unref(pool);
  return 0;
}
