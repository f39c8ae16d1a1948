/* Tests of domains: a close waits for what will still call code of the domain: results, errors, maps, promises. */
#include "domain.h"

static weft_status return_heap(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = ctx;
  return WEFT_OK;
}

static void a_result_that_has_a_drop_counts(void) {
  int drops = 0;
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_task_options_init(&options);
  options.domain = domain;
  options.result_drop = count_drop;
  REQUIRE_OK(weft_executor_submit(pool, &options, return_heap, &drops, NULL, &future));
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_domain_close(domain, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  end_executor(pool); /* now the worker has given back its reference */
  weft_future_unref(future);
  CHECK_EQUAL(drops, 1);
  end_domain(domain);
}

static weft_status fail_foreign(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return weft_error_create_foreign(7, "Foreign", "of the plugin", "tag", ctx, count_drop, error);
}

static void an_error_with_a_payload_counts(void) {
  int drops = 0;
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_error_t *error = NULL;
  weft_task_options_init(&options);
  options.domain = domain;
  REQUIRE_OK(weft_executor_submit(pool, &options, fail_foreign, &drops, NULL, &future));
  CHECK_STATUS(weft_future_exception(future, WEFT_FOREVER, &error), WEFT_OK);
  weft_future_unref(future);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  end_executor(pool);
  CHECK_EQUAL(drops, 0);
  weft_error_unref(error);
  CHECK_EQUAL(drops, 1);
  end_domain(domain);
}

static void a_map_counts(void) {
  int counts[2] = {0};
  void *items[2] = {&counts[0], &counts[1]};
  weft_executor_t *executor = make_caller_run();
  weft_domain_t *domain = make_domain();
  weft_task_options_t each;
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL;
  weft_task_options_init(&each);
  each.domain = domain;
  weft_map_options_init(&options);
  options.tasks = &each;
  options.buffer = 1;
  REQUIRE_OK(weft_executor_map(executor, &options, count_run, items, 2, count_drop, &map));
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  REQUIRE_OK(weft_map_next(map, &future));
  CHECK_EQUAL(weft_future_cancelled(future), 1);
  weft_future_unref(future);
  REQUIRE_OK(weft_map_next(map, &future));
  CHECK_EQUAL(weft_future_cancelled(future), 1);
  weft_future_unref(future);
  weft_map_destroy(&map);
  CHECK_EQUAL(counts[0] + counts[1], 2);
  end_domain(domain);
  weft_executor_unref(executor);
}

/* --- promises --- */

static void hear(void *ctx, weft_future_t *future) {
  CHECK_EQUAL(weft_future_cancelled(future), 1);
  count_drop(ctx);
}

static void a_pending_promise_is_cancelled(void) {
  int heard = 0, drops = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise, *given_up, *room = NULL;
  enter(domain, &scope);
  promise = make_promise(count_drop);
  given_up = make_promise(count_drop);
  REQUIRE_OK(weft_future_create_room(8, 0, count_drop, &room));
  leave(&scope);
  REQUIRE_OK(weft_future_add_done_callback(promise, hear, &heard, NULL)); /* belongs to the host */
  weft_future_unref(given_up);
  CHECK_EQUAL(weft_domain_count(domain), 3);
  end_domain(domain);
  CHECK_EQUAL(weft_future_cancelled(promise), 1);
  CHECK_EQUAL(weft_future_cancelled(room), 1);
  CHECK_EQUAL(count_of(&heard), 1);
  CHECK_STATUS(weft_future_set_result(promise, &drops), WEFT_ECANCELED);
  weft_future_unref(promise);
  weft_future_unref(room);
  CHECK_EQUAL(count_of(&drops), 0);
}

static void a_kept_promise_counts_while_its_drop_is_to_come(void) {
  int drops = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *dropped, *plain;
  enter(domain, &scope);
  dropped = make_promise(count_drop);
  plain = make_promise(NULL);
  leave(&scope);
  CHECK_STATUS(weft_future_set_result(plain, &drops), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  CHECK_STATUS(weft_future_set_result(dropped, &drops), WEFT_OK);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  weft_future_unref(dropped);
  CHECK_EQUAL(drops, 1);
  end_domain(domain);
  weft_future_unref(plain);
}

static void a_running_promise_is_its_makers(void) {
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise;
  enter(domain, &scope);
  promise = make_promise(NULL);
  leave(&scope);
  CHECK_STATUS(weft_future_set_running(promise), WEFT_OK);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  end_domain(domain);
  CHECK_EQUAL(weft_future_state(promise), WEFT_FUTURE_RESULT);
  weft_future_unref(promise);
}

static void a_closed_domain_takes_no_promise(void) {
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise = UNTOUCHED(weft_future_t);
  enter(domain, &scope);
  close_elsewhere(domain);
  CHECK_STATUS(weft_future_create(count_drop, &promise), WEFT_ECLOSED);
  CHECK_STATUS(weft_future_create_room(8, 0, NULL, &promise), WEFT_ECLOSED);
  CHECK(promise == UNTOUCHED(weft_future_t));
  leave(&scope);
  end_domain(domain);
}

typedef struct slow_close {
  weft_domain_t *domain;
  gate_t in_drop;
  int drops;
} slow_close_t;

static void drop_at_gate(void *ctx) {
  gate_pass(&((slow_close_t *)ctx)->in_drop);
}

static weft_status close_for_good(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_domain_close(((slow_close_t *)ctx)->domain, WEFT_FOREVER), WEFT_OK);
  return WEFT_OK;
}

/* The worker comes to the cancelled task of the group while the closing thread is still busy with the drop of another
 * task. */
static void a_group_waits_for_the_drops_of_what_was_closed(void) {
  slow_close_t trial = {NULL, GATE_CLOSED, 0};
  gate_t held = GATE_CLOSED;
  weft_executor_t *pool = make_pool(1);
  weft_domain_scope_t scope;
  weft_group_t *group = NULL;
  weft_future_t *passed = NULL;
  weft_thread_t *closing;
  trial.domain = make_domain();
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_executor_post(pool, NULL, pass_gate, &held, NULL));
  enter(trial.domain, &scope);
  REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &trial, drop_at_gate));
  REQUIRE_OK(weft_group_spawn(group, NULL, count_run, &trial.drops, count_drop));
  leave(&scope);
  closing = start_thread(NULL, WEFT_DAEMON_NO, close_for_good, &trial, NULL);
  gate_await(&trial.in_drop, 1);
  gate_open(&held);
  REQUIRE_OK(weft_executor_submit(pool, NULL, pass_gate, &held, NULL, &passed));
  CHECK_STATUS(weft_future_wait(passed, WEFT_FOREVER), WEFT_OK); /* so the worker came to the group's task first */
  CHECK_EQUAL(count_of(&trial.drops), 0);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_ETIMEDOUT);
  gate_open(&trial.in_drop);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_EQUAL(count_of(&trial.drops), 1);
  end_thread(closing);
  weft_future_unref(passed);
  weft_group_unref(group);
  end_domain(trial.domain);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a result that has a drop counts", a_result_that_has_a_drop_counts},
      {"an error with a payload counts", an_error_with_a_payload_counts},
      {"a map counts", a_map_counts},
      {"a pending promise is cancelled", a_pending_promise_is_cancelled},
      {"a kept promise counts while its drop is to come", a_kept_promise_counts_while_its_drop_is_to_come},
      {"a running promise is its maker's", a_running_promise_is_its_makers},
      {"a closed domain takes no promise", a_closed_domain_takes_no_promise},
      {"a group waits for the drops of what was closed", a_group_waits_for_the_drops_of_what_was_closed},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
