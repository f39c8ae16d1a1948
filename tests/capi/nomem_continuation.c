/* Tests of memory that runs out under continuations (see nomem.h). */
#include "nomem.h"

static weft_status run_then(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  (void)done;
  (void)error;
  *result = ctx;
  return WEFT_OK;
}

static weft_status attempt_then(void) {
  int drops = 0;
  weft_future_t *source = make_promise(NULL), *out = UNTOUCHED(weft_future_t);
  weft_status status =
      ARMED(weft_future_then(source, NULL, WEFT_THEN_RESULT, NULL, run_then, &drops, count_drop, &out));
  CHECK_EQUAL(drops, 0);
  if (status != WEFT_OK) CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  weft_future_unref(source);
  CHECK_EQUAL(drops, status == WEFT_OK);
  if (status == WEFT_OK) weft_future_unref(out);
  return status;
}

static weft_status attempt_flatten(void) {
  weft_future_t *source = make_promise(NULL), *out = UNTOUCHED(weft_future_t);
  weft_status status = ARMED(weft_future_flatten(source, &out));
  if (status != WEFT_OK) CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_STATUS(weft_future_cancel(source), WEFT_OK);
  weft_future_unref(source);
  if (status == WEFT_OK) weft_future_unref(out);
  return status;
}

static weft_status attempt_gathering(weft_status (*gather)(weft_future_t *const *, size_t, weft_future_t **)) {
  weft_future_t *sources[2], *out = UNTOUCHED(weft_future_t);
  weft_status status;
  sources[0] = make_promise(NULL);
  sources[1] = make_promise(NULL);
  status = ARMED(gather(sources, 2, &out));
  if (status != WEFT_OK) CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_STATUS(weft_future_set_result(sources[0], NULL), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(sources[1], NULL), WEFT_OK);
  if (status == WEFT_OK) {
    CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_RESULT);
    weft_future_unref(out);
  }
  weft_future_unref(sources[0]);
  weft_future_unref(sources[1]);
  return status;
}

static weft_status attempt_when_all(void) {
  return attempt_gathering(weft_when_all);
}

static weft_status attempt_when_any(void) {
  return attempt_gathering(weft_when_any);
}

static const attempt_t attempts[] = {
    ATTEMPT_RECYCLED(weft_future_then, attempt_then),
    ATTEMPT_RECYCLED(weft_future_flatten, attempt_flatten),
    ATTEMPT_RECYCLED(weft_when_all, attempt_when_all),
    ATTEMPT_RECYCLED(weft_when_any, attempt_when_any),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
