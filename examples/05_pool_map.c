/* A pool: a function for each item of a list. Several items run at the same time and may end in any
 * order. Their results come in the order of the list.
 * Read on in url_checker/: a whole program. */
#include <weft/weft.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

static weft_status measure(void *ctx, void **result, weft_error_t **error) {
  size_t length = strlen(ctx);
  (void)error;
  *result = (void *)(uintptr_t)length; /* a small number needs no allocation: it is the pointer itself */
  return weft_sleep((int64_t)length * 20 * WEFT_MILLISECOND); /* longer words end later */
}

int main(void) {
  void *words[] = {"interruption", "warp", "shuttle", "loom", "thread"};
  size_t count = sizeof words / sizeof *words, i;
  weft_executor_t *pool;
  weft_map_t *lengths;
  weft_future_t *future;
  void *length;

  check(weft_executor_create(NULL, NULL, &pool));
  check(weft_executor_map(pool, NULL, measure, words, count, NULL, &lengths));
  for (i = 0; weft_map_next(lengths, &future) == WEFT_OK; ++i) {
    check(weft_future_result(future, 0, &length)); /* a future of weft_map_next is done */
    printf("%s has %u letters\n", (const char *)words[i], (unsigned)(uintptr_t)length);
    weft_future_unref(future);
  }
  weft_map_destroy(&lengths);
  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  weft_executor_unref(pool);
  return i == count ? 0 : 1;
}
