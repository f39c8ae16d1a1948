/* Tests of domains: tasks of all kinds that belong to one. When a domain has been closed, nothing of it is left. */
#include "domain.h"

/* Opens the gate to show that it runs, then sleeps until it is asked to stop. */
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
  weft_task_options_t options;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  (void)type;
  weft_task_options_init(&options);
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
    map_options.tasks = &options;
    CHECK_STATUS(weft_executor_map(pool, &map_options, count_run, &item, 1, count_drop, &map), WEFT_ECLOSED);
    CHECK(map == UNTOUCHED(weft_map_t));
  }
  CHECK_EQUAL(count_of(&count), 0);
  weft_domain_unref(domain);
  end_executor(pool);
}

/* A task of the domain that tries every call while another thread closes the domain. */
typedef struct trial {
  gate_t running;
  weft_executor_t *pool;
  weft_future_t *promise;
  weft_cancel_token_t *token;
  weft_domain_t *domain;
  weft_group_t *group;
  int count;
} trial_t;

static weft_status count_in_room(void *room, weft_error_t **error) {
  (void)error;
  ++**(int **)room;
  return WEFT_OK;
}

static const weft_task_type_t counting = {
    sizeof counting, WEFT_TASK_POSTED, sizeof(int *), 0, count_in_room, NULL, NULL};

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
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED); /* now the domain is closed */
  CHECK_STATUS(weft_executor_submit(trial->pool, NULL, count_run, count, count_drop, &future), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_post(trial->pool, NULL, count_run, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_post_after(trial->pool, 0, NULL, count_run, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_spawn(trial->group, NULL, count_run, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_spawn_value(trial->group, NULL, &counting, &count, sizeof count), WEFT_ECLOSED);
  CHECK_STATUS(weft_future_add_done_callback(trial->promise, hear_future, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(
      weft_future_then(trial->promise, trial->pool, WEFT_THEN_ALWAYS, NULL, then_count, count, count_drop, &future),
      WEFT_ECLOSED);
  CHECK_STATUS(weft_cancel_token_on_cancel(trial->token, hear_cancel, count, count_drop, &registration), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_create(trial->pool, NULL, count_run, count, count_drop, &timer), WEFT_ECLOSED);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, run_nothing_hook, count, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_domain_close(trial->domain, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK(future == UNTOUCHED(weft_future_t) && timer == UNTOUCHED(weft_timer_t));
  return WEFT_OK;
}

static void what_runs_can_give_it_nothing_more(void) {
  trial_t trial = {.running = GATE_CLOSED};
  weft_task_options_t options;
  weft_future_t *future = NULL;
  trial.pool = make_pool(2);
  trial.promise = make_promise(NULL);
  trial.domain = make_domain();
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &trial.token));
  REQUIRE_OK(weft_group_create(trial.pool, NULL, &trial.group));
  weft_task_options_init(&options);
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

static void delayed_tasks_and_continuations_are_cancelled(void) {
  int drops = 0;
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_future_t *promise = make_promise(NULL), *delayed = NULL, *then = NULL, *here = NULL;
  enter(domain, &scope);
  REQUIRE_OK(weft_executor_submit_after(pool, WEFT_FOREVER, NULL, count_run, &drops, count_drop, &delayed));
  REQUIRE_OK(weft_executor_post_after(pool, 3600 * WEFT_SECOND, NULL, count_run, &drops, count_drop));
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
  CHECK_STATUS(weft_group_spawn(trial->group, NULL, count_run, &trial->count, count_drop), WEFT_OK);
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
  REQUIRE_OK(weft_group_spawn(group, NULL, spawn_and_sleep, &trial, NULL));
  leave(&scope);
  gate_await(&trial.running, 1);
  end_domain(trial.domain);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_group_wait(trial.group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_EQUAL(count_of(&trial.count), 1); /* dropped by the close, because the only worker was busy */
  weft_group_unref(group);
  weft_group_unref(trial.group);
  end_executor(trial.pool);
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
      {"delayed tasks and continuations are cancelled", delayed_tasks_and_continuations_are_cancelled},
      {"spawned tasks belong to it", spawned_tasks_belong_to_it},
      {"NULL is answered", null_is_answered},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
