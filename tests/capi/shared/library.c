/* One of two libraries that know nothing of each other and both want a pool. Built twice, under the names that
 * LIBRARY_NAME gives its functions. */
#include <weft/weft.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAMED(suffix) JOIN(LIBRARY_NAME, suffix)

#define VISIBLE __attribute__((visibility("default")))

VISIBLE weft_executor_t *NAMED(_pool)(void);
VISIBLE int NAMED(_adds)(int a, int b);
VISIBLE weft_status NAMED(_configures)(void);

weft_executor_t *NAMED(_pool)(void) {
  weft_executor_t *pool = NULL;
  return weft_default_executor(&pool) == WEFT_OK ? pool : NULL;
}

static weft_status add(void *ctx, void **result, weft_error_t **error) {
  const int *terms = (const int *)ctx;
  (void)error;
  *result = (void *)(intptr_t)(terms[0] + terms[1]);
  return WEFT_OK;
}

/* Works on the pool and gives its reference back, as a library that ends its part. */
int NAMED(_adds)(int a, int b) {
  int terms[2];
  weft_executor_t *pool = NAMED(_pool)();
  weft_future_t *future = NULL;
  void *sum = NULL;
  terms[0] = a;
  terms[1] = b;
  if (weft_executor_submit(pool, NULL, add, terms, NULL, &future) == WEFT_OK)
    weft_future_result(future, WEFT_FOREVER, &sum);
  weft_future_unref(future);
  weft_executor_unref(pool);
  return (int)(intptr_t)sum;
}

weft_status NAMED(_configures)(void) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.max_workers = 99;
  return weft_default_executor_configure(&options);
}
