/* Tests of domains: which code is inside a domain and which is not, and closing from inside. */
#include "domain.h"

static void close_from_drop(void *ctx) {
  CHECK_STATUS(weft_domain_close((weft_domain_t *)ctx, WEFT_FOREVER), WEFT_EDEADLK);
}

static void close_from_callback(void *ctx, weft_future_t *future) {
  (void)future;
  CHECK_STATUS(weft_domain_close((weft_domain_t *)ctx, WEFT_FOREVER), WEFT_EDEADLK);
}

static weft_status close_from_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  return weft_domain_close((weft_domain_t *)ctx, WEFT_FOREVER) == WEFT_EDEADLK ? WEFT_OK : 1;
}

static void closing_from_inside_is_a_status(void) {
  weft_executor_t *pool = make_pool(1), *later = make_caller_run();
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope, out;
  weft_future_t *promise = make_promise(NULL), *future, *pending;
  enter(domain, &scope);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_EDEADLK);
  enter(NULL, &out); /* outside, but the scope of the domain is still open */
  CHECK(weft_domain_current() == NULL);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_EDEADLK);
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_EINVALIDSTATE);
  leave(&out);
  REQUIRE_OK(weft_future_add_done_callback(promise, close_from_callback, domain, NULL));
  future = submit(pool, close_from_task, domain, close_from_drop);
  pending = submit(later, return_ctx, domain, close_from_drop);
  leave(&scope);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_EQUAL(weft_domain_is_closed(domain), 0);
  weft_domain_ref(domain);
  end_domain(domain); /* runs the drop of the pending task, which also tries to close */
  weft_domain_unref(domain);
  weft_future_unref(pending);
  weft_future_unref(future);
  weft_future_unref(promise);
  weft_executor_unref(later);
  end_executor(pool);
}

typedef struct holder {
  weft_domain_t *domain;
  gate_t inside, out;
} holder_t;

static weft_status hold_inside(void *ctx, weft_error_t **error) {
  holder_t *holder = (holder_t *)ctx;
  weft_domain_scope_t scope;
  (void)error;
  enter(holder->domain, &scope);
  gate_open(&holder->inside);
  gate_pass(&holder->inside);
  gate_pass(&holder->out);
  leave(&scope);
  return WEFT_OK;
}

static void a_thread_inside_is_waited_for(void) {
  holder_t holder = {NULL, GATE_CLOSED, GATE_CLOSED};
  weft_thread_t *thread;
  holder.domain = make_domain();
  thread = start_thread(NULL, WEFT_DAEMON_NO, hold_inside, &holder, NULL);
  gate_await(&holder.inside, 1);
  CHECK_STATUS(weft_domain_close(holder.domain, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_domain_count(holder.domain), 1);
  gate_open(&holder.out);
  end_domain(holder.domain);
  end_thread(thread);
}

static weft_status close_the_other(void *ctx, void **result, weft_error_t **error) {
  weft_domain_t **pair = (weft_domain_t **)ctx;
  weft_status status;
  (void)result;
  (void)error;
  status = weft_domain_close(pair[0], WEFT_FOREVER);
  return status == WEFT_OK || status == WEFT_EDEADLK || status == WEFT_EINTERRUPTED ? WEFT_OK : status;
}

static void two_that_close_each_other_do_not_hang(void) {
  weft_executor_t *pool = make_pool(2);
  weft_domain_t *pair[3];
  weft_task_options_t options;
  weft_future_t *one = NULL, *two = NULL;
  pair[0] = pair[2] = make_domain();
  pair[1] = make_domain();
  weft_task_options_init(&options);
  options.domain = pair[0];
  REQUIRE_OK(weft_executor_submit(pool, &options, close_the_other, &pair[1], NULL, &one));
  options.domain = pair[1];
  if (CHECK(weft_executor_submit(pool, &options, close_the_other, &pair[0], NULL, &two) != WEFT_ENOMEM) && two) {
    CHECK_STATUS(weft_future_wait(two, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(two);
  }
  CHECK_STATUS(weft_future_wait(one, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(one);
  end_domain(pair[0]);
  end_domain(pair[1]);
  end_executor(pool);
}

static weft_status look_around(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)error;
  *result = weft_domain_current();
  return WEFT_OK;
}

static weft_status wait_for_outside(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  return weft_future_result((weft_future_t *)ctx, WEFT_FOREVER, result);
}

/* A task of a domain waits for a task without one, and runs it on its own stack. */
static void what_is_lent_is_outside(void) {
  gate_t gate = GATE_CLOSED;
  void *seen = UNTOUCHED(void);
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_task_options_t options;
  weft_future_t *busy = occupy_worker(pool, &gate), *waiting = NULL, *outside;
  weft_task_options_init(&options);
  options.domain = domain;
  options.priority = WEFT_PRIORITY_HIGH;
  outside = submit(pool, look_around, NULL, NULL);
  REQUIRE_OK(weft_executor_submit(pool, &options, wait_for_outside, outside, NULL, &waiting));
  gate_open(&gate);
  CHECK_STATUS(weft_future_result(waiting, WEFT_FOREVER, &seen), WEFT_OK);
  CHECK(seen == NULL);
  end_future(busy);
  weft_future_unref(outside);
  weft_future_unref(waiting);
  end_domain(domain);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"closing from inside is a status", closing_from_inside_is_a_status},
      {"a thread inside is waited for", a_thread_inside_is_waited_for},
      {"two that close each other do not hang", two_that_close_each_other_do_not_hang},
      {"what is lent is outside", what_is_lent_is_outside},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
