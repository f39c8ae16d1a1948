/* Tests of weft/task_options.h: the name of a task wherever it can be given, and what is refused instead of ignored. */
#include <weft/task_options.h>

#include "cancel.h"

static weft_task_options_t named(const char *name) {
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.name = name;
  return options;
}

static weft_task_options_t ranked(void) {
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.priority = WEFT_PRIORITY_HIGH;
  return options;
}

static weft_task_options_t with_drop(weft_drop_fn drop) {
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.result_drop = drop;
  return options;
}

/* Stores the name of the task that calls it. */
static weft_status note_name(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  __atomic_store_n((const char **)ctx, weft_task_name(), __ATOMIC_RELEASE); /* the main thread may read it meanwhile */
  return WEFT_OK;
}

static weft_status note_name_of_continuation(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  (void)done;
  return note_name(ctx, result, error);
}

static weft_status note_name_in_room(void *room, weft_error_t **error) {
  return note_name(*(void **)room, NULL, error);
}

static void the_task_knows_its_name_however_it_was_made(void) {
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, sizeof(void *), 0, note_name_in_room, NULL,
                                          NULL};
  weft_executor_t *pool = make_pool(1);
  weft_task_options_t options = named("fetch");
  const char *seen[10] = {NULL};
  void *item = &seen[3];
  void *room = &seen[6];
  weft_call_t call = {note_name, &seen[2], NULL};
  weft_map_options_t map_options;
  weft_map_t *map = NULL;
  weft_group_t *group = NULL;
  weft_timer_t *timer = NULL;
  weft_future_t *future = NULL;
  size_t i;
  REQUIRE_OK(weft_executor_submit(pool, &options, note_name, &seen[0], NULL, &future));
  end_future(future);
  REQUIRE_OK(weft_executor_post(pool, &options, note_name, &seen[1], NULL));
  REQUIRE_OK(weft_executor_submit_batch(pool, &options, &call, 1, NULL));
  weft_map_options_init(&map_options);
  map_options.tasks = &options;
  REQUIRE_OK(weft_executor_map(pool, &map_options, note_name, &item, 1, NULL, &map));
  REQUIRE_OK(weft_map_next(map, &future));
  weft_future_unref(future);
  weft_map_destroy(&map);
  REQUIRE_OK(weft_executor_submit_after(pool, 1, &options, note_name, &seen[4], NULL, &future));
  end_future(future);
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_group_spawn(group, &options, note_name, &seen[5], NULL));
  REQUIRE_OK(weft_group_spawn_value(group, &options, &posted, &room, sizeof room));
  REQUIRE_OK(weft_group_wait(group, WEFT_FOREVER));
  REQUIRE_OK(weft_group_then(group, pool, &options, note_name, &seen[7], NULL));
  weft_group_unref(group);
  future = submit(pool, return_ctx, NULL, NULL);
  {
    weft_future_t *next = NULL;
    REQUIRE_OK(
        weft_future_then(future, pool, WEFT_THEN_ALWAYS, &options, note_name_of_continuation, &seen[8], NULL, &next));
    end_future(next);
  }
  weft_future_unref(future);
  REQUIRE_OK(weft_timer_create(pool, &options, note_name, &seen[9], NULL, &timer));
  REQUIRE_OK(weft_timer_arm(timer, 0));
  while (__atomic_load_n(&seen[9], __ATOMIC_ACQUIRE) == NULL) sched_yield();
  REQUIRE_OK(weft_timer_close(timer, WEFT_FOREVER));
  weft_timer_unref(timer);
  end_executor(pool);
  for (i = 0; i < CHECK_COUNT_OF(seen); ++i)
    if (!CHECK(seen[i] == options.name)) printf("# way %zu\n", i);
}

static weft_status note_names_around_a_wait(void *ctx, void **result, weft_error_t **error) {
  const char **seen = (const char **)ctx;
  weft_executor_t *pool = weft_executor_current();
  weft_task_options_t options = named("inner");
  weft_future_t *future = NULL;
  seen[0] = weft_task_name();
  if (weft_executor_submit(pool, &options, note_name, &seen[1], NULL, &future) != WEFT_OK) return 1;
  weft_future_wait(future, WEFT_FOREVER); /* the only worker runs it in this wait */
  weft_future_unref(future);
  return note_name(&seen[2], result, error);
}

static void the_innermost_task_counts(void) {
  weft_executor_t *pool = make_pool(1);
  weft_task_options_t options = named("outer");
  const char *seen[3] = {NULL};
  const char *of_unnamed = "";
  weft_future_t *future = NULL;
  CHECK(weft_task_name() == NULL);
  REQUIRE_OK(weft_executor_submit(pool, &options, note_names_around_a_wait, seen, NULL, &future));
  end_future(future);
  end_future(submit(pool, note_name, &of_unnamed, NULL));
  end_executor(pool);
  CHECK_TEXT(seen[0], "outer");
  CHECK_TEXT(seen[1], "inner");
  CHECK_TEXT(seen[2], "outer");
  CHECK(of_unnamed == NULL);
}

static weft_status intern(void *ctx, void **result, weft_error_t **error) {
  char text[32];
  const char **seen = (const char **)ctx;
  int i;
  (void)result;
  (void)error;
  for (i = 0; i < 100; ++i) {
    snprintf(text, sizeof text, "name %d", i);
    seen[i] = weft_name(text);
  }
  return WEFT_OK;
}

static void equal_names_are_one(void) {
  static const char *seen[4][100];
  weft_executor_t *pool = make_pool(4);
  weft_future_t *futures[4];
  int i, j;
  CHECK(weft_name(NULL) == NULL);
  CHECK_TEXT(weft_name(""), "");
  for (i = 0; i < 4; ++i) futures[i] = submit(pool, intern, seen[i], NULL);
  for (i = 0; i < 4; ++i) end_future(futures[i]);
  end_executor(pool);
  for (j = 0; j < 100; ++j) {
    char text[32];
    snprintf(text, sizeof text, "name %d", j);
    CHECK_TEXT(seen[0][j], text);
    for (i = 1; i < 4; ++i) CHECK(seen[i][j] == seen[0][j]);
    CHECK(j == 0 || seen[0][j] != seen[0][j - 1]);
  }
}

typedef struct told {
  const char *name;
  int calls; /* atomic */
  int named;
} told_t;

static void note_name_in_hook(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  told_t *told = (told_t *)ctx;
  (void)thread;
  (void)error;
  told->name = weft_task_name();
  if (told->name != NULL) ++told->named;
  __atomic_add_fetch(&told->calls, 1, __ATOMIC_ACQ_REL);
}

static weft_status fail(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return 42;
}

/* The queue has room for one task, so the second one runs here, inside this task. */
static weft_status post_two_that_fail(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_post((weft_executor_t *)ctx, NULL, fail, NULL, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_post((weft_executor_t *)ctx, NULL, fail, NULL, NULL), WEFT_OK);
  return WEFT_OK;
}

static void the_exception_hook_knows_it(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  weft_task_options_t options = named("fails");
  told_t told = {"", 0, 0};
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, note_name_in_hook, &told, NULL));
  REQUIRE_OK(weft_executor_post(pool, &options, fail, NULL, NULL));
  REQUIRE_OK(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  CHECK_EQUAL(told.calls, 1);
  CHECK_TEXT(told.name, "fails");
  weft_executor_unref(pool);
  pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  REQUIRE_OK(weft_executor_post(pool, NULL, fail, NULL, NULL));
  end_executor(pool);
  CHECK_EQUAL(told.calls, 2);
  CHECK(told.name == NULL);
  {
    weft_executor_options_t bounded;
    weft_future_t *future = NULL;
    weft_executor_options_init(&bounded);
    bounded.max_workers = 1;
    bounded.max_queue = 1;
    bounded.when_full = WEFT_FULL_CALLER;
    REQUIRE_OK(weft_executor_create(runtime, &bounded, &pool));
    REQUIRE_OK(weft_executor_submit(pool, &options, post_two_that_fail, pool, NULL, &future));
    end_future(future);
    end_executor(pool);
    CHECK_EQUAL(told.calls, 4);
    CHECK_EQUAL(told.named, 1); /* the last two have no name, whatever task they run in */
  }
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

/* The report has the name of a task that sleeps in weft and ignores stop requests. */
static weft_status settle_deaf(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_open(((gate_t **)ctx)[0]);
  gate_pass(((gate_t **)ctx)[0]);
  weft_group_settle(((weft_group_t **)ctx)[1]);
  return WEFT_OK;
}

static void the_report_knows_it(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  weft_executor_t *other = make_pool(1);
  weft_task_options_t options = named("settles");
  weft_group_t *group = NULL;
  weft_report_t *report = NULL;
  gate_t gate = GATE_CLOSED;
  void *parts[2];
  REQUIRE_OK(weft_group_create(other, NULL, &group));
  REQUIRE_OK(weft_group_enter(group));
  parts[0] = &gate;
  parts[1] = group;
  REQUIRE_OK(weft_executor_post(pool, &options, settle_deaf, parts, NULL));
  gate_await(&gate, 1);
  do { /* until the worker sleeps */
    weft_report_destroy(&report);
    CHECK_STATUS(weft_runtime_shutdown_report(runtime, 0, WEFT_MILLISECOND, &report), WEFT_ETIMEDOUT);
  } while (strcmp(weft_report_task_name(report, 0), "") == 0);
  CHECK_EQUAL(weft_report_count(report), 1);
  CHECK_TEXT(weft_report_task_name(report, 0), "settles");
  CHECK(strstr(weft_report_text(report, 0), "settles") != NULL);
  CHECK_TEXT(weft_report_task_name(report, 1), "");
  CHECK_TEXT(weft_report_task_name(NULL, 0), "");
  weft_report_destroy(&report);
  REQUIRE_OK(weft_group_leave(group));
  end_executor(pool);
  weft_group_unref(group);
  end_executor(other);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void a_priority_is_refused_where_there_is_one_order(void) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(void *), 0, note_name_in_room, NULL, NULL};
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, sizeof(void *), 0, note_name_in_room, NULL,
                                          NULL};
  static const weft_task_type_t continuation = {
      sizeof continuation, WEFT_TASK_CONTINUATION, sizeof(void *), 0, note_name_in_room, NULL, NULL};
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *mine = make_caller_run();
  weft_executor_t *executors[2];
  weft_task_options_t options = ranked();
  weft_map_options_t map_options;
  weft_call_t call;
  probe_t probe = {0};
  void *item = &probe;
  weft_future_t *promise = make_promise(NULL), *future = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  weft_timer_t *timer = UNTOUCHED(weft_timer_t);
  weft_group_t *group = NULL;
  weft_task_t *task = NULL;
  size_t i;
  executors[0] = strand;
  executors[1] = mine;
  call.fn = probe_run;
  call.ctx = &probe;
  call.drop = probe_drop;
  weft_map_options_init(&map_options);
  map_options.tasks = &options;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  for (i = 0; i < 2; ++i) {
    weft_executor_t *on = executors[i];
    CHECK_STATUS(weft_executor_submit(on, &options, probe_run, &probe, probe_drop, &future), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_post(on, &options, probe_run, &probe, probe_drop), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_submit_batch(on, &options, &call, 1, NULL), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_submit_after(on, 0, &options, probe_run, &probe, probe_drop, &future), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_submit_at(on, 0, &options, probe_run, &probe, probe_drop, &future), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_post_after(on, 0, &options, probe_run, &probe, probe_drop), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_post_at(on, 0, &options, probe_run, &probe, probe_drop), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_map(on, &map_options, probe_run, &item, 1, probe_drop, &map), WEFT_ENOTSUP);
    CHECK_STATUS(weft_timer_create(on, &options, probe_run, &probe, probe_drop, &timer), WEFT_ENOTSUP);
    CHECK_STATUS(weft_group_then(group, on, &options, probe_run, &probe, probe_drop), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_submit_value(on, &options, &type, &item, sizeof item, &future), WEFT_ENOTSUP);
    CHECK_STATUS(weft_future_then(promise, on, WEFT_THEN_ALWAYS, &options, note_name_of_continuation, &probe,
                                  probe_drop, &future),
                 WEFT_ENOTSUP);
    REQUIRE_OK(weft_task_create_with(&type, &options, &task));
    CHECK_STATUS(weft_executor_submit_task(on, task, &future), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_submit_tasks(on, &task, 1, &future), WEFT_ENOTSUP);
    CHECK_STATUS(weft_executor_submit_task_after(on, 0, task, &future), WEFT_ENOTSUP);
    weft_task_destroy(&task);
    REQUIRE_OK(weft_task_create_with(&posted, &options, &task));
    CHECK_STATUS(weft_group_then_task(group, on, task), WEFT_ENOTSUP);
    weft_task_destroy(&task);
    REQUIRE_OK(weft_task_create_with(&continuation, &options, &task));
    CHECK_STATUS(weft_future_then_task(promise, on, WEFT_THEN_ALWAYS, task, &future), WEFT_ENOTSUP);
    weft_task_destroy(&task);
  }
  CHECK_STATUS(weft_future_then(promise, NULL, WEFT_THEN_ALWAYS, &options, note_name_of_continuation, &probe,
                                probe_drop, &future),
               WEFT_ENOTSUP);
  CHECK_STATUS(weft_group_spawn(group, &options, probe_run, &probe, probe_drop), WEFT_ENOTSUP);
  CHECK_STATUS(weft_group_spawn_value(group, &options, &posted, &item, sizeof item), WEFT_ENOTSUP);
  CHECK(future == UNTOUCHED(weft_future_t) && map == UNTOUCHED(weft_map_t) && timer == UNTOUCHED(weft_timer_t));
  weft_future_unref(promise);
  weft_group_unref(group);
  weft_executor_unref(mine);
  end_executor(strand);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

static void a_drop_of_results_is_refused_where_there_are_none(void) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(void *), 0, note_name_in_room, NULL, NULL};
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, sizeof(void *), 0, note_name_in_room, NULL,
                                          NULL};
  weft_executor_t *pool = make_pool(1);
  weft_task_options_t options = with_drop(probe_drop);
  probe_t probe = {0};
  void *item = &probe;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_timer_t *timer = UNTOUCHED(weft_timer_t);
  weft_task_t *task = UNTOUCHED(weft_task_t);
  weft_group_t *group = NULL;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  CHECK_STATUS(weft_group_spawn(group, &options, probe_run, &probe, probe_drop), WEFT_ENOTSUP);
  CHECK_STATUS(weft_group_spawn_value(group, &options, &posted, &item, sizeof item), WEFT_ENOTSUP);
  CHECK_STATUS(weft_timer_create(pool, &options, probe_run, &probe, probe_drop, &timer), WEFT_ENOTSUP);
  CHECK_STATUS(weft_task_create_with(&type, &options, &task), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_submit_value(pool, &options, &type, &item, sizeof item, &future), WEFT_ENOTSUP);
  CHECK(future == UNTOUCHED(weft_future_t) && timer == UNTOUCHED(weft_timer_t) && task == UNTOUCHED(weft_task_t));
  weft_group_unref(group);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

static void a_post_drops_its_result(void) {
  weft_executor_t *pool = make_pool(1);
  weft_task_options_t options = with_drop(probe_drop);
  weft_group_t *group = NULL;
  probe_t probes[4] = {{0}};
  int i;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_executor_post(pool, &options, return_ctx, &probes[0], NULL));
  REQUIRE_OK(weft_executor_post_after(pool, 0, &options, return_ctx, &probes[1], NULL));
  REQUIRE_OK(weft_executor_post_at(pool, weft_now(), &options, return_ctx, &probes[2], NULL));
  REQUIRE_OK(weft_group_then(group, pool, &options, return_ctx, &probes[3], NULL));
  weft_group_unref(group);
  for (i = 0; i < 4; ++i)
    while (probe_drops(&probes[i]) == 0) sched_yield();
  end_executor(pool);
  for (i = 0; i < 4; ++i) CHECK_EQUAL(probe_drops(&probes[i]), 1);
}

static void what_has_a_token_is_called_off(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  weft_group_t *group = NULL, *pending = NULL;
  weft_future_t *running = NULL;
  gate_t gate = GATE_CLOSED;
  probe_t probes[4] = {{0}};
  int i;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_group_create(pool, NULL, &pending));
  REQUIRE_OK(weft_group_enter(pending));
  running = occupy_worker(pool, &gate);
  REQUIRE_OK(weft_executor_post(pool, &options, probe_run, &probes[0], probe_drop));
  REQUIRE_OK(weft_group_spawn(group, &options, probe_run, &probes[1], probe_drop));
  REQUIRE_OK(weft_executor_post_after(pool, WEFT_FOREVER, &options, probe_run, &probes[2], probe_drop));
  REQUIRE_OK(weft_group_then(pending, pool, &options, probe_run, &probes[3], probe_drop));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  gate_open(&gate);
  end_future(running);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  REQUIRE_OK(weft_group_leave(pending));
  CHECK_STATUS(weft_executor_post(pool, &options, probe_run, &probes[0], probe_drop), WEFT_ECANCELED);
  CHECK_STATUS(weft_executor_post_after(pool, 0, &options, probe_run, &probes[0], probe_drop), WEFT_ECANCELED);
  CHECK_STATUS(weft_executor_post_at(pool, 0, &options, probe_run, &probes[0], probe_drop), WEFT_ECANCELED);
  CHECK_STATUS(weft_group_spawn(group, &options, probe_run, &probes[1], probe_drop), WEFT_ECANCELED);
  CHECK_STATUS(weft_group_then(pending, pool, &options, probe_run, &probes[3], probe_drop), WEFT_ECANCELED);
  weft_group_unref(group);
  weft_group_unref(pending);
  end_executor(pool);
  weft_cancel_token_unref(token);
  for (i = 0; i < 4; ++i) {
    CHECK_EQUAL(probe_runs(&probes[i]), 0);
    CHECK_EQUAL(probe_drops(&probes[i]), 1);
  }
}

static void what_belongs_to_a_closed_domain_is_refused(void) {
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = NULL;
  weft_task_options_t options;
  weft_group_t *group = NULL;
  weft_timer_t *timer = UNTOUCHED(weft_timer_t);
  probe_t probe = {0};
  REQUIRE_OK(weft_domain_create(NULL, NULL, &domain));
  REQUIRE_OK(weft_domain_close(domain, WEFT_FOREVER));
  weft_task_options_init(&options);
  options.domain = domain;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  CHECK_STATUS(weft_executor_post(pool, &options, probe_run, &probe, probe_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_post_after(pool, 0, &options, probe_run, &probe, probe_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_post_at(pool, 0, &options, probe_run, &probe, probe_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_spawn(group, &options, probe_run, &probe, probe_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_then(group, pool, &options, probe_run, &probe, probe_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_create(pool, &options, probe_run, &probe, probe_drop, &timer), WEFT_ECLOSED);
  CHECK(timer == UNTOUCHED(weft_timer_t));
  weft_group_unref(group);
  end_executor(pool);
  weft_domain_unref(domain);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"the task knows its name, however it was made", the_task_knows_its_name_however_it_was_made},
      {"the innermost task counts", the_innermost_task_counts},
      {"equal names are one", equal_names_are_one},
      {"the exception hook knows it", the_exception_hook_knows_it},
      {"the report knows it", the_report_knows_it},
      {"a priority is refused where there is one order", a_priority_is_refused_where_there_is_one_order},
      {"a drop of results is refused where there are none", a_drop_of_results_is_refused_where_there_are_none},
      {"a post drops its result", a_post_drops_its_result},
      {"what has a token is called off", what_has_a_token_is_called_off},
      {"what belongs to a closed domain is refused", what_belongs_to_a_closed_domain_is_refused},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
