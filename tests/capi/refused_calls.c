/* Tests of every call that gives an executor something to run, now or later. All of them are refused alike if the pool
 * is shut down or broken, the token is cancelled, or the domain is closed. All arguments stay the caller's.
 */
#include <weft/continuation.h>
#include <weft/map.h>
#include <weft/task.h>
#include <weft/timer.h>

#include "cancel.h"
#include "domain.h"

/* Everything that the calls need, made before the refusal. */
typedef struct refused {
  weft_executor_t *pool;
  weft_task_options_t options;
  weft_group_t *group;
  weft_timer_t *timer;
  weft_task_t *task, *spawned;
  probe_t probe; /* of the tasks */
  probe_t ticks; /* of the timer */
} refused_t;

/* The room holds a pointer to a probe. */
static weft_status run_in_room(void *room, weft_error_t **error) {
  return probe_target(*(probe_t **)room, error);
}

static void drop_in_room(void *room) {
  probe_drop(*(probe_t **)room);
}

static const weft_task_type_t room_type = {
    sizeof(weft_task_type_t), 0, sizeof(probe_t *), 0, run_in_room, drop_in_room, NULL};
static const weft_task_type_t spawned_type = {
    sizeof(weft_task_type_t), WEFT_TASK_POSTED, sizeof(probe_t *), 0, run_in_room, drop_in_room, NULL};
static const weft_task_type_t follow_on_type = {
    sizeof(weft_task_type_t), WEFT_TASK_CONTINUATION, sizeof(probe_t *), 0, run_in_room, drop_in_room, NULL};

static weft_task_t *make_task(const weft_task_type_t *type, const weft_task_options_t *options, probe_t *probe) {
  weft_task_t *task = NULL;
  if (CHECK_STATUS(weft_task_create_with(type, options, &task), WEFT_OK)) *(probe_t **)weft_task_room(task) = probe;
  return task;
}

static void prepare(refused_t *it, weft_executor_t *pool, const weft_task_options_t *options) {
  memset(it, 0, sizeof *it);
  it->pool = pool;
  it->options = *options;
  it->task = make_task(&room_type, options, &it->probe);
  it->spawned = make_task(&spawned_type, options, &it->probe);
  CHECK_STATUS(weft_group_create(pool, NULL, &it->group), WEFT_OK);
  CHECK_STATUS(weft_timer_create(pool, options, probe_run, &it->ticks, probe_drop, &it->timer), WEFT_OK);
}

static void check_all_refuse(refused_t *it, weft_status expected) {
  const weft_task_options_t *options = &it->options;
  probe_t *probe = &it->probe;
  weft_call_t call = {probe_run, NULL, probe_drop};
  weft_map_options_t map_options;
  void *item = probe;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_timer_t *timer = UNTOUCHED(weft_timer_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  call.ctx = probe;
  weft_map_options_init(&map_options);
  map_options.tasks = options;
  CHECK_STATUS(weft_executor_submit(it->pool, options, probe_run, probe, probe_drop, &out), expected);
  CHECK_STATUS(weft_executor_post(it->pool, options, probe_run, probe, probe_drop), expected);
  CHECK_STATUS(weft_executor_submit_batch(it->pool, options, &call, 1, &out), expected);
  CHECK_STATUS(weft_executor_submit_task(it->pool, it->task, &out), expected);
  CHECK_STATUS(weft_executor_submit_tasks(it->pool, &it->task, 1, &out), expected);
  CHECK_STATUS(weft_executor_submit_value(it->pool, options, &room_type, &probe, sizeof probe, &out), expected);
  CHECK_STATUS(weft_executor_map(it->pool, &map_options, probe_run, &item, 1, probe_drop, &map), expected);
  CHECK_STATUS(weft_executor_submit_after(it->pool, 0, options, probe_run, probe, probe_drop, &out), expected);
  CHECK_STATUS(weft_executor_submit_at(it->pool, 0, options, probe_run, probe, probe_drop, &out), expected);
  CHECK_STATUS(weft_executor_post_after(it->pool, 0, options, probe_run, probe, probe_drop), expected);
  CHECK_STATUS(weft_executor_post_at(it->pool, 0, options, probe_run, probe, probe_drop), expected);
  CHECK_STATUS(weft_executor_submit_task_after(it->pool, 0, it->task, &out), expected);
  CHECK_STATUS(weft_group_spawn(it->group, options, probe_run, probe, probe_drop), expected);
  CHECK_STATUS(weft_group_spawn_task(it->group, it->spawned), expected);
  CHECK_STATUS(weft_group_spawn_value(it->group, options, &spawned_type, &probe, sizeof probe), expected);
  CHECK_STATUS(weft_timer_create(it->pool, options, probe_run, probe, probe_drop, &timer), expected);
  CHECK_STATUS(weft_timer_arm(it->timer, 0), expected);
  CHECK_STATUS(weft_timer_arm_at(it->timer, 0), expected);
  CHECK_STATUS(weft_timer_arm_every(it->timer, 0, 1, WEFT_MISSED_SKIP), expected);
  CHECK_STATUS(weft_timer_arm_every_at(it->timer, 0, 1, WEFT_MISSED_SKIP), expected);
  CHECK(out == UNTOUCHED(weft_future_t) && timer == UNTOUCHED(weft_timer_t) && map == UNTOUCHED(weft_map_t));
  CHECK(*(probe_t **)weft_task_room(it->task) == probe && *(probe_t **)weft_task_room(it->spawned) == probe);
  CHECK_STATUS(weft_timer_cancel(it->timer), WEFT_EDONE); /* the timer was not armed */
}

/* Ends the pool, and checks that nothing was run. */
static void check_that_nothing_came_of_it(refused_t *it) {
  weft_group_unref(it->group);
  weft_timer_unref(it->timer);
  end_executor(it->pool);
  CHECK_EQUAL(probe_runs(&it->ticks), 0);
  CHECK_EQUAL(probe_drops(&it->ticks), 1);
  weft_task_destroy(&it->task);
  weft_task_destroy(&it->spawned);
  CHECK_EQUAL(probe_runs(&it->probe) + probe_drops(&it->probe), 0);
}

static void a_pool_that_was_shut_down_takes_nothing(void) {
  weft_task_options_t options;
  refused_t it;
  weft_task_options_init(&options);
  prepare(&it, make_pool(1), &options);
  CHECK_STATUS(weft_executor_shutdown(it.pool, 0, 0), WEFT_OK);
  check_all_refuse(&it, WEFT_ESHUTDOWN);
  check_that_nothing_came_of_it(&it);
}

static weft_status refuse_to_begin(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 42;
}

static void a_broken_pool_takes_nothing(void) {
  weft_executor_options_t pool_options;
  weft_task_options_t options;
  weft_executor_t *pool = NULL;
  weft_future_t *first;
  refused_t it;
  weft_executor_options_init(&pool_options);
  pool_options.max_workers = 1;
  pool_options.initializer = refuse_to_begin;
  REQUIRE_OK(weft_executor_create(NULL, &pool_options, &pool));
  weft_task_options_init(&options);
  prepare(&it, pool, &options);
  first = submit(pool, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_result(first, WEFT_FOREVER, NULL), WEFT_EFAILED);
  weft_future_unref(first);
  check_all_refuse(&it, WEFT_EBROKEN);
  check_that_nothing_came_of_it(&it);
}

static void a_cancelled_token_takes_nothing(void) {
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  refused_t it;
  prepare(&it, make_pool(1), &options);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  check_all_refuse(&it, WEFT_ECANCELED);
  check_that_nothing_came_of_it(&it);
  weft_cancel_token_unref(token);
}

static void a_closed_domain_takes_nothing(void) {
  weft_domain_t *domain = make_domain();
  weft_task_options_t options;
  refused_t it;
  weft_task_options_init(&options);
  options.domain = domain;
  prepare(&it, make_pool(1), &options);
  CHECK_STATUS(weft_domain_close(domain, WEFT_FOREVER), WEFT_OK);
  check_all_refuse(&it, WEFT_ECLOSED);
  check_that_nothing_came_of_it(&it);
  weft_domain_unref(domain);
}

/* With and without an executor, before and after the source is done. */
static void check_continuations_refuse(const weft_task_options_t *options, weft_status expected) {
  weft_executor_t *pool = make_pool(1);
  weft_executor_t *on[2] = {NULL, NULL};
  weft_future_t *promise = make_promise(NULL), *out = UNTOUCHED(weft_future_t);
  probe_t probe = {0};
  weft_task_t *task = make_task(&follow_on_type, options, &probe);
  int i;
  on[1] = pool;
  for (i = 0; i < 2; ++i) CHECK_STATUS(weft_future_then_task(promise, on[i], WEFT_THEN_ALWAYS, task, &out), expected);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  for (i = 0; i < 2; ++i) CHECK_STATUS(weft_future_then_task(promise, on[i], WEFT_THEN_ALWAYS, task, &out), expected);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK(*(probe_t **)weft_task_room(task) == &probe);
  weft_future_unref(promise);
  end_executor(pool);
  weft_task_destroy(&task);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

static void a_continuation_is_refused_by_its_token(void) {
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  check_continuations_refuse(&options, WEFT_ECANCELED);
  weft_cancel_token_unref(token);
}

static void a_continuation_is_refused_by_its_domain(void) {
  weft_domain_t *domain = make_domain();
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.domain = domain;
  CHECK_STATUS(weft_domain_close(domain, WEFT_FOREVER), WEFT_OK);
  check_continuations_refuse(&options, WEFT_ECLOSED);
  weft_domain_unref(domain);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a pool that was shut down takes nothing", a_pool_that_was_shut_down_takes_nothing},
      {"a broken pool takes nothing", a_broken_pool_takes_nothing},
      {"a cancelled token takes nothing", a_cancelled_token_takes_nothing},
      {"a closed domain takes nothing", a_closed_domain_takes_nothing},
      {"a continuation is refused by its token", a_continuation_is_refused_by_its_token},
      {"a continuation is refused by its domain", a_continuation_is_refused_by_its_domain},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
