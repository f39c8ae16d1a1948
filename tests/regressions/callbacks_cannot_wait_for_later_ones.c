/* A callback waits without limit for something that the same thread does after it. It slept for ever instead of getting
 * WEFT_EDEADLK. */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_future_t *behind;
static weft_status said;

static weft_status pass(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)ctx;
  (void)source;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static void wait_for_it(void *ctx, weft_future_t *done) {
  (void)ctx;
  (void)done;
  said = weft_future_wait(behind, WEFT_FOREVER);
}

int main(void) {
  static const char *const kinds[] = {"a continuation here", "a continuation on a pool", "when_all", "when_any"};
  weft_executor_t *pool;
  int kind, wrong = 0;
  alarm(20);
  if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK) return 1;
  for (kind = 0; kind < 4; ++kind) {
    weft_future_t *promise;
    weft_status status = weft_future_create(NULL, &promise);
    said = WEFT_EAGAIN;
    if (status == WEFT_OK) status = weft_future_add_done_callback(promise, wait_for_it, NULL, NULL);
    if (status == WEFT_OK && kind < 2)
      status = weft_future_then(promise, kind == 1 ? pool : NULL, WEFT_THEN_ALWAYS, NULL, pass, NULL, NULL, &behind);
    if (status == WEFT_OK && kind >= 2)
      status = kind == 2 ? weft_when_all(&promise, 1, &behind) : weft_when_any(&promise, 1, &behind);
    if (status == WEFT_OK) status = weft_future_set_result(promise, NULL);
    if (status == WEFT_OK) status = weft_future_wait(behind, WEFT_FOREVER); /* the later one still runs */
    if (status != WEFT_OK || said != WEFT_EDEADLK) {
      printf("%s: the callback was told %s, then %s\n", kinds[kind], weft_status_name(said), weft_status_name(status));
      ++wrong;
    }
    weft_future_unref(behind);
    weft_future_unref(promise);
  }
  weft_executor_unref(pool);
  return wrong != 0;
}
