/* Tests of domains: what belongs to one, and that nothing of it is left when it has been closed. */
#include "setup.h"

static weft_domain_t *make_domain(void) {
  weft_domain_t *domain = NULL;
  CHECK_STATUS(weft_domain_create(NULL, NULL, &domain), WEFT_OK);
  return domain;
}

/* Closes it, and nothing may be left. */
static void end_domain(weft_domain_t *domain) {
  CHECK_STATUS(weft_domain_close(domain, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 0);
  CHECK_EQUAL(weft_domain_is_closed(domain), 1);
  weft_domain_unref(domain);
}

static void enter(weft_domain_t *domain, weft_domain_scope_t *scope) {
  CHECK_STATUS(weft_domain_enter(domain, scope), WEFT_OK);
}

static void leave(weft_domain_scope_t *scope) {
  CHECK_STATUS(weft_domain_leave(scope), WEFT_OK);
}

/* Says at the gate that it runs, then sleeps until it is asked to stop. */
static weft_status sleep_until_stopped(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_open((gate_t *)ctx);
  gate_pass((gate_t *)ctx);
  return weft_sleep(WEFT_FOREVER) == WEFT_EINTERRUPTED && weft_stop_requested() == 1 ? WEFT_OK : 1;
}

static void pending_tasks_are_cancelled_and_running_ones_stopped(void) {
  probe_t pending = {0};
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool(2), *later = make_caller_run();
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *first, *second, *outside;
  enter(domain, &scope);
  CHECK(weft_domain_current() == domain);
  first = submit(later, probe_run, &pending, probe_drop);
  second = submit(pool, sleep_until_stopped, &gate, NULL);
  leave(&scope);
  outside = submit(later, return_ctx, NULL, NULL);
  CHECK(weft_domain_current() == NULL);
  gate_await(&gate, 1);
  CHECK_EQUAL(weft_domain_count(domain), 2);
  end_domain(domain);
  CHECK_EQUAL(weft_future_state(first), WEFT_FUTURE_CANCELLED);
  CHECK_EQUAL(probe_drops(&pending), 1);
  CHECK_STATUS(weft_future_result(second, 0, NULL), WEFT_OK);
  CHECK_EQUAL(weft_future_state(outside), WEFT_FUTURE_PENDING);
  CHECK_STATUS(weft_executor_run(later, 0, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_EQUAL(probe_runs(&pending), 0);
  CHECK_EQUAL(weft_future_state(outside), WEFT_FUTURE_RESULT);
  weft_future_unref(first);
  weft_future_unref(second);
  weft_future_unref(outside);
  weft_executor_unref(later);
  end_executor(pool);
}

static weft_status then_count(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)source;
  return count_run(ctx, result, error);
}

static void hear_future(void *ctx, weft_future_t *future) {
  (void)future;
  count_drop(ctx);
}

static void run_nothing_hook(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)thread;
  (void)error;
  count_drop(ctx);
}

static void hear_cancel(void *ctx) {
  count_drop(ctx);
}

static void a_closed_domain_takes_nothing(void) {
  static const weft_task_type_t type = {sizeof type, WEFT_TASK_POSTED, 8, 0, NULL, NULL, NULL};
  int count = 0;
  void *item = &count;
  weft_call_t call = {count_run, &count, count_drop};
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope, other = {{0}};
  weft_submit_options_t options;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  (void)type;
  weft_submit_options_init(&options);
  options.domain = domain;
  end_domain(weft_domain_ref(domain));
  CHECK_STATUS(weft_domain_enter(domain, &scope), WEFT_ECLOSED);
  CHECK_STATUS(weft_domain_leave(&other), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_executor_submit(pool, &options, count_run, &count, count_drop, &future), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_submit_batch(pool, &options, &call, 1, NULL), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_submit_after(pool, 0, &options, count_run, &count, count_drop, &future), WEFT_ECLOSED);
  CHECK(future == UNTOUCHED(weft_future_t));
  {
    weft_map_options_t map_options;
    weft_map_options_init(&map_options);
    map_options.domain = domain;
    CHECK_STATUS(weft_executor_map(pool, &map_options, count_run, &item, 1, count_drop, &map), WEFT_ECLOSED);
    CHECK(map == UNTOUCHED(weft_map_t));
  }
  CHECK_EQUAL(count_of(&count), 0);
  weft_domain_unref(domain);
  end_executor(pool);
}

/* A task of the domain that tries everything while the domain is being closed around it. */
typedef struct trial {
  gate_t running;
  weft_executor_t *pool;
  weft_future_t *promise;
  weft_cancel_token_t *token;
  weft_domain_t *domain;
  weft_group_t *group;
  int count;
} trial_t;

static weft_status try_all(void *ctx, void **result, weft_error_t **error) {
  trial_t *trial = (trial_t *)ctx;
  int *count = &trial->count;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_timer_t *timer = UNTOUCHED(weft_timer_t);
  weft_cancel_registration_t *registration = UNTOUCHED(weft_cancel_registration_t);
  (void)result;
  (void)error;
  gate_open(&trial->running);
  gate_pass(&trial->running);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED); /* now it is closed */
  CHECK_STATUS(weft_executor_submit(trial->pool, NULL, count_run, count, count_drop, &future), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_post(trial->pool, count_run, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_post_after(trial->pool, 0, count_run, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_spawn(trial->group, count_run, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_future_add_done_callback(trial->promise, hear_future, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(
      weft_future_then(trial->promise, trial->pool, WEFT_THEN_ALWAYS, NULL, then_count, count, count_drop, &future),
      WEFT_ECLOSED);
  CHECK_STATUS(weft_cancel_token_on_cancel(trial->token, hear_cancel, count, count_drop, &registration), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_create(trial->pool, count_run, count, count_drop, &timer), WEFT_ECLOSED);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, run_nothing_hook, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_domain_close(trial->domain, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK(future == UNTOUCHED(weft_future_t) && timer == UNTOUCHED(weft_timer_t));
  return WEFT_OK;
}

static void what_runs_can_give_it_nothing_more(void) {
  trial_t trial = {.running = GATE_CLOSED};
  weft_submit_options_t options;
  weft_future_t *future = NULL;
  trial.pool = make_pool(2);
  trial.promise = make_promise(NULL);
  trial.domain = make_domain();
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &trial.token));
  REQUIRE_OK(weft_group_create(trial.pool, NULL, &trial.group));
  weft_submit_options_init(&options);
  options.domain = trial.domain;
  REQUIRE_OK(weft_executor_submit(trial.pool, &options, try_all, &trial, NULL, &future));
  gate_await(&trial.running, 1);
  end_domain(weft_domain_ref(trial.domain));
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_OK);
  CHECK_EQUAL(trial.count, 0);
  weft_future_unref(future);
  weft_group_unref(trial.group);
  weft_cancel_token_unref(trial.token);
  weft_domain_unref(trial.domain);
  weft_future_unref(trial.promise);
  end_executor(trial.pool);
}

static void callbacks_on_foreign_futures_are_withdrawn(void) {
  int heard = 0, dropped = 0, before = 0;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise = make_promise(NULL), *done = make_promise(NULL), *gone = make_promise(NULL);
  CHECK_STATUS(weft_future_set_result(done, NULL), WEFT_OK);
  REQUIRE_OK(weft_future_add_done_callback(promise, hear_future, &before, NULL)); /* the host's */
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
  REQUIRE_OK(weft_timer_create(pool, count_run, &ticks, count_drop, &idle));
  REQUIRE_OK(weft_timer_create(pool, tick_at_gate, &gate, NULL, &busy));
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

static void delayed_tasks_and_continuations_are_cancelled(void) {
  int drops = 0;
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise = make_promise(NULL), *delayed = NULL, *then = NULL, *here = NULL;
  enter(domain, &scope);
  REQUIRE_OK(weft_executor_submit_after(pool, WEFT_FOREVER, NULL, count_run, &drops, count_drop, &delayed));
  REQUIRE_OK(weft_executor_post_after(pool, 3600 * WEFT_SECOND, count_run, &drops, count_drop));
  REQUIRE_OK(weft_future_then(promise, pool, WEFT_THEN_ALWAYS, NULL, then_count, &drops, count_drop, &then));
  REQUIRE_OK(weft_future_then(promise, NULL, WEFT_THEN_RESULT, NULL, then_count, &drops, count_drop, &here));
  leave(&scope);
  end_domain(domain);
  CHECK_EQUAL(count_of(&drops), 4);
  CHECK_EQUAL(weft_future_cancelled(delayed) + weft_future_cancelled(then) + weft_future_cancelled(here), 3);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  weft_future_unref(delayed);
  weft_future_unref(then);
  weft_future_unref(here);
  weft_future_unref(promise);
  end_executor(pool);
  CHECK_EQUAL(count_of(&drops), 4);
}

static weft_status spawn_and_sleep(void *ctx, void **result, weft_error_t **error) {
  trial_t *trial = (trial_t *)ctx;
  (void)result;
  (void)error;
  CHECK(weft_domain_current() == trial->domain); /* inherited */
  CHECK_STATUS(weft_group_spawn(trial->group, count_run, &trial->count, count_drop), WEFT_OK);
  gate_open(&trial->running);
  gate_pass(&trial->running);
  return weft_sleep(WEFT_FOREVER) == WEFT_EINTERRUPTED ? WEFT_OK : 1;
}

static void spawned_tasks_belong_to_it(void) {
  trial_t trial = {.running = GATE_CLOSED};
  weft_domain_scope_t scope;
  weft_group_t *group = NULL;
  trial.pool = make_pool(1);
  trial.domain = make_domain();
  REQUIRE_OK(weft_group_create(trial.pool, NULL, &trial.group));
  REQUIRE_OK(weft_group_create(trial.pool, NULL, &group));
  enter(trial.domain, &scope);
  REQUIRE_OK(weft_group_spawn(group, spawn_and_sleep, &trial, NULL));
  leave(&scope);
  gate_await(&trial.running, 1);
  end_domain(trial.domain);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_group_wait(trial.group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_EQUAL(count_of(&trial.count), 1); /* dropped by the close, for the only worker was busy */
  weft_group_unref(group);
  weft_group_unref(trial.group);
  end_executor(trial.pool);
}

static weft_status return_heap(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = ctx;
  return WEFT_OK;
}

static void a_result_that_has_a_drop_counts(void) {
  int drops = 0;
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_submit_options_t options;
  weft_future_t *future = NULL;
  weft_submit_options_init(&options);
  options.domain = domain;
  options.result_drop = count_drop;
  REQUIRE_OK(weft_executor_submit(pool, &options, return_heap, &drops, NULL, &future));
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_domain_close(domain, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  end_executor(pool); /* the worker has let it go */
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
  weft_submit_options_t options;
  weft_future_t *future = NULL;
  weft_error_t *error = NULL;
  weft_submit_options_init(&options);
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
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL;
  weft_map_options_init(&options);
  options.domain = domain;
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
  REQUIRE_OK(weft_executor_post(pool, fail_plain, &code, NULL));
  end_executor(pool);
  CHECK_EQUAL(count_of(&heard), 1);
  end_domain(domain);
  CHECK_EQUAL(count_of(&heard), 2); /* its drop */
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK_EQUAL(count_of(&heard), 2);
}

/* --- inside and outside --- */

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
  enter(NULL, &out); /* outside, but the domain is still below */
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
  end_domain(domain); /* runs the drop of the pending one, which tries it, too */
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
  weft_submit_options_t options;
  weft_future_t *one = NULL, *two = NULL;
  pair[0] = pair[2] = make_domain();
  pair[1] = make_domain();
  weft_submit_options_init(&options);
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

/* A task without a domain that a task of one runs on its own stack, waiting for it. */
static void what_is_lent_is_outside(void) {
  gate_t gate = GATE_CLOSED;
  void *seen = UNTOUCHED(void);
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_submit_options_t options;
  weft_future_t *busy = occupy_worker(pool, &gate), *waiting = NULL, *outside;
  weft_submit_options_init(&options);
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

static void null_is_answered(void) {
  weft_domain_scope_t scope;
  weft_domain_options_t options;
  weft_domain_t *domain = UNTOUCHED(weft_domain_t);
  weft_domain_options_init(&options);
  options.reserved = 1;
  CHECK_STATUS(weft_domain_create(NULL, &options, &domain), WEFT_EINVAL);
  CHECK_STATUS(weft_domain_create(NULL, NULL, NULL), WEFT_EINVAL);
  CHECK(domain == UNTOUCHED(weft_domain_t));
  CHECK_STATUS(weft_domain_close(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_domain_is_closed(NULL), WEFT_EINVAL);
  CHECK_EQUAL(weft_domain_count(NULL), 0);
  CHECK_STATUS(weft_domain_enter(NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_domain_leave(NULL), WEFT_EINVAL);
  CHECK(weft_domain_ref(NULL) == NULL);
  weft_domain_unref(NULL);
  enter(NULL, &scope);
  leave(&scope);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"pending tasks are cancelled and running ones stopped", pending_tasks_are_cancelled_and_running_ones_stopped},
      {"a closed domain takes nothing", a_closed_domain_takes_nothing},
      {"what runs can give it nothing more", what_runs_can_give_it_nothing_more},
      {"callbacks on foreign futures are withdrawn", callbacks_on_foreign_futures_are_withdrawn},
      {"callbacks of tokens are withdrawn", callbacks_of_tokens_are_withdrawn},
      {"timers end though handles remain", timers_end_though_handles_remain},
      {"delayed tasks and continuations are cancelled", delayed_tasks_and_continuations_are_cancelled},
      {"spawned tasks belong to it", spawned_tasks_belong_to_it},
      {"a result that has a drop counts", a_result_that_has_a_drop_counts},
      {"an error with a payload counts", an_error_with_a_payload_counts},
      {"a map counts", a_map_counts},
      {"an exception hook goes with its domain", an_exception_hook_goes_with_its_domain},
      {"closing from inside is a status", closing_from_inside_is_a_status},
      {"a thread inside is waited for", a_thread_inside_is_waited_for},
      {"two that close each other do not hang", two_that_close_each_other_do_not_hang},
      {"what is lent is outside", what_is_lent_is_outside},
      {"NULL is answered", null_is_answered},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
