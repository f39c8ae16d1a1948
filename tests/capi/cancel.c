/* Tests of cancel tokens: what is given to one and called off with it, trees, deadlines, callbacks. */
#include "setup.h"

static weft_cancel_token_t *make_token(weft_cancel_token_t *parent) {
  weft_cancel_token_t *token = NULL;
  CHECK_STATUS(weft_cancel_token_create(parent, WEFT_FOREVER, &token), WEFT_OK);
  return token;
}

static weft_submit_options_t with(weft_cancel_token_t *token) {
  weft_submit_options_t options;
  weft_submit_options_init(&options);
  options.token = token;
  return options;
}

static weft_future_t *submit_with(weft_executor_t *executor, weft_cancel_token_t *token, weft_task_fn fn, void *ctx,
                                  weft_drop_fn drop) {
  weft_submit_options_t options = with(token);
  weft_future_t *future = NULL;
  CHECK_STATUS(weft_executor_submit(executor, &options, fn, ctx, drop, &future), WEFT_OK);
  return future;
}

/* Says at the gate that it runs, then sleeps until it is asked to stop. */
static weft_status sleep_until_stopped(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_open((gate_t *)ctx); /* it holds nobody, but tells that we are here */
  gate_pass((gate_t *)ctx);
  return weft_sleep(WEFT_FOREVER) == WEFT_EINTERRUPTED && weft_stop_requested() == 1 ? WEFT_OK : 1;
}

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
  weft_submit_options_t options = with(token);
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
  map_options.token = token;
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
  weft_submit_options_t options = with(token);
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
  weft_submit_options_t options = with(token);
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
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL;
  size_t i;
  weft_map_options_init(&options);
  options.token = token;
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
  REQUIRE_OK(weft_group_spawn(group, sleep_until_stopped, &gate, NULL));
  gate_await(&gate, 1);
  REQUIRE_OK(weft_group_spawn(group, count_run, &count, NULL));
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

static weft_status run_room(void *room, weft_error_t **error) {
  (void)error;
  count_drop(*(int **)room);
  return WEFT_OK;
}
static void drop_room(void *room) {
  **(int **)room += 10;
}

static weft_task_t *make_task(const weft_task_type_t *type, weft_cancel_token_t *token, int *count) {
  weft_task_options_t options;
  weft_task_t *task = NULL;
  weft_task_options_init(&options);
  options.token = token;
  options.priority = WEFT_PRIORITY_HIGH;
  if (CHECK_STATUS(weft_task_create_with(type, &options, &task), WEFT_OK)) *(int **)weft_task_room(task) = count;
  return task;
}

static void tasks_with_room_belong_to_tokens(void) {
  static const weft_task_type_t wide = {sizeof wide, 0, 8, 256, run_room, drop_room, NULL};
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, 8, 0, run_room, drop_room, NULL};
  int counts[4] = {0};
  weft_executor_t *executor = make_caller_run(), *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options;
  weft_task_t *task = make_task(&wide, token, &counts[0]), *out = UNTOUCHED(weft_task_t);
  weft_future_t *future = NULL;
  weft_group_t *group = NULL;
  CHECK_EQUAL((uintptr_t)weft_task_room(task) % 256, 0);
  REQUIRE_OK(weft_executor_submit_task(executor, task, &future));
  task = make_task(&posted, token, &counts[1]);
  REQUIRE_OK(weft_executor_submit_task(executor, task, NULL));
  CHECK_STATUS(weft_executor_run(executor, 1, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_RESULT);
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  task = make_task(&posted, token, &counts[2]);
  REQUIRE_OK(weft_group_spawn_task(group, task));
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  task = make_task(&posted, token, &counts[3]);
  CHECK_STATUS(weft_executor_submit_task(executor, task, NULL), WEFT_ECANCELED);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_ECANCELED);
  weft_task_destroy(&task);
  CHECK_EQUAL(counts[0], 1);
  CHECK_EQUAL(counts[1], 10);
  CHECK_EQUAL(counts[2], 1);
  CHECK_EQUAL(counts[3], 0);
  weft_task_options_init(&options);
  options.priority = 3;
  CHECK_STATUS(weft_task_create_with(&wide, &options, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_task_create_with(NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_task_create_with(&wide, NULL, NULL), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_task_t));
  REQUIRE_OK(weft_task_create_with(&wide, NULL, &out));
  weft_task_destroy(&out);
  weft_group_unref(group);
  weft_future_unref(future);
  weft_cancel_token_unref(token);
  weft_executor_unref(executor);
  end_executor(pool);
}

/* Two spawned tasks with one token: one runs, and hears of it through its own word and not through the group's. */
static void spawned_tasks_are_called_off_one_by_one(void) {
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, 8, 0, run_room, drop_room, NULL};
  gate_t gate = GATE_CLOSED;
  int count = 0, other = 0;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_future_t *running = occupy_worker(pool, &gate);
  weft_group_t *group = NULL;
  weft_task_t *task = NULL;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_group_spawn_task(group, make_task(&posted, token, &count)));
  REQUIRE_OK(weft_task_create(&posted, &task));
  *(int **)weft_task_room(task) = &other;
  REQUIRE_OK(weft_group_spawn_task(group, task));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_EQUAL(count, 10);
  gate_open(&gate);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_EQUAL(other, 1);
  weft_group_unref(group);
  end_future(running);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static weft_status sleep_in_room(void *room, weft_error_t **error) {
  void *result = NULL;
  return sleep_until_stopped(*(void **)room, &result, error);
}

static void a_running_spawned_task_is_asked_to_stop(void) {
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, 8, 0, sleep_in_room, NULL, NULL};
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool(2);
  weft_cancel_token_t *token = make_token(NULL);
  weft_group_t *group = NULL;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_group_spawn_task(group, make_task(&posted, token, (int *)(void *)&gate)));
  gate_await(&gate, 1);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

/* --- trees --- */

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
  int64_t before = now_ns(), after;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = NULL;
  weft_future_t *future;
  REQUIRE_OK(weft_cancel_token_create(NULL, 20 * WEFT_MILLISECOND, &token));
  CHECK(weft_cancel_token_deadline(token) >= before + 20 * WEFT_MILLISECOND);
  future = submit_with(pool, token, sleep_until_stopped, &gate, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  after = now_ns();
  CHECK(after >= before + 20 * WEFT_MILLISECOND);
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
  weft_status answer; /* of a removal inside */
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

/* Whoever cancels is the only one who could end the second future: it is decided before the first callback runs. */
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

/* --- inside a task, and one future --- */

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
      {"tasks with room belong to tokens", tasks_with_room_belong_to_tokens},
      {"spawned tasks are called off one by one", spawned_tasks_are_called_off_one_by_one},
      {"a running spawned task is asked to stop", a_running_spawned_task_is_asked_to_stop},
      {"a parent cancels all below it", a_parent_cancels_all_below_it},
      {"a long chain needs no stack", a_long_chain_needs_no_stack},
      {"a deadline cancels by itself and never early", a_deadline_cancels_by_itself_and_never_early},
      {"the earlier deadline counts", the_earlier_deadline_counts},
      {"callbacks are called once and dropped", callbacks_are_called_once_and_dropped},
      {"a callback on a cancelled token runs at once", a_callback_on_a_cancelled_token_runs_at_once},
      {"a removed callback is dropped and not called", a_removed_callback_is_dropped_and_not_called},
      {"all is decided before the first callback", all_is_decided_before_the_first_callback},
      {"a task finds its token", a_task_finds_its_token},
      {"cancel_or_stop says what happened", cancel_or_stop_says_what_happened},
      {"NULL is answered", null_is_answered},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
