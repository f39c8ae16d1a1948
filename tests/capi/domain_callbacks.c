/* Tests of domains: closing a domain withdraws its callbacks, timers and hooks. */
#include "domain.h"

static void hear_future(void *ctx, weft_future_t *future) {
  (void)future;
  count_drop(ctx);
}

static void hear_cancel(void *ctx) {
  count_drop(ctx);
}

static void run_nothing_hook(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)thread;
  (void)error;
  count_drop(ctx);
}

static void callbacks_on_foreign_futures_are_withdrawn(void) {
  int heard = 0, dropped = 0, before = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise = make_promise(NULL), *done = make_promise(NULL), *gone = make_promise(NULL);
  CHECK_STATUS(weft_future_set_result(done, NULL), WEFT_OK);
  REQUIRE_OK(weft_future_add_done_callback(promise, hear_future, &before, NULL)); /* belongs to the host */
  enter(domain, &scope);
  REQUIRE_OK(weft_future_add_done_callback(promise, hear_future, &heard, count_drop));
  REQUIRE_OK(weft_future_add_done_callback(promise, hear_future, &dropped, count_drop));
  REQUIRE_OK(weft_future_add_done_callback(done, hear_future, &heard, NULL)); /* runs here */
  REQUIRE_OK(weft_future_add_done_callback(gone, hear_future, &dropped, count_drop));
  leave(&scope);
  CHECK_EQUAL(heard, 1);
  weft_future_unref(gone); /* never done */
  CHECK_EQUAL(dropped, 1);
  CHECK_EQUAL(weft_domain_count(domain), 2);
  end_domain(domain);
  CHECK_EQUAL(heard, 2);
  CHECK_EQUAL(dropped, 2);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_EQUAL(heard, 2);
  CHECK_EQUAL(before, 1);
  weft_future_unref(promise);
  weft_future_unref(done);
}

static void callbacks_of_tokens_are_withdrawn(void) {
  int calls = 0, drops = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_cancel_token_t *token = NULL;
  weft_cancel_registration_t *registration = NULL;
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  enter(domain, &scope);
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear_cancel, &calls, NULL, NULL));
  REQUIRE_OK(weft_cancel_token_on_cancel(token, hear_cancel, &drops, count_drop, &registration));
  leave(&scope);
  end_domain(domain);
  CHECK_EQUAL(drops, 1);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_EQUAL(calls, 0);
  CHECK_STATUS(weft_cancel_registration_remove(&registration), WEFT_EDONE);
  CHECK_EQUAL(drops, 1);
  weft_cancel_token_unref(token);
}

static weft_status tick_at_gate(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_pass((gate_t *)ctx);
  return WEFT_OK;
}

static void timers_end_though_handles_remain(void) {
  gate_t gate = GATE_CLOSED;
  int ticks = 0;
  weft_executor_t *pool = make_pool(2);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_timer_t *idle = NULL, *busy = NULL;
  gate_open(&gate);
  enter(domain, &scope);
  REQUIRE_OK(weft_timer_create(pool, NULL, count_run, &ticks, count_drop, &idle));
  REQUIRE_OK(weft_timer_create(pool, NULL, tick_at_gate, &gate, NULL, &busy));
  leave(&scope);
  REQUIRE_OK(weft_timer_arm(idle, 3600 * WEFT_SECOND));
  REQUIRE_OK(weft_timer_arm_every(busy, 0, 1, WEFT_MISSED_SKIP));
  gate_await(&gate, 3);
  end_domain(domain);
  CHECK_EQUAL(ticks, 1); /* the drop */
  CHECK_STATUS(weft_timer_arm(idle, 0), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_arm_every(busy, 0, 1, WEFT_MISSED_SKIP), WEFT_ECLOSED);
  weft_timer_unref(idle);
  weft_timer_unref(busy);
  CHECK_EQUAL(ticks, 1);
  end_executor(pool);
}

static weft_status fail_plain(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return weft_error_create(*(int *)ctx, "Kind", "for the hook", error);
}

static void an_exception_hook_goes_with_its_domain(void) {
  int heard = 0, code = 5;
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  enter(domain, &scope);
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, run_nothing_hook, &heard, count_drop));
  leave(&scope);
  REQUIRE_OK(weft_executor_post(pool, NULL, fail_plain, &code, NULL));
  end_executor(pool);
  CHECK_EQUAL(count_of(&heard), 1);
  end_domain(domain);
  CHECK_EQUAL(count_of(&heard), 2); /* the drop */
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK_EQUAL(count_of(&heard), 2);
}

static void a_timer_that_only_notifies_ends_too(void) {
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_queue_t *queue = NULL;
  weft_timer_t *timer = NULL;
  REQUIRE_OK(weft_queue_create(NULL, &queue));
  enter(domain, &scope);
  REQUIRE_OK(weft_timer_create_notify(pool, queue, 1, &timer));
  leave(&scope);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, WEFT_MILLISECOND, WEFT_MISSED_SKIP), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  end_domain(domain);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_ECLOSED);
  weft_timer_unref(timer);
  weft_queue_unref(queue);
  end_executor(pool);
}

typedef struct arming {
  weft_timer_t *timer;
  gate_t under_way;
} arming_t;

static void *arm_until_refused(void *ctx) {
  arming_t *arming = (arming_t *)ctx;
  weft_status status;
  CHECK_STATUS(weft_timer_arm(arming->timer, 3600 * WEFT_SECOND), WEFT_OK);
  gate_pass(&arming->under_way);
  do {
    status = weft_timer_arm(arming->timer, 3600 * WEFT_SECOND);
  } while (status == WEFT_OK);
  CHECK_STATUS(status, WEFT_ECLOSED);
  return NULL;
}

/* A thread arms a timer again and again, and the close may come between any two steps. In the end nothing is armed. */
static void a_timer_is_not_armed_beside_the_close(void) {
  int i;
  weft_executor_t *pool = make_pool(1);
  weft_queue_t *queue = NULL;
  REQUIRE_OK(weft_queue_create(NULL, &queue));
  for (i = 0; i < 200; ++i) {
    arming_t arming = {NULL, GATE_CLOSED};
    pthread_t thread;
    weft_domain_scope_t scope;
    weft_domain_t *domain = make_domain();
    gate_open(&arming.under_way);
    enter(domain, &scope);
    REQUIRE_OK(weft_timer_create_notify(pool, queue, 1, &arming.timer));
    leave(&scope);
    REQUIRE(pthread_create(&thread, NULL, arm_until_refused, &arming) == 0);
    gate_await(&arming.under_way, 1);
    end_domain(domain);
    pthread_join(thread, NULL);
    CHECK_STATUS(weft_timer_cancel(arming.timer), WEFT_EDONE);
    weft_timer_unref(arming.timer);
  }
  weft_queue_unref(queue);
  end_executor(pool);
}

/* --- the hooks of the process --- */

static void hear_line(void *ctx, uint32_t level, const char *message) {
  (void)level;
  (void)message;
  CHECK(weft_domain_current() != NULL);
  count_drop(ctx);
}

static void hear_misuse(void *ctx, const char *what, const char *function) {
  (void)what;
  (void)function;
  count_drop(ctx);
}

/* Makes weft log a line. */
static void say_something(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1000000;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
}

static void hooks_of_the_process_go_with_their_domain(void) {
  int lines = 0, misuses = 0, replaced = 0, after = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  enter(domain, &scope);
  REQUIRE_OK(weft_set_log_hook(hear_line, &replaced, count_drop));
  REQUIRE_OK(weft_set_log_hook(hear_line, &lines, count_drop));
  REQUIRE_OK(weft_set_misuse_hook(hear_misuse, &misuses, count_drop));
  leave(&scope);
  CHECK_EQUAL(count_of(&replaced), 1);
  CHECK_EQUAL(weft_domain_count(domain), 2);
  say_something();
  CHECK_EQUAL(count_of(&lines), 1);
  end_domain(domain);
  CHECK_EQUAL(count_of(&lines), 2);
  CHECK_EQUAL(count_of(&misuses), 1);
  say_something(); /* on stderr */
  CHECK_EQUAL(count_of(&lines), 2);
  REQUIRE_OK(weft_set_log_hook(NULL, &after, count_drop));
  CHECK_EQUAL(count_of(&after), 1);
}

static void another_hook_stays_when_the_domain_goes(void) {
  int mine = 0, hosts = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  enter(domain, &scope);
  REQUIRE_OK(weft_set_misuse_hook(hear_misuse, &mine, count_drop));
  leave(&scope);
  REQUIRE_OK(weft_set_misuse_hook(hear_misuse, &hosts, count_drop));
  CHECK_EQUAL(count_of(&mine), 1);
  end_domain(domain);
  CHECK_EQUAL(count_of(&hosts), 0);
  REQUIRE_OK(weft_set_misuse_hook(NULL, NULL, NULL));
  CHECK_EQUAL(count_of(&hosts), 1);
}

static void a_closed_domain_takes_no_hook(void) {
  int count = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  enter(domain, &scope);
  close_elsewhere(domain);
  CHECK_STATUS(weft_set_log_hook(hear_line, &count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_set_misuse_hook(hear_misuse, &count, count_drop), WEFT_ECLOSED);
  leave(&scope);
  end_domain(domain);
  CHECK_EQUAL(count_of(&count), 0);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"callbacks on foreign futures are withdrawn", callbacks_on_foreign_futures_are_withdrawn},
      {"callbacks of tokens are withdrawn", callbacks_of_tokens_are_withdrawn},
      {"timers end though handles remain", timers_end_though_handles_remain},
      {"an exception hook goes with its domain", an_exception_hook_goes_with_its_domain},
      {"a timer that only notifies ends, too", a_timer_that_only_notifies_ends_too},
      {"a timer is not armed beside the close", a_timer_is_not_armed_beside_the_close},
      {"hooks of the process go with their domain", hooks_of_the_process_go_with_their_domain},
      {"another hook stays when the domain goes", another_hook_stays_when_the_domain_goes},
      {"a closed domain takes no hook", a_closed_domain_takes_no_hook},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
