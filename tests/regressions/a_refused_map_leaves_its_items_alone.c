/* A map that is refused, by a closed domain or an executor that has ended, leaves every item to the caller. */
#include <stdio.h>
#include <weft/weft.h>

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static void drop(void *ctx) {
  ++*(int *)ctx;
}

int main(void) {
  weft_executor_t *pool;
  weft_domain_t *domain;
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_task_options_t each;
  int dropped = 0;
  void *items[3] = {&dropped, &dropped, &dropped};
  if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK || weft_domain_create(NULL, NULL, &domain) != WEFT_OK ||
      weft_domain_close(domain, 0) != WEFT_OK)
    return puts("cannot begin"), 1;
  weft_map_options_init(&options);
  weft_task_options_init(&each);
  each.domain = domain;
  options.tasks = &each;
  if (weft_executor_map(pool, &options, nothing, items, 3, drop, &map) != WEFT_ECLOSED)
    return puts("a closed domain has taken a map"), 1;
  if (weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER) != WEFT_OK ||
      weft_executor_map(pool, NULL, nothing, items, 3, drop, &map) != WEFT_ESHUTDOWN)
    return puts("a pool that has ended has taken a map"), 1;
  weft_domain_unref(domain);
  weft_executor_unref(pool);
  return dropped != 0 ? printf("%d items were dropped\n", dropped), 1 : 0;
}
