/* Continuations: a task that follows the future of another one, one that mends an error, and one
 * future for the end of several. No thread waits on the way.
 * Read on in include/weft/continuation.h. */
#include <weft/weft.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

static weft_status weigh(void *ctx, void **result, weft_error_t **error) {
  intptr_t parcel = (intptr_t)ctx;
  if (parcel == 3) return weft_error_create(1, "ScaleError", "the scale is broken", error);
  *result = (void *)(parcel * 100); /* a small number is the pointer itself */
  return WEFT_OK;
}

/* Runs only after a result. */
static weft_status price(void *ctx, weft_future_t *weighed, void **result, weft_error_t **error) {
  void *grams;
  (void)ctx;
  (void)error;
  check(weft_future_result(weighed, 0, &grams)); /* it is done, so this does not wait */
  *result = (void *)((intptr_t)grams * 2);
  return WEFT_OK;
}

/* Runs only after an error: that of its source, or one that its source has passed on. */
static weft_status flat_rate(void *ctx, weft_future_t *failed, void **result, weft_error_t **error) {
  weft_error_t *reason;
  (void)error;
  check(weft_future_exception(failed, 0, &reason));
  printf("parcel %d: %s, so it goes at the flat rate\n", (int)(intptr_t)ctx, weft_error_message(reason));
  weft_error_unref(reason);
  *result = (void *)(intptr_t)500;
  return WEFT_OK;
}

int main(void) {
  weft_executor_t *pool;
  weft_future_t *prices[4], *all;
  intptr_t i, sum = 0;

  check(weft_executor_create(NULL, NULL, &pool));
  for (i = 0; i < 4; ++i) {
    weft_future_t *weighed, *priced;
    check(weft_executor_submit(pool, NULL, weigh, (void *)(i + 1), NULL, &weighed));
    check(weft_future_then(weighed, pool, WEFT_THEN_RESULT, NULL, price, NULL, NULL, &priced));
    check(weft_future_then(priced, pool, WEFT_THEN_ERROR, NULL, flat_rate, (void *)(i + 1), NULL, &prices[i]));
    weft_future_unref(priced); /* the continuations go on without these handles */
    weft_future_unref(weighed);
  }
  check(weft_when_all(prices, 4, &all));
  check(weft_future_result(all, WEFT_FOREVER, NULL));
  for (i = 0; i < 4; ++i) {
    void *cents;
    check(weft_future_result(prices[i], 0, &cents));
    sum += (intptr_t)cents;
    weft_future_unref(prices[i]);
  }
  printf("all together: %d cents\n", (int)sum);
  weft_future_unref(all);
  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  weft_executor_unref(pool);
  return 0;
}
