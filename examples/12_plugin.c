/* The plugin of example 12. It registers a task, a timer and a callback, and gives its handles back
 * when it is asked to stop. It need not know of domains. */
#include "12_plugin.h"

static weft_status tick(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  __atomic_add_fetch(&((struct host *)ctx)->calls, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void hear(void *ctx, weft_future_t *news) {
  (void)news;
  tick(ctx, NULL, NULL);
}

static weft_status serve(void *ctx, void **result, weft_error_t **error) {
  weft_timer_t *timer = NULL;
  if (weft_timer_create(((struct host *)ctx)->pool, NULL, tick, ctx, NULL, &timer) == WEFT_OK)
    weft_timer_arm_every(timer, 0, WEFT_MILLISECOND, WEFT_MISSED_SKIP);
  while (weft_stop_requested() == 0) weft_sleep(WEFT_SECOND); /* the close of the domain wakes it */
  weft_timer_unref(timer);
  return tick(ctx, result, error);
}

__attribute__((visibility("default"))) void plugin_start(struct host *host) {
  weft_executor_post(host->pool, NULL, serve, host, NULL);
  weft_future_add_done_callback(host->news, hear, host, NULL);
}
