/* Tests of what a wait inside a task may run (weft/base.h, WEFT_HELP_...): one rule for all kinds of waits. The limit
 * of the wait, stop requests to the waiter, and how deep such waits may be nested. */
#include <weft/weft.h>

#include <string.h>

#include <ucontext.h>

#include "setup.h"

/* Each kind waits for the first of three futures, for all of them, or for the same three tasks in a group. */
typedef struct wait_kind {
  const char *name;
  weft_status (*wait)(weft_future_t **futures, weft_group_t *group, int64_t limit);
  int in_group;
} wait_kind_t;

enum { awaited = 3 };

static weft_status by_wait(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  (void)group;
  return weft_future_wait(futures[0], limit);
}

static weft_status by_result(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  (void)group;
  return weft_future_result(futures[0], limit, NULL);
}

static weft_status by_exception(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  weft_error_t *error = NULL;
  (void)group;
  return weft_future_exception(futures[0], limit, &error);
}

static weft_status by_wait_for_all(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  (void)group;
  return weft_wait(futures, awaited, WEFT_ALL_COMPLETED, limit, NULL, NULL);
}

static weft_status by_wait_for_one(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  (void)group;
  return weft_wait(futures, awaited, WEFT_FIRST_COMPLETED, limit, NULL, NULL);
}

static weft_status by_as_completed(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  weft_as_completed_t *iterator = NULL;
  weft_future_t *next = NULL;
  weft_status status = weft_as_completed(futures, awaited, limit, &iterator);
  (void)group;
  if (status == WEFT_OK) status = weft_as_completed_next(iterator, &next);
  weft_as_completed_destroy(&iterator);
  weft_future_unref(next);
  return status;
}

static weft_status by_when_all(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  weft_future_t *all = NULL;
  weft_status status = weft_when_all(futures, awaited, &all);
  (void)group;
  if (status == WEFT_OK) status = weft_future_wait(all, limit);
  weft_future_unref(all);
  return status;
}

static weft_status by_queue(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  weft_queue_t *queue = NULL;
  weft_event_t event;
  size_t count = 0;
  weft_status status = weft_queue_create(NULL, &queue);
  (void)group;
  if (status == WEFT_OK) status = weft_future_notify(futures[0], queue, 1);
  if (status == WEFT_OK) status = weft_queue_wait(queue, &event, 1, limit, &count);
  weft_queue_unref(queue);
  return status;
}

static weft_status by_group(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  (void)futures;
  return weft_group_wait(group, limit);
}

static weft_status by_queue_of_group(weft_future_t **futures, weft_group_t *group, int64_t limit) {
  weft_queue_t *queue = NULL;
  weft_event_t event;
  size_t count = 0;
  weft_status status = weft_queue_create(NULL, &queue);
  (void)futures;
  if (status == WEFT_OK) status = weft_group_notify(group, queue, 1);
  if (status == WEFT_OK) status = weft_queue_wait(queue, &event, 1, limit, &count);
  weft_queue_unref(queue);
  return status;
}

static const wait_kind_t kinds[] = {
    {"weft_future_wait", by_wait, 0},           {"weft_future_result", by_result, 0},
    {"weft_future_exception", by_exception, 0}, {"weft_wait for all", by_wait_for_all, 0},
    {"weft_wait for one", by_wait_for_one, 0},  {"weft_as_completed_next", by_as_completed, 0},
    {"weft_when_all", by_when_all, 0},          {"weft_queue_wait", by_queue, 0},
    {"weft_group_wait", by_group, 1},           {"weft_queue_wait for a group", by_queue_of_group, 1},
};

/* A task on a pool of one worker gives inner tasks to that pool, and waits for them. */
typedef struct scene {
  const wait_kind_t *kind;
  weft_executor_t *pool;
  weft_task_fn inner;
  int64_t limit, end;
  weft_future_t *outer;       /* atomic: an inner task asks it to stop */
  weft_cancel_token_t *token; /* an inner task cancels it */
  weft_status waited, inner_slept;
  int runs, runs_at_end, saw_stop; /* of the inner tasks */
} scene_t;

static weft_status wait_for_inner(void *ctx, void **result, weft_error_t **error) {
  scene_t *scene = (scene_t *)ctx;
  weft_future_t *futures[awaited] = {NULL};
  weft_group_t *group = NULL;
  int i;
  (void)result;
  (void)error;
  if (scene->kind->in_group) CHECK_STATUS(weft_group_create(scene->pool, NULL, &group), WEFT_OK);
  for (i = 0; i < awaited; ++i) {
    if (group != NULL)
      CHECK_STATUS(weft_group_spawn(group, NULL, scene->inner, scene, NULL), WEFT_OK);
    else
      futures[i] = submit(scene->pool, scene->inner, scene, NULL);
  }
  scene->waited = scene->kind->wait(futures, group, scene->limit);
  scene->runs_at_end = __atomic_load_n(&scene->runs, __ATOMIC_ACQUIRE);
  for (i = 0; i < awaited; ++i) weft_future_unref(futures[i]);
  weft_group_unref(group);
  return WEFT_OK;
}

static void play(scene_t *scene) {
  weft_task_options_t options;
  weft_future_t *outer = NULL;
  gate_t gate = GATE_CLOSED;
  weft_future_t *busy;
  scene->pool = make_pool(1);
  busy = occupy_worker(scene->pool, &gate); /* until `outer` is set */
  weft_task_options_init(&options);
  options.token = scene->token;
  CHECK_STATUS(weft_executor_submit(scene->pool, &options, wait_for_inner, scene, NULL, &outer), WEFT_OK);
  scene->outer = outer;
  gate_open(&gate);
  end_future(busy);
  end_future(outer);
  end_executor(scene->pool);
}

static weft_status note_run(void *ctx, void **result, weft_error_t **error) {
  scene_t *scene = (scene_t *)ctx;
  (void)result;
  (void)error;
  __atomic_add_fetch(&scene->runs, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void with_a_long_limit_it_begins_what_nobody_else_could(void) {
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(kinds); ++i) {
    scene_t scene = {0};
    scene.kind = &kinds[i];
    scene.inner = note_run;
    scene.limit = WEFT_HELP_LIMIT + 20 * WEFT_SECOND;
    play(&scene);
    if (!CHECK_STATUS(scene.waited, WEFT_OK) || !CHECK(scene.runs_at_end > 0)) printf("# %s\n", kinds[i].name);
  }
}

static void with_less_than_that_it_begins_nothing(void) {
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(kinds); ++i) {
    scene_t scene = {0};
    scene.kind = &kinds[i];
    scene.inner = note_run;
    scene.limit = WEFT_HELP_LIMIT - 1;
    play(&scene);
    if (!CHECK_STATUS(scene.waited, WEFT_ETIMEDOUT) || !CHECK_EQUAL(scene.runs_at_end, 0))
      printf("# %s\n", kinds[i].name);
    CHECK_EQUAL(scene.runs, awaited); /* the inner tasks run when the worker is free */
  }
}

/* The first task takes so long that too little time is left for another one. */
static weft_status use_up_the_time(void *ctx, void **result, weft_error_t **error) {
  scene_t *scene = (scene_t *)ctx;
  note_run(ctx, result, error);
  while (now_ns() < scene->end) usleep(1000);
  return WEFT_OK;
}

static void between_two_tasks_it_looks_at_its_limit(void) {
  static const size_t of_many[] = {3, 6, 8};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(of_many); ++i) {
    scene_t scene = {0};
    scene.kind = &kinds[of_many[i]];
    scene.inner = use_up_the_time;
    scene.limit = WEFT_HELP_LIMIT + WEFT_SECOND;
    scene.end = now_ns() + scene.limit;
    play(&scene);
    if (!CHECK_STATUS(scene.waited, WEFT_ETIMEDOUT) || !CHECK_EQUAL(scene.runs_at_end, 1))
      printf("# %s\n", scene.kind->name);
  }
}

/* --- requests to stop --- */

static weft_status ask_the_waiter_to_stop(void *ctx, void **result, weft_error_t **error) {
  scene_t *scene = (scene_t *)ctx;
  note_run(ctx, result, error);
  if (weft_stop_requested()) return WEFT_OK; /* already asked: no second request */
  if (scene->token != NULL)
    CHECK_STATUS(weft_cancel_token_cancel(scene->token), WEFT_OK);
  else
    CHECK_STATUS(weft_future_request_stop(scene->outer), WEFT_OK);
  scene->saw_stop += weft_stop_requested() ? 1 : 0;
  scene->inner_slept = weft_sleep(60 * WEFT_SECOND);
  return WEFT_OK;
}

/* Only the first inner task asks: when the others run, no task waits for them. */
static weft_status ask_once(void *ctx, void **result, weft_error_t **error) {
  const scene_t *scene = (const scene_t *)ctx;
  if (__atomic_load_n(&scene->runs, __ATOMIC_ACQUIRE) == 0) return ask_the_waiter_to_stop(ctx, result, error);
  return note_run(ctx, result, error);
}

static void a_request_to_the_waiter_is_for_what_it_runs(void) {
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(kinds); ++i) {
    scene_t scene = {0};
    scene.kind = &kinds[i];
    scene.inner = ask_once;
    scene.limit = WEFT_FOREVER;
    play(&scene);
    if (!CHECK_STATUS(scene.waited, WEFT_EINTERRUPTED) || !CHECK_EQUAL(scene.runs_at_end, 1) ||
        !CHECK_EQUAL(scene.saw_stop, 1) || !CHECK_STATUS(scene.inner_slept, WEFT_EINTERRUPTED))
      printf("# %s\n", kinds[i].name);
  }
}

static void so_is_a_cancellation_of_its_token(void) {
  weft_cancel_token_t *token = NULL;
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  {
    scene_t scene = {0};
    scene.kind = &kinds[0];
    scene.inner = ask_once;
    scene.limit = WEFT_FOREVER;
    scene.token = token;
    play(&scene);
    CHECK_STATUS(scene.waited, WEFT_EINTERRUPTED);
    CHECK_EQUAL(scene.saw_stop, 1);
    CHECK_STATUS(scene.inner_slept, WEFT_EINTERRUPTED);
  }
  weft_cancel_token_unref(token);
}

/* Another thread asks while the innermost task sleeps, two waits further in. */
typedef struct nested {
  weft_executor_t *pool;
  gate_t begun;
  weft_status innermost, middle, outermost;
} nested_t;

static weft_status sleep_innermost(void *ctx, void **result, weft_error_t **error) {
  nested_t *all = (nested_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&all->begun);
  all->innermost = weft_sleep(60 * WEFT_SECOND);
  return WEFT_OK;
}

static weft_status wait_in_the_middle(void *ctx, void **result, weft_error_t **error) {
  nested_t *all = (nested_t *)ctx;
  weft_future_t *next = submit(all->pool, sleep_innermost, ctx, NULL);
  (void)result;
  (void)error;
  all->middle = weft_future_wait(next, WEFT_FOREVER);
  weft_future_unref(next);
  return WEFT_OK;
}

static weft_status wait_outermost(void *ctx, void **result, weft_error_t **error) {
  nested_t *all = (nested_t *)ctx;
  weft_future_t *next = submit(all->pool, wait_in_the_middle, ctx, NULL);
  (void)result;
  (void)error;
  all->outermost = weft_future_wait(next, WEFT_FOREVER);
  weft_future_unref(next);
  return WEFT_OK;
}

static void it_reaches_what_sleeps_further_in(void) {
  nested_t all = {NULL, GATE_CLOSED, WEFT_OK, WEFT_OK, WEFT_OK};
  weft_future_t *outer;
  all.pool = make_pool(1);
  gate_open(&all.begun);
  outer = submit(all.pool, wait_outermost, &all, NULL);
  gate_await(&all.begun, 1);
  CHECK_STATUS(weft_future_request_stop(outer), WEFT_OK);
  end_future(outer);
  CHECK_STATUS(all.innermost, WEFT_EINTERRUPTED);
  CHECK_STATUS(all.middle, WEFT_EINTERRUPTED);
  CHECK_STATUS(all.outermost, WEFT_EINTERRUPTED);
  end_executor(all.pool);
}

/* A task that runs during the wait, but on another worker, is not asked. */
static weft_status be_asked_or_not(void *ctx, void **result, weft_error_t **error) {
  gate_t *gate = (gate_t *)ctx;
  (void)error;
  gate_pass(gate);
  *result = (void *)(intptr_t)weft_stop_requested();
  return WEFT_OK;
}

static weft_status wait_for_given(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = (void *)weft_status_name(weft_future_wait((weft_future_t *)ctx, WEFT_FOREVER));
  return WEFT_OK;
}

static void what_runs_elsewhere_is_not_asked(void) {
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool(2);
  weft_future_t *inner = submit(pool, be_asked_or_not, &gate, NULL), *outer;
  void *result = NULL;
  gate_await(&gate, 1);
  outer = submit(pool, wait_for_given, inner, NULL);
  CHECK_STATUS(weft_future_request_stop(outer), WEFT_OK);
  CHECK_STATUS(weft_future_result(outer, WEFT_FOREVER, &result), WEFT_OK);
  CHECK_TEXT((const char *)result, "WEFT_EINTERRUPTED");
  gate_open(&gate);
  CHECK_STATUS(weft_future_result(inner, WEFT_FOREVER, &result), WEFT_OK);
  CHECK_EQUAL((intptr_t)result, 0);
  weft_future_unref(inner);
  weft_future_unref(outer);
  end_executor(pool);
}

/* --- how deep --- */

typedef struct descent {
  weft_executor_t *pool;
  uintptr_t lowest, end; /* of the worker's stack */
  uintptr_t last;        /* where the last level was */
  int elsewhere;         /* some level was on another stack */
  long levels;
  weft_status last_wait;
} descent_t;

static weft_status descend(void *ctx, void **result, weft_error_t **error) {
  descent_t *all = (descent_t *)ctx;
  weft_future_t *next;
  weft_status status;
  (void)result;
  (void)error;
  ++all->levels;
  all->last = (uintptr_t)__builtin_frame_address(0);
  if (all->last < all->lowest || all->last >= all->end) all->elsewhere = 1;
  next = submit(all->pool, descend, ctx, NULL);
  status = weft_future_wait(next, WEFT_FOREVER);
  if (status != WEFT_OK) {
    all->last_wait = status;
    CHECK_STATUS(weft_future_cancel(next), WEFT_OK); /* otherwise it would descend again */
  }
  weft_future_unref(next);
  return WEFT_OK;
}

static weft_status begin_to_descend(void *ctx, void **result, weft_error_t **error) {
  descent_t *all = (descent_t *)ctx;
  pthread_attr_t attributes;
  void *lowest = NULL;
  size_t size = 0;
  CHECK_EQUAL(pthread_getattr_np(pthread_self(), &attributes), 0);
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  all->lowest = (uintptr_t)lowest;
  all->end = all->lowest + size;
  return descend(ctx, result, error);
}

static void check_depth(uint64_t stack_size) {
  weft_executor_options_t options;
  descent_t all = {0};
  uintptr_t size, reserve;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.stack_size = stack_size;
  REQUIRE_OK(weft_executor_create(NULL, &options, &all.pool));
  end_future(submit(all.pool, begin_to_descend, &all, NULL));
  size = all.end - all.lowest;
  reserve = size < 2 * WEFT_HELP_STACK ? size / 2 : WEFT_HELP_STACK;
  CHECK_STATUS(all.last_wait, WEFT_EDEADLK);
  CHECK(all.levels > 2);
  /* The last wait found less stack than the reserve below it, and the wait before it at least as much. */
  CHECK(all.last - all.lowest < reserve + 8192);
  CHECK(all.last - all.lowest > reserve - (reserve < 65536 ? reserve / 2 : 32768));
  end_executor(all.pool);
}

/* The depth of nested waits is measured without a sanitizer and under AddressSanitizer. */
static int is_skipped_under_tsan(void) {
#if defined(__SANITIZE_THREAD__)
  check_skip("ThreadSanitizer keeps most of a megabyte of each stack for itself");
  return 1;
#else
  return 0;
#endif
}

static void nested_waits_leave_a_part_of_the_stack(void) {
  if (is_skipped_under_tsan()) return;
  check_depth(1 << 20);
  check_depth(0);
}

static void and_half_of_a_small_one(void) {
  if (is_skipped_under_tsan()) return;
  check_depth(CHECK_SANITIZED ? 256 << 10 : 64 << 10);
}

/* Below that depth the waiter does not run the task, but another worker may. */
static void beyond_that_another_worker_comes(void) {
  weft_executor_options_t options;
  descent_t all = {0};
  weft_executor_options_init(&options);
  options.max_workers = 2;
  options.stack_size = 256 << 10;
  REQUIRE_OK(weft_executor_create(NULL, &options, &all.pool));
  end_future(submit(all.pool, begin_to_descend, &all, NULL));
  CHECK_STATUS(all.last_wait, WEFT_EDEADLK);
  CHECK(all.elsewhere);
  end_executor(all.pool);
}

/* A task that switches to a stack of its own. */
static ucontext_t around, fiber;
static descent_t on_fiber;

static void descend_on_fiber(void) {
  void *result;
  weft_error_t *error;
  descend(&on_fiber, &result, &error);
  swapcontext(&fiber, &around);
}

static weft_status run_fiber(void *ctx, void **result, weft_error_t **error) {
  static char stack[4 << 20];
  (void)ctx;
  (void)result;
  (void)error;
  getcontext(&fiber);
  fiber.uc_stack.ss_sp = stack;
  fiber.uc_stack.ss_size = sizeof stack;
  makecontext(&fiber, descend_on_fiber, 0);
  swapcontext(&around, &fiber);
  return WEFT_OK;
}

static void on_a_stack_that_weft_does_not_know_they_are_counted(void) {
  if (CHECK_SANITIZED) {
    check_skip("sanitizers do not know that stack either");
    return;
  }
  on_fiber.pool = make_pool(1);
  end_future(submit(on_fiber.pool, run_fiber, NULL, NULL));
  CHECK_STATUS(on_fiber.last_wait, WEFT_EDEADLK);
  CHECK_EQUAL(on_fiber.levels, WEFT_HELP_DEPTH + 1);
  end_executor(on_fiber.pool);
}

/* Waits for groups nest by the same rule. At the last level weft_group_end still waits for its group. */
typedef struct tree {
  weft_executor_t *pool;
  long levels, ran;
  weft_status last_wait;
} tree_t;

static weft_status spawn_deeper(void *ctx, void **result, weft_error_t **error) {
  tree_t *all = (tree_t *)ctx;
  weft_group_t *group = NULL;
  weft_status status;
  (void)result;
  (void)error;
  ++all->levels;
  CHECK_STATUS(weft_group_create(all->pool, NULL, &group), WEFT_OK);
  CHECK_STATUS(weft_group_spawn(group, NULL, spawn_deeper, ctx, NULL), WEFT_OK);
  status = weft_group_wait(group, WEFT_FOREVER);
  if (status == WEFT_EDEADLK) all->last_wait = status;
  weft_group_end(group);
  return WEFT_OK;
}

static void groups_are_nested_by_the_same_rule(void) {
  weft_executor_options_t options;
  tree_t all = {0};
  if (is_skipped_under_tsan()) return;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.stack_size = 256 << 10;
  REQUIRE_OK(weft_executor_create(NULL, &options, &all.pool));
  end_future(submit(all.pool, spawn_deeper, &all, NULL));
  CHECK_STATUS(all.last_wait, WEFT_EDEADLK);
  CHECK(all.levels > 2);
  end_executor(all.pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"with a long limit it begins what nobody else could", with_a_long_limit_it_begins_what_nobody_else_could},
      {"with less than that it begins nothing", with_less_than_that_it_begins_nothing},
      {"between two tasks it looks at its limit", between_two_tasks_it_looks_at_its_limit},
      {"a request to the waiter is for what it runs", a_request_to_the_waiter_is_for_what_it_runs},
      {"so is a cancellation of its token", so_is_a_cancellation_of_its_token},
      {"it reaches what sleeps further in", it_reaches_what_sleeps_further_in},
      {"what runs elsewhere is not asked", what_runs_elsewhere_is_not_asked},
      {"nested waits leave a part of the stack", nested_waits_leave_a_part_of_the_stack},
      {"and half of a small one", and_half_of_a_small_one},
      {"beyond that another worker comes", beyond_that_another_worker_comes},
      {"on a stack that weft does not know they are counted", on_a_stack_that_weft_does_not_know_they_are_counted},
      {"groups are nested by the same rule", groups_are_nested_by_the_same_rule},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
