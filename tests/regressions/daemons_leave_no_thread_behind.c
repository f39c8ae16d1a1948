/* A process that has used a deadline, a daemon thread and a daemon pool ends without a thread that is neither joined
 * nor detached: ThreadSanitizer would turn that into a failure. */
#include <stdio.h>
#include <weft/weft.h>

static weft_status nap(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return weft_sleep(60 * WEFT_SECOND) == WEFT_EINTERRUPTED ? WEFT_OK : WEFT_EFAILED;
}

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

int main(void) {
  weft_cancel_token_t *token;
  weft_thread_options_t options;
  weft_thread_t *thread;
  weft_executor_options_t settings;
  weft_executor_t *pool;
  weft_future_t *future;
  weft_thread_options_init(&options);
  options.daemon = WEFT_DAEMON_YES;
  weft_executor_options_init(&settings);
  settings.daemon = WEFT_DAEMON_YES;
  if (weft_cancel_token_create(NULL, 3600 * WEFT_SECOND, &token) != WEFT_OK ||
      weft_thread_create(NULL, &options, nap, NULL, NULL, &thread) != WEFT_OK || weft_thread_start(thread) != WEFT_OK ||
      weft_executor_create(NULL, &settings, &pool) != WEFT_OK ||
      weft_executor_submit(pool, NULL, nothing, NULL, NULL, &future) != WEFT_OK ||
      weft_future_wait(future, WEFT_FOREVER) != WEFT_OK)
    return puts("cannot begin"), 1;
  weft_cancel_token_unref(token);
  weft_thread_unref(thread);
  weft_future_unref(future);
  return 0; /* the pool has a handle, so only the end of the process ends its workers */
}
