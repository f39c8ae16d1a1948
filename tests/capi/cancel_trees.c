/* Tests of cancel tokens: trees, deadlines, callbacks. */
#include "cancel.h"

static void a_parent_cancels_all_below_it(void) {
  weft_cancel_token_t *top = make_token(NULL), *left = make_token(top), *right = make_token(top);
  weft_cancel_token_t *below = make_token(left), *late = NULL;
  CHECK_STATUS(weft_cancel_token_cancel(left), WEFT_OK);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(below), 1);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(top), 0);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(right), 0);
  CHECK_STATUS(weft_cancel_token_cancel(top), WEFT_OK);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(right), 1);
  late = make_token(right);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(late), 1);
  CHECK_STATUS(weft_cancel_token_cancel(late), WEFT_EDONE);
  weft_cancel_token_unref(late);
  weft_cancel_token_unref(below);
  weft_cancel_token_unref(left);
  weft_cancel_token_unref(top);
  weft_cancel_token_unref(right);
}

static void a_long_chain_needs_no_stack(void) {
  enum { length = CHECK_SANITIZED ? 20000 : 200000 };
  weft_cancel_token_t *top = make_token(NULL), *last = weft_cancel_token_ref(top);
  int i;
  for (i = 0; i < length; ++i) {
    weft_cancel_token_t *next = make_token(last);
    weft_cancel_token_unref(last);
    last = next;
  }
  CHECK_STATUS(weft_cancel_token_cancel(top), WEFT_OK);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(last), 1);
  weft_cancel_token_unref(top);
  weft_cancel_token_unref(last);
}

/* --- deadlines --- */

static void a_deadline_cancels_by_itself_and_never_early(void) {
  gate_t gate = GATE_CLOSED;
  const int64_t timeout = 500 * WEFT_MILLISECOND; /* the task is accepted and starts within this time */
  int64_t before = now_ns(), after;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = NULL;
  weft_future_t *future;
  REQUIRE_OK(weft_cancel_token_create(NULL, timeout, &token));
  CHECK(weft_cancel_token_deadline(token) >= before + timeout);
  future = submit_with(pool, token, sleep_until_stopped, &gate, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  after = now_ns();
  CHECK(after >= before + timeout);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(token), 1);
  weft_future_unref(future);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static void the_earlier_deadline_counts(void) {
  weft_cancel_token_t *top = NULL, *sooner = NULL, *later = NULL, *none = make_token(NULL), *past = NULL;
  REQUIRE_OK(weft_cancel_token_create(NULL, 3600 * WEFT_SECOND, &top));
  REQUIRE_OK(weft_cancel_token_create(top, 60 * WEFT_SECOND, &sooner));
  REQUIRE_OK(weft_cancel_token_create(sooner, 3600 * WEFT_SECOND, &later));
  CHECK(weft_cancel_token_deadline(sooner) < weft_cancel_token_deadline(top));
  CHECK_EQUAL(weft_cancel_token_deadline(later), weft_cancel_token_deadline(sooner));
  CHECK_EQUAL(weft_cancel_token_deadline(none), WEFT_FOREVER);
  REQUIRE_OK(weft_cancel_token_create(later, -1, &past));
  CHECK_EQUAL(weft_cancel_token_is_cancelled(past), 1);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(later), 0);
  weft_cancel_token_unref(past);
  weft_cancel_token_unref(none);
  weft_cancel_token_unref(later);
  weft_cancel_token_unref(sooner);
  weft_cancel_token_unref(top);
}

/* --- callbacks --- */

typedef struct heard {
  int calls, drops;
  weft_cancel_registration_t *registration;
  weft_status answer; /* of a removal inside the callback */
} heard_t;

static void hear(void *ctx) {
  heard_t *heard = (heard_t *)ctx;
  ++heard->calls;
  if (heard->registration) heard->answer = weft_cancel_registration_remove(&heard->registration);
}
static void drop_heard(void *ctx) {
  ++((heard_t *)ctx)->drops;
}

static void callbacks_are_called_once_and_dropped(void) {
  heard_t heard[3] = {{0}};
  weft_cancel_token_t *top = make_token(NULL), *token = make_token(top);
  weft_cancel_registration_t *kept = NULL;
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear, &heard[0], drop_heard, NULL));
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear, &heard[1], drop_heard, &heard[1].registration));
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear, &heard[2], drop_heard, &kept));
  CHECK_STATUS(weft_cancel_token_cancel(top), WEFT_OK);
  CHECK_STATUS(heard[1].answer, WEFT_ERUNNING);
  CHECK_EQUAL(heard[0].calls + heard[1].calls + heard[2].calls, 3);
  CHECK_EQUAL(heard[0].drops + heard[1].drops + heard[2].drops, 3);
  CHECK_STATUS(weft_cancel_registration_remove(&kept), WEFT_EDONE);
  CHECK(kept == NULL);
  weft_cancel_token_unref(top);
  weft_cancel_token_unref(token);
}

static void a_callback_on_a_cancelled_token_runs_at_once(void) {
  heard_t heard = {0};
  weft_cancel_token_t *token = make_token(NULL);
  weft_cancel_registration_t *kept = NULL;
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear, &heard, drop_heard, &kept));
  CHECK_EQUAL(heard.calls, 1);
  CHECK_EQUAL(heard.drops, 1);
  CHECK_STATUS(weft_cancel_registration_remove(&kept), WEFT_EDONE);
  weft_cancel_token_unref(token);
}

static void a_removed_callback_is_dropped_and_not_called(void) {
  heard_t heard[2] = {{0}};
  weft_cancel_token_t *token = make_token(NULL);
  weft_cancel_registration_t *kept = NULL;
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear, &heard[0], drop_heard, &kept));
  CHECK_STATUS(weft_cancel_registration_remove(&kept), WEFT_OK);
  CHECK_EQUAL(heard[0].drops, 1);
  CHECK_STATUS(weft_cancel_registration_remove(&kept), WEFT_OK);
  CHECK_STATUS(weft_cancel_registration_remove(NULL), WEFT_EINVAL);
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear, &heard[1], drop_heard, NULL));
  weft_cancel_token_unref(token); /* never cancelled */
  CHECK_EQUAL(heard[0].calls + heard[1].calls, 0);
  CHECK_EQUAL(heard[1].drops, 1);
}

static void wait_for_the_other(void *ctx, weft_future_t *future) {
  (void)future;
  CHECK_STATUS(weft_future_wait((weft_future_t *)ctx, WEFT_FOREVER), WEFT_OK);
}

/* The first callback waits for the second future, which only the cancelling thread can end. So both futures must be
 * cancelled before the first callback runs. */
static void all_is_decided_before_the_first_callback(void) {
  weft_executor_t *executor = make_caller_run();
  weft_cancel_token_t *token = make_token(NULL), *below = make_token(token);
  weft_future_t *first = submit_with(executor, token, return_ctx, NULL, NULL);
  weft_future_t *second = submit_with(executor, below, return_ctx, NULL, NULL);
  REQUIRE_OK(weft_future_add_done_callback(first, wait_for_the_other, second, NULL));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  weft_future_unref(first);
  weft_future_unref(second);
  weft_cancel_token_unref(below);
  weft_cancel_token_unref(token);
  weft_executor_unref(executor);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a parent cancels all below it", a_parent_cancels_all_below_it},
      {"a long chain needs no stack", a_long_chain_needs_no_stack},
      {"a deadline cancels by itself and never early", a_deadline_cancels_by_itself_and_never_early},
      {"the earlier deadline counts", the_earlier_deadline_counts},
      {"callbacks are called once and dropped", callbacks_are_called_once_and_dropped},
      {"a callback on a cancelled token runs at once", a_callback_on_a_cancelled_token_runs_at_once},
      {"a removed callback is dropped and not called", a_removed_callback_is_dropped_and_not_called},
      {"all is decided before the first callback", all_is_decided_before_the_first_callback},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
