/* Tests of domains: what the host has made is dropped outside of any domain, on whichever thread the last reference is
 * given back. */
#include "domain.h"

typedef struct dropped {
  int times;
  int inside; /* the drops inside a domain */
} dropped_t;

static void note_drop(void *ctx) {
  dropped_t *dropped = (dropped_t *)ctx;
  ++dropped->times;
  dropped->inside += weft_domain_current() != NULL;
}

static void check_dropped(const dropped_t *dropped, int times) {
  CHECK_EQUAL(dropped->times, times);
  CHECK_EQUAL(dropped->inside, 0);
}

static void the_contexts_of_a_pool(void) {
  dropped_t dropped = {0, 0};
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer_ctx = options.worker_ctx = &dropped;
  options.initializer_drop = options.worker_drop = note_drop;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  enter(domain, &scope);
  weft_executor_unref(pool);
  CHECK(weft_domain_current() == domain);
  leave(&scope);
  check_dropped(&dropped, 2);
  end_domain(domain);
}

static weft_future_t *done_with_result(weft_executor_t *pool, weft_domain_t *home, void *result, weft_drop_fn drop) {
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_task_options_init(&options);
  options.result_drop = drop;
  options.domain = home;
  CHECK_STATUS(weft_executor_submit(pool, &options, return_ctx, result, NULL, &future), WEFT_OK);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  return future;
}

static void results_of_tasks_and_promises(void) {
  dropped_t dropped = {0, 0};
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *future = done_with_result(pool, NULL, &dropped, note_drop), *promise = make_promise(note_drop);
  end_executor(pool); /* so that only the test has references */
  CHECK_STATUS(weft_future_set_result(promise, &dropped), WEFT_OK);
  enter(domain, &scope);
  weft_future_unref(future);
  weft_future_unref(promise);
  CHECK(weft_domain_current() == domain);
  leave(&scope);
  check_dropped(&dropped, 2);
  end_domain(domain);
}

static void payloads_of_errors(void) {
  dropped_t dropped = {0, 0};
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_error_create_foreign(1, "Kind", "message", "tag", &dropped, note_drop, &error));
  enter(domain, &scope);
  weft_error_unref(error);
  leave(&scope);
  check_dropped(&dropped, 1);
  end_domain(domain);
}

static weft_status never_run(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK(!"it was run");
  return WEFT_OK;
}

static void never_called(void *ctx) {
  (void)ctx;
  CHECK(!"it was called");
}

static void timers_and_callbacks_of_tokens(void) {
  dropped_t dropped = {0, 0};
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_timer_t *timer = NULL;
  weft_cancel_token_t *token = NULL;
  weft_cancel_registration_t *registration = NULL;
  REQUIRE_OK(weft_timer_create(pool, NULL, never_run, &dropped, note_drop, &timer));
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  REQUIRE_OK(weft_cancel_token_on_cancel(token, never_called, &dropped, note_drop, &registration));
  enter(domain, &scope);
  weft_timer_unref(timer);
  CHECK_STATUS(weft_cancel_registration_remove(&registration), WEFT_OK);
  leave(&scope);
  check_dropped(&dropped, 2);
  weft_cancel_token_unref(token);
  end_domain(domain);
  end_executor(pool);
}

static void never_done(void *ctx, weft_future_t *future) {
  (void)ctx;
  (void)future;
  CHECK(!"it was called");
}

static void callbacks_of_a_promise_that_nobody_keeps(void) {
  dropped_t dropped = {0, 0};
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise = make_promise(NULL);
  REQUIRE_OK(weft_future_add_done_callback(promise, never_done, &dropped, note_drop));
  enter(domain, &scope);
  weft_future_unref(promise);
  leave(&scope);
  check_dropped(&dropped, 1);
  end_domain(domain);
}

static void items_of_a_map(void) {
  dropped_t dropped = {0, 0};
  void *items[3] = {&dropped, &dropped, &dropped};
  weft_executor_t *later = make_caller_run();
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_map_options_init(&options);
  options.buffer = 1;
  REQUIRE_OK(weft_executor_map(later, &options, never_run, items, 3, note_drop, &map));
  enter(domain, &scope);
  weft_map_destroy(&map);
  leave(&scope);
  check_dropped(&dropped, 3);
  end_domain(domain);
  weft_executor_unref(later);
}

static void hear_nothing(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)ctx;
  (void)thread;
  (void)error;
  CHECK(!"it was called");
}

static void the_hook_of_a_runtime(void) {
  dropped_t dropped = {0, 0};
  int own = 0;
  weft_runtime_t *runtime = make_runtime();
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, hear_nothing, &dropped, note_drop));
  enter(domain, &scope);
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, hear_nothing, &own, count_drop));
  leave(&scope);
  check_dropped(&dropped, 1);
  end_domain(domain);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

/* --- the hooks of the process --- */

static void note_line(void *ctx, uint32_t level, const char *message) {
  dropped_t *called = (dropped_t *)ctx;
  (void)level;
  (void)message;
  ++called->times;
  called->inside += weft_domain_current() != NULL;
}

static void note_misuse(void *ctx, const char *what, const char *function) {
  (void)what;
  note_line(ctx, 0, function);
}

typedef struct hooks {
  dropped_t dropped;
  dropped_t called; /* calls of the log hook */
} hooks_t;

static void drop_hooks(void *ctx) {
  note_drop(&((hooks_t *)ctx)->dropped);
}

static void log_to_hooks(void *ctx, uint32_t level, const char *message) {
  note_line(&((hooks_t *)ctx)->called, level, message);
}

/* Makes weft log a line. */
static void make_a_line(void) {
  weft_group_options_t options;
  weft_group_t *group = NULL;
  weft_executor_t *pool = make_pool(1);
  weft_group_options_init(&options);
  options.flags = 1u << 31;
  CHECK_STATUS(weft_group_create(pool, &options, &group), WEFT_EINVAL);
  end_executor(pool);
}

static void the_hooks_of_the_process(void) {
  hooks_t host = {{0, 0}, {0, 0}};
  dropped_t misuse = {0, 0}, own = {0, 0}, unused = {0, 0};
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  REQUIRE_OK(weft_set_log_hook(log_to_hooks, &host, drop_hooks));
  REQUIRE_OK(weft_set_misuse_hook(note_misuse, &misuse, note_drop));
  enter(domain, &scope);
  make_a_line(); /* the host's code, called from a plugin's */
  check_dropped(&host.called, 1);
  CHECK_STATUS(weft_set_log_hook(note_line, &own, NULL), WEFT_OK);
  CHECK_STATUS(weft_set_misuse_hook(note_misuse, &own, note_drop), WEFT_OK);
  CHECK(weft_domain_current() == domain);
  check_dropped(&host.dropped, 1);
  check_dropped(&misuse, 1);
  make_a_line();
  CHECK_EQUAL(own.times, 1);
  CHECK_EQUAL(own.inside, 1);
  CHECK_STATUS(weft_set_log_hook(NULL, &unused, note_drop), WEFT_OK); /* without a hook, the call drops the context */
  CHECK_EQUAL(unused.times, 1);
  CHECK_EQUAL(unused.inside, 1);
  leave(&scope);
  CHECK_STATUS(weft_set_misuse_hook(NULL, NULL, NULL), WEFT_OK); /* called by the host: still dropped inside */
  CHECK_EQUAL(own.times, 2);
  CHECK_EQUAL(own.inside, 2);
  end_domain(domain);
}

/* The other way round: a plugin takes the host's hooks away, and sets none. */
static void hooks_that_a_plugin_takes_away(void) {
  dropped_t log = {0, 0}, misuse = {0, 0};
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  REQUIRE_OK(weft_set_log_hook(note_line, &log, note_drop));
  REQUIRE_OK(weft_set_misuse_hook(note_misuse, &misuse, note_drop));
  enter(domain, &scope);
  CHECK_STATUS(weft_set_log_hook(NULL, NULL, NULL), WEFT_OK);
  CHECK_STATUS(weft_set_misuse_hook(NULL, NULL, NULL), WEFT_OK);
  leave(&scope);
  check_dropped(&log, 1);
  check_dropped(&misuse, 1);
  end_domain(domain);
}

/* The other way round: what belongs to a domain is dropped inside it, on whichever thread that happens. */
static void what_a_domain_has_made_is_dropped_inside(void) {
  dropped_t dropped = {0, 0};
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *future = done_with_result(pool, domain, &dropped, note_drop);
  end_executor(pool);
  enter(NULL, &scope);
  weft_future_unref(future);
  leave(&scope);
  CHECK_EQUAL(dropped.times, 1);
  CHECK_EQUAL(dropped.inside, 1);
  end_domain(domain);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"the contexts of a pool", the_contexts_of_a_pool},
      {"results of tasks and promises", results_of_tasks_and_promises},
      {"payloads of errors", payloads_of_errors},
      {"timers and callbacks of tokens", timers_and_callbacks_of_tokens},
      {"callbacks of a promise that nobody keeps", callbacks_of_a_promise_that_nobody_keeps},
      {"items of a map", items_of_a_map},
      {"the hook of a runtime", the_hook_of_a_runtime},
      {"the hooks of the process", the_hooks_of_the_process},
      {"hooks that a plugin takes away", hooks_that_a_plugin_takes_away},
      {"what a domain has made is dropped inside", what_a_domain_has_made_is_dropped_inside},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
