/* Tests of long chains of weft_future_then: in whatever way they are built, ended or given up, the stack does not grow
 * with them, and each drop is called once. */
#include <weft/continuation.h>

#include "setup.h"

enum { chain_length = CHECK_SANITIZED ? 200000 : 1000000 };

static weft_status count_step(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  (void)done;
  (void)error;
  ++*(intptr_t *)ctx; /* the steps run one after another */
  *result = ctx;
  return WEFT_OK;
}

static void add_drop(void *ctx) {
  ++((intptr_t *)ctx)[1];
}

/* Builds a chain on `from`, gives `from` back, and returns the last future. */
static weft_future_t *build_chain(weft_future_t *from, weft_executor_t *executor, uint32_t when, intptr_t *counts) {
  size_t i;
  for (i = 0; i < chain_length; ++i) {
    weft_future_t *next = NULL;
    if (!CHECK_STATUS(weft_future_then(from, executor, when, NULL, count_step, counts, add_drop, &next), WEFT_OK))
      break;
    weft_future_unref(from);
    from = next;
  }
  return from;
}

static void a_long_chain_needs_no_stack(void) {
  int late;
  for (late = 0; late <= 1; ++late) {
    intptr_t counts[2] = {0, 0};
    weft_future_t *source = weft_future_ref(make_promise(NULL)), *last;
    if (late) CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
    last = build_chain(source, NULL, WEFT_THEN_RESULT, counts);
    if (!late) CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
    CHECK_EQUAL(weft_future_state(last), WEFT_FUTURE_RESULT);
    CHECK_EQUAL(counts[0], chain_length);
    CHECK_EQUAL(counts[1], chain_length);
    weft_future_unref(source);
    weft_future_unref(last);
  }
}

static void a_long_chain_hands_on(void) {
  enum { by_result, by_error, by_cancel, given_up };
  int way;
  for (way = by_result; way <= given_up; ++way) {
    intptr_t counts[2] = {0, 0};
    weft_future_t *source = weft_future_ref(make_promise(NULL)), *last;
    last = build_chain(source, NULL, way == by_result ? WEFT_THEN_ERROR : WEFT_THEN_RESULT, counts);
    if (way == by_result) CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
    if (way == by_error) {
      weft_error_t *error = make_error(4);
      CHECK_STATUS(weft_future_set_error(source, error), WEFT_OK);
      weft_error_unref(error);
    }
    if (way == by_cancel) CHECK_STATUS(weft_future_cancel(source), WEFT_OK);
    weft_future_unref(source);
    CHECK_EQUAL(weft_future_done(last), 1);
    CHECK_EQUAL(counts[0], 0);
    CHECK_EQUAL(counts[1], chain_length);
    weft_future_unref(last);
  }
}

static void a_long_chain_on_a_pool(void) {
  intptr_t counts[2] = {0, 0};
  weft_executor_t *pool = make_pool(1);
  weft_future_t *source = weft_future_ref(make_promise(NULL));
  weft_future_t *last = build_chain(source, pool, WEFT_THEN_RESULT, counts);
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_wait(last, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(counts[0], chain_length);
  CHECK_EQUAL(counts[1], chain_length);
  weft_future_unref(source);
  weft_future_unref(last);
  end_executor(pool);
}

/* All handles are kept. They are given back in a row, the last future first or the first future first. */
static void all_the_links_of_a_chain(void) {
  static weft_future_t *links[10001];
  int backwards;
  size_t i, count = CHECK_COUNT_OF(links);
  for (backwards = 0; backwards <= 1; ++backwards) {
    intptr_t counts[2] = {0, 0};
    links[0] = make_promise(NULL);
    for (i = 1; i < count; ++i)
      REQUIRE_OK(weft_future_then(links[i - 1], NULL, WEFT_THEN_RESULT, NULL, count_step, counts, add_drop, &links[i]));
    CHECK_STATUS(weft_future_cancel(links[count / 2]), WEFT_OK);
    CHECK_EQUAL(weft_future_state(links[count - 1]), WEFT_FUTURE_CANCELLED);
    CHECK_EQUAL(weft_future_state(links[count / 2 - 1]), WEFT_FUTURE_PENDING);
    for (i = 0; i < count; ++i) weft_future_unref(links[backwards ? count - 1 - i : i]);
    CHECK_EQUAL(counts[0], 0);
    CHECK_EQUAL(counts[1], (intmax_t)count - 1);
  }
}

static const check_case_t cases[] = {
    {"a long chain needs no stack", a_long_chain_needs_no_stack},
    {"a long chain hands on", a_long_chain_hands_on},
    {"a long chain on a pool", a_long_chain_on_a_pool},
    {"all the links of a chain", all_the_links_of_a_chain},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
