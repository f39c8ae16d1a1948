/* Tests of stop requests to promises (weft/future.h): polled, heard by callbacks, and seen by code that works for a
 * promise. */
#include <weft/future.h>

#include "cancel.h"
#include "domain.h"

static void hear(void *ctx, weft_future_t *future) {
  CHECK_EQUAL(weft_future_stop_requested(future), 1);
  count_drop(ctx);
}

static void a_request_can_be_read(void) {
  weft_future_t *promise = make_promise(NULL);
  CHECK_EQUAL(weft_future_stop_requested(NULL), WEFT_EINVAL);
  CHECK_EQUAL(weft_future_stop_requested(promise), 0);
  REQUIRE_OK(weft_future_set_running(promise));
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_OK);
  CHECK_EQUAL(weft_future_stop_requested(promise), 1);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_EDONE);
  weft_future_unref(promise);
}

static void callbacks_are_called_once(void) {
  int before = 0, after = 0, unheard = 0;
  weft_future_t *promise = make_promise(NULL), *quiet = make_promise(NULL), *given_up = make_promise(NULL);
  CHECK_STATUS(weft_future_on_stop(NULL, hear, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_on_stop(promise, NULL, NULL, NULL), WEFT_EINVAL);
  REQUIRE_OK(weft_future_on_stop(promise, hear, &before, count_drop));
  CHECK_EQUAL(before, 0);
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_OK);
  CHECK_EQUAL(before, 2); /* the callback was called and dropped */
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_OK);
  CHECK_EQUAL(before, 2);
  REQUIRE_OK(weft_future_on_stop(promise, hear, &after, count_drop));
  CHECK_EQUAL(after, 2);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_on_stop(promise, hear, &after, count_drop), WEFT_EDONE);
  CHECK_EQUAL(after, 2);
  REQUIRE_OK(weft_future_on_stop(quiet, hear, &unheard, count_drop));
  CHECK_STATUS(weft_future_set_result(quiet, NULL), WEFT_OK);
  CHECK_EQUAL(unheard, 1); /* the callback was dropped */
  REQUIRE_OK(weft_future_on_stop(given_up, hear, &unheard, count_drop));
  weft_future_unref(given_up);
  CHECK_EQUAL(unheard, 2);
  weft_future_unref(promise);
  weft_future_unref(quiet);
}

static void whatever_calls_it_off_calls_back(void) {
  gate_t gate = GATE_CLOSED;
  int by_token = 0, by_both = 0, by_domain = 0;
  uint32_t answer = 0;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *running = submit_with(pool, token, sleep_until_stopped, &gate, NULL), *promise, *inside = NULL;
  gate_await(&gate, 1);
  REQUIRE_OK(weft_future_on_stop(running, hear, &by_token, count_drop));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_future_result(running, WEFT_FOREVER, NULL), WEFT_OK);
  end_executor(pool);
  CHECK(by_token == 2 || by_token == 1); /* the task may have ended first */

  promise = make_promise(NULL);
  REQUIRE_OK(weft_future_set_running(promise));
  REQUIRE_OK(weft_future_on_stop(promise, hear, &by_both, count_drop));
  CHECK_STATUS(weft_future_cancel_or_stop(promise, &answer), WEFT_OK);
  CHECK_EQUAL(answer, WEFT_CANCEL_ASKED);
  CHECK_EQUAL(by_both, 2);

  enter(domain, &scope);
  REQUIRE_OK(weft_future_create(NULL, &inside));
  REQUIRE_OK(weft_future_set_running(inside));
  leave(&scope);
  REQUIRE_OK(weft_future_on_stop(inside, hear, &by_domain, count_drop)); /* belongs to the host */
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  CHECK_EQUAL(by_domain, 2);
  CHECK_STATUS(weft_future_set_result(inside, NULL), WEFT_OK);
  end_domain(domain);
  weft_future_unref(inside);
  weft_future_unref(promise);
  weft_future_unref(running);
  weft_cancel_token_unref(token);
}

static void domains_count_callbacks(void) {
  int heard = 0;
  weft_future_t *promise = make_promise(NULL);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  enter(domain, &scope);
  REQUIRE_OK(weft_future_on_stop(promise, hear, &heard, count_drop));
  leave(&scope);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_EQUAL(heard, 1);
  end_domain(domain);
  weft_future_unref(promise);
}

typedef struct closing {
  gate_t gate;
  weft_domain_t *domain;
  weft_future_t *promise;
} closing_t;

static weft_status add_when_closed(void *ctx, weft_error_t **error) {
  closing_t *it = (closing_t *)ctx;
  int count = 0;
  weft_domain_scope_t scope;
  (void)error;
  enter(it->domain, &scope);
  gate_pass(&it->gate);
  CHECK_STATUS(weft_future_on_stop(it->promise, hear, &count, count_drop), WEFT_ECLOSED);
  CHECK_EQUAL(count, 0);
  leave(&scope);
  return WEFT_OK;
}

static void a_closed_domain_takes_none(void) {
  closing_t it = {GATE_CLOSED, make_domain(), make_promise(NULL)};
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, add_when_closed, &it, NULL);
  gate_await(&it.gate, 1);
  CHECK_STATUS(weft_domain_close(it.domain, 0), WEFT_ETIMEDOUT);
  gate_open(&it.gate);
  end_thread(thread);
  end_domain(it.domain);
  weft_future_unref(it.promise);
}

static void code_that_works_for_a_promise_sees_the_request(void) {
  weft_future_scope_t outer, inner;
  weft_future_t *promise = make_promise(NULL), *other = make_promise(NULL), *task;
  weft_executor_t *loop = make_caller_run();
  CHECK_STATUS(weft_future_enter(NULL, &outer), WEFT_EINVAL);
  CHECK_STATUS(weft_future_enter(promise, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_leave(NULL), WEFT_EINVAL);
  task = submit(loop, probe_run, NULL, NULL);
  CHECK_STATUS(weft_future_enter(task, &outer), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_cancel(task), WEFT_OK);
  REQUIRE_OK(weft_future_enter(promise, &outer));
  REQUIRE_OK(weft_future_enter(other, &inner));
  CHECK_STATUS(weft_future_leave(&outer), WEFT_EINVALIDSTATE);
  CHECK_EQUAL(weft_stop_requested(), 0);
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_OK); /* to the promise of the outer scope */
  CHECK_EQUAL(weft_stop_requested(), 1);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_future_leave(&inner), WEFT_OK);
  weft_future_unref(promise); /* the scope has a reference */
  CHECK_EQUAL(weft_stop_requested(), 1);
  CHECK_STATUS(weft_future_leave(&outer), WEFT_OK);
  CHECK_EQUAL(weft_stop_requested(), 0);
  CHECK_STATUS(weft_future_leave(&outer), WEFT_EINVALIDSTATE);
  weft_future_unref(other);
  weft_future_unref(task);
  weft_executor_unref(loop);
}

static weft_status sleep_for_promise(void *ctx, weft_error_t **error) {
  closing_t *it = (closing_t *)ctx;
  weft_future_scope_t scope;
  (void)error;
  if (!CHECK_STATUS(weft_future_enter(it->promise, &scope), WEFT_OK)) return WEFT_OK;
  gate_open(&it->gate);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_future_leave(&scope), WEFT_OK);
  return WEFT_OK;
}

static void a_request_wakes_code_that_sleeps(void) {
  closing_t it = {GATE_CLOSED, NULL, make_promise(NULL)};
  weft_thread_t *thread;
  REQUIRE_OK(weft_future_set_running(it.promise));
  thread = start_thread(NULL, WEFT_DAEMON_NO, sleep_for_promise, &it, NULL);
  gate_pass(&it.gate);
  CHECK_STATUS(weft_future_request_stop(it.promise), WEFT_OK);
  end_thread(thread);
  weft_future_unref(it.promise);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a request can be read", a_request_can_be_read},
      {"callbacks are called once", callbacks_are_called_once},
      {"whatever calls it off calls back", whatever_calls_it_off_calls_back},
      {"domains count callbacks", domains_count_callbacks},
      {"a closed domain takes none", a_closed_domain_takes_none},
      {"code that works for a promise sees the request", code_that_works_for_a_promise_sees_the_request},
      {"a request wakes code that sleeps", a_request_wakes_code_that_sleeps},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
