/* Tests of cancel tokens: what is submitted with a token, and called off with it. */
#include "cancel.h"

static void pending_tasks_are_cancelled_and_dropped_once(void) {
  probe_t probes[3] = {{0}};
  weft_future_t *futures[3];
  weft_executor_t *executor = make_caller_run();
  weft_cancel_token_t *token = make_token(NULL);
  size_t i;
  for (i = 0; i < 3; ++i) futures[i] = submit_with(executor, token, probe_run, &probes[i], probe_drop);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(token), 0);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_EDONE);
  CHECK_EQUAL(weft_cancel_token_is_cancelled(token), 1);
  for (i = 0; i < 3; ++i) {
    CHECK_EQUAL(weft_future_state(futures[i]), WEFT_FUTURE_CANCELLED);
    CHECK_EQUAL(probe_drops(&probes[i]), 1);
    weft_future_unref(futures[i]);
  }
  CHECK_STATUS(weft_executor_run(executor, 0, WEFT_FOREVER, NULL), WEFT_OK);
  for (i = 0; i < 3; ++i) CHECK_EQUAL(probe_runs(&probes[i]), 0);
  weft_cancel_token_unref(token);
  weft_executor_unref(executor);
}

static void a_running_task_is_asked_to_stop(void) {
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool(2);
  weft_cancel_token_t *token = make_token(NULL);
  weft_future_t *future = submit_with(pool, token, sleep_until_stopped, &gate, NULL);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(future);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static void what_has_ended_stays_as_it_is(void) {
  int runs = 0;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_future_t *future = submit_with(pool, token, count_run, &runs, NULL);
  void *result = NULL;
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, 0, &result), WEFT_OK);
  CHECK(result == &runs);
  weft_future_unref(future);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static void a_cancelled_token_takes_nothing(void) {
  probe_t probe = {0};
  weft_call_t call = {probe_run, &probe, probe_drop};
  void *item = &probe;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  weft_map_options_t map_options;
  weft_group_options_t group_options;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  weft_group_t *group = UNTOUCHED(weft_group_t);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_executor_submit(pool, &options, probe_run, &probe, probe_drop, &future), WEFT_ECANCELED);
  CHECK_STATUS(weft_executor_submit_batch(pool, &options, &call, 1, &future), WEFT_ECANCELED);
  CHECK_STATUS(weft_executor_submit_batch(pool, &options, &call, 1, NULL), WEFT_ECANCELED);
  CHECK_STATUS(weft_executor_submit_after(pool, 0, &options, probe_run, &probe, probe_drop, &future), WEFT_ECANCELED);
  weft_map_options_init(&map_options);
  map_options.tasks = &options;
  CHECK_STATUS(weft_executor_map(pool, &map_options, probe_run, &item, 1, probe_drop, &map), WEFT_ECANCELED);
  weft_group_options_init(&group_options);
  group_options.token = token;
  CHECK_STATUS(weft_group_create(pool, &group_options, &group), WEFT_ECANCELED);
  CHECK(future == UNTOUCHED(weft_future_t) && map == UNTOUCHED(weft_map_t) && group == UNTOUCHED(weft_group_t));
  CHECK_EQUAL(probe_drops(&probe), 0);
  weft_cancel_token_unref(token);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 0);
}

static weft_status then_count(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)source;
  return count_run(ctx, result, error);
}

static void a_linked_continuation_is_cancelled(void) {
  int runs = 0, drops = 0;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  weft_future_t *promise = make_promise(NULL), *then = NULL, *refused = UNTOUCHED(weft_future_t);
  REQUIRE_OK(weft_future_then(promise, pool, WEFT_THEN_ALWAYS, &options, then_count, &drops, count_drop, &then));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(then), 1);
  CHECK_EQUAL(count_of(&drops), 1);
  CHECK_STATUS(weft_future_then(promise, pool, WEFT_THEN_ALWAYS, &options, then_count, &runs, count_drop, &refused),
               WEFT_ECANCELED);
  CHECK(refused == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(count_of(&runs), 0);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  weft_future_unref(then);
  weft_future_unref(promise);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static void a_delayed_task_is_forgotten_at_once(void) {
  int drops = 0;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_executor_submit_after(pool, WEFT_FOREVER, &options, return_ctx, &drops, count_drop, &future));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(future), 1);
  CHECK_EQUAL(count_of(&drops), 1);
  weft_future_unref(future);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static void a_map_yields_what_is_left_as_cancelled(void) {
  int counts[3] = {0};
  void *items[3] = {&counts[0], &counts[1], &counts[2]};
  weft_executor_t *executor = make_caller_run();
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t each = with(token);
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL;
  size_t i;
  weft_map_options_init(&options);
  options.tasks = &each;
  options.buffer = 1;
  REQUIRE_OK(weft_executor_map(executor, &options, count_run, items, 3, count_drop, &map));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  for (i = 0; i < 3; ++i) {
    REQUIRE_OK(weft_map_next(map, &future));
    CHECK_EQUAL(weft_future_cancelled(future), 1);
    weft_future_unref(future);
  }
  CHECK_STATUS(weft_map_next(map, &future), WEFT_EEND);
  weft_map_destroy(&map);
  for (i = 0; i < 3; ++i) CHECK_EQUAL(count_of(&counts[i]), 1);
  weft_cancel_token_unref(token);
  weft_executor_unref(executor);
}

static void a_group_is_cancelled_with_its_token(void) {
  gate_t gate = GATE_CLOSED, busy = GATE_CLOSED;
  int count = 0;
  weft_executor_t *pool = make_pool(2);
  weft_cancel_token_t *token = make_token(NULL);
  weft_group_options_t options;
  weft_group_t *group = NULL;
  weft_future_t *other = occupy_worker(pool, &busy);
  weft_group_options_init(&options);
  options.token = token;
  REQUIRE_OK(weft_group_create(pool, &options, &group));
  REQUIRE_OK(weft_group_spawn(group, NULL, sleep_until_stopped, &gate, NULL));
  gate_await(&gate, 1);
  REQUIRE_OK(weft_group_spawn(group, NULL, count_run, &count, NULL));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_STATUS(weft_group_reset(group), WEFT_ECANCELED);
  CHECK_EQUAL(count_of(&count), 0);
  weft_group_unref(group);
  gate_open(&busy);
  end_future(other);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static weft_status look_around(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)error;
  *result = weft_cancel_token_current();
  return WEFT_OK;
}

static void a_task_finds_its_token(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_future_t *with_token = submit_with(pool, token, look_around, NULL, NULL);
  weft_future_t *without = submit(pool, look_around, NULL, NULL);
  void *result = NULL;
  CHECK_STATUS(weft_future_result(with_token, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == token);
  CHECK_STATUS(weft_future_result(without, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == NULL);
  CHECK(weft_cancel_token_current() == NULL);
  weft_future_unref(with_token);
  weft_future_unref(without);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static void cancel_or_stop_says_what_happened(void) {
  gate_t gate = GATE_CLOSED;
  uint32_t answer = 99;
  weft_executor_t *pool = make_pool(1);
  weft_future_t *running = submit(pool, sleep_until_stopped, &gate, NULL), *pending;
  gate_await(&gate, 1);
  pending = submit(pool, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_cancel_or_stop(pending, &answer), WEFT_OK);
  CHECK_EQUAL(answer, WEFT_CANCEL_REMOVED);
  CHECK_STATUS(weft_future_cancel_or_stop(running, &answer), WEFT_OK);
  CHECK_EQUAL(answer, WEFT_CANCEL_ASKED);
  CHECK_STATUS(weft_future_result(running, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_cancel_or_stop(running, &answer), WEFT_OK);
  CHECK_EQUAL(answer, WEFT_CANCEL_TOO_LATE);
  CHECK_STATUS(weft_future_cancel_or_stop(running, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_cancel_or_stop(NULL, &answer), WEFT_EINVAL);
  weft_future_unref(pending);
  weft_future_unref(running);
  end_executor(pool);
}

static void hear(void *ctx) {
  (void)ctx;
}

static void null_is_answered(void) {
  weft_cancel_token_t *token = make_token(NULL);
  weft_cancel_registration_t *registration = UNTOUCHED(weft_cancel_registration_t);
  CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_FOREVER, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_cancel_token_cancel(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_cancel_token_is_cancelled(NULL), WEFT_EINVAL);
  CHECK_EQUAL(weft_cancel_token_deadline(NULL), WEFT_FOREVER);
  CHECK_STATUS(weft_cancel_token_on_cancel(NULL, hear, NULL, NULL, &registration), WEFT_EINVAL);
  CHECK_STATUS(weft_cancel_token_on_cancel(token, NULL, NULL, NULL, &registration), WEFT_EINVAL);
  CHECK(registration == UNTOUCHED(weft_cancel_registration_t));
  CHECK(weft_cancel_token_ref(NULL) == NULL);
  weft_cancel_token_unref(NULL);
  weft_cancel_token_unref(token);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"pending tasks are cancelled and dropped once", pending_tasks_are_cancelled_and_dropped_once},
      {"a running task is asked to stop", a_running_task_is_asked_to_stop},
      {"what has ended stays as it is", what_has_ended_stays_as_it_is},
      {"a cancelled token takes nothing", a_cancelled_token_takes_nothing},
      {"a linked continuation is cancelled", a_linked_continuation_is_cancelled},
      {"a delayed task is forgotten at once", a_delayed_task_is_forgotten_at_once},
      {"a map yields what is left as cancelled", a_map_yields_what_is_left_as_cancelled},
      {"a group is cancelled with its token", a_group_is_cancelled_with_its_token},
      {"a task finds its token", a_task_finds_its_token},
      {"cancel_or_stop says what happened", cancel_or_stop_says_what_happened},
      {"NULL is answered", null_is_answered},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
