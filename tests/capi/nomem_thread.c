/* Tests of memory that runs out when a thread is new to weft (see nomem.h): a call that waits needs a record of its
 * thread, and tasks come from a heap of their thread. Each case runs in a child process, where no thread has left a
 * record or heap that could be used again.
 */
#include <weft/caller_run.h>
#include <weft/continuation.h>
#include <weft/map.h>
#include <weft/parallel.h>

#include "child.h"
#include "domain.h"
#include "group.h"
#include "nomem.h"
#include "queue.h"

typedef struct newcomer {
  void (*calls)(void *ctx);
  void *ctx;
} newcomer_t;

static void *call_without_memory(void *ctx) {
  newcomer_t *self = (newcomer_t *)ctx;
  allocations_left = 0;
  self->calls(self->ctx);
  allocations_left = -1;
  CHECK(refused > 0);
  return NULL;
}

/* Makes the calls on a new thread, while there is no memory for it. */
static void on_new_thread(void (*calls)(void *ctx), void *ctx) {
  newcomer_t newcomer = {NULL, NULL};
  pthread_t thread;
  newcomer.calls = calls;
  newcomer.ctx = ctx;
  if (CHECK(pthread_create(&thread, NULL, call_without_memory, &newcomer) == 0)) pthread_join(thread, NULL);
}

static void await_future(void *ctx) {
  weft_future_t *future = (weft_future_t *)ctx;
  void *result = UNTOUCHED(void);
  weft_error_t *error = UNTOUCHED(weft_error_t);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_ENOMEM);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_ENOMEM);
  CHECK_STATUS(weft_future_take(future, WEFT_FOREVER, &result), WEFT_ENOMEM);
  CHECK_STATUS(weft_future_exception(future, WEFT_FOREVER, &error), WEFT_ENOMEM);
  CHECK(result == UNTOUCHED(void) && error == UNTOUCHED(weft_error_t));
  CHECK_STATUS(weft_future_wait(future, 0), WEFT_ETIMEDOUT); /* a look needs no memory */
}

static void a_wait_for_a_future(void) {
  weft_future_t *promise = make_promise(NULL);
  void *result = NULL;
  on_new_thread(await_future, promise);
  CHECK_STATUS(weft_future_set_result(promise, promise), WEFT_OK);
  CHECK_STATUS(weft_future_take(promise, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == promise);
  weft_future_unref(promise);
}

static void await_any(void *ctx) {
  weft_future_t *future = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_as_completed_next((weft_as_completed_t *)ctx, &future), WEFT_ENOMEM);
  CHECK(future == UNTOUCHED(weft_future_t));
}

static void a_wait_for_the_next_of_several(void) {
  weft_future_t *promise = make_promise(NULL), *future = NULL;
  weft_as_completed_t *iterator = NULL;
  REQUIRE_OK(weft_as_completed(&promise, 1, WEFT_FOREVER, &iterator));
  on_new_thread(await_any, iterator);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  REQUIRE_OK(weft_as_completed_next(iterator, &future)); /* the iteration goes on */
  CHECK(future == promise);
  weft_future_unref(future);
  weft_as_completed_destroy(&iterator);
  weft_future_unref(promise);
}

static void await_item(void *ctx) {
  weft_future_t *future = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_map_next((weft_map_t *)ctx, &future), WEFT_ENOMEM);
  CHECK(future == UNTOUCHED(weft_future_t));
}

static void a_wait_for_an_item(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t probe = {0};
  void *item = &probe;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_executor_map(mine, NULL, probe_run, &item, 1, probe_drop, &map));
  on_new_thread(await_item, map);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  REQUIRE_OK(weft_map_next(map, &future)); /* the iteration goes on */
  weft_future_unref(future);
  weft_map_destroy(&map);
  end_executor(mine);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

/* The first item has run, and the next one has not been submitted. */
static void await_two_items(void *ctx) {
  weft_future_t *future = NULL, *out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_map_next((weft_map_t *)ctx, &future), WEFT_OK);
  weft_future_unref(future);
  CHECK_STATUS(weft_map_next((weft_map_t *)ctx, &out), WEFT_ENOMEM);
  CHECK(out == UNTOUCHED(weft_future_t));
}

static void the_submit_of_an_item(void) {
  weft_executor_t *pool = make_pool(1);
  probe_t probe = {0};
  void *items[2];
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL;
  items[0] = items[1] = &probe;
  weft_map_options_init(&options);
  options.buffer = 1;
  REQUIRE_OK(weft_executor_map(pool, &options, probe_run, items, 2, probe_drop, &map));
  end_future(submit(pool, return_ctx, NULL, NULL)); /* comes after the first item */
  on_new_thread(await_two_items, map);
  CHECK_EQUAL(probe_runs(&probe), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  REQUIRE_OK(weft_map_next(map, &future)); /* the iteration goes on */
  weft_future_unref(future);
  CHECK_STATUS(weft_map_next(map, &future), WEFT_EEND);
  weft_map_destroy(&map);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 2);
  CHECK_EQUAL(probe_drops(&probe), 2);
}

static void await_thread(void *ctx) {
  CHECK_STATUS(weft_thread_join((weft_thread_t *)ctx, WEFT_FOREVER), WEFT_ENOMEM);
}

static void a_join(void) {
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  weft_thread_t *thread;
  probe.gate = &gate;
  thread = start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, NULL);
  on_new_thread(await_thread, thread);
  gate_open(&gate);
  end_thread(thread);
}

static void sleep_a_little(void *ctx) {
  (void)ctx;
  CHECK_STATUS(weft_sleep(1), WEFT_ENOMEM);
  CHECK_STATUS(weft_sleep(0), WEFT_ENOMEM);
}

static void a_sleep(void) {
  weft_future_unref(make_promise(NULL)); /* from the first object on, weft allocates with malloc */
  on_new_thread(sleep_a_little, NULL);
}

static void run_tasks(void *ctx) {
  uint64_t ran = 99;
  CHECK_STATUS(weft_executor_run((weft_executor_t *)ctx, 0, WEFT_FOREVER, &ran), WEFT_ENOMEM);
  CHECK_STATUS(weft_executor_run_wait((weft_executor_t *)ctx, 0, WEFT_FOREVER, &ran), WEFT_ENOMEM);
  CHECK_EQUAL(ran, 99);
}

static void a_run_of_the_callers_own_tasks(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t probe = {0};
  uint64_t ran = 0;
  REQUIRE_OK(weft_executor_post(mine, NULL, probe_run, &probe, probe_drop));
  on_new_thread(run_tasks, mine);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 1);
  end_executor(mine);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

/* Waits that belong to an executor. */
typedef struct waited {
  weft_executor_t *pool, *mine;
  weft_future_t *promise;
} waited_t;

static void wait_with_executors(void *ctx) {
  waited_t *waited = (waited_t *)ctx;
  CHECK_STATUS(weft_executor_run_until(waited->mine, waited->promise, WEFT_FOREVER), WEFT_ENOMEM);
  CHECK_STATUS(weft_executor_help(waited->pool, waited->promise, WEFT_FOREVER), WEFT_ENOMEM);
  CHECK_STATUS(weft_executor_wait_idle(waited->pool, WEFT_FOREVER), WEFT_ENOMEM);
}

static void a_wait_with_an_executor(void) {
  waited_t waited;
  waited.pool = make_pool(1);
  waited.mine = make_caller_run();
  waited.promise = make_promise(NULL);
  on_new_thread(wait_with_executors, &waited);
  weft_future_unref(waited.promise);
  weft_executor_unref(waited.mine);
  end_executor(waited.pool);
}

static void end_the_executor(void *ctx) {
  CHECK_STATUS(weft_executor_shutdown((weft_executor_t *)ctx, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_ENOMEM);
}

/* The executor is shut down, and only the wait is refused. */
static void the_end_of_an_executor(void) {
  weft_executor_t *all[3];
  size_t i;
  all[0] = make_pool(1);
  all[1] = make_strand(all[0]);
  all[2] = make_caller_run();
  for (i = CHECK_COUNT_OF(all); i-- != 0;) {
    probe_t probe = {0};
    on_new_thread(end_the_executor, all[i]);
    CHECK_STATUS(weft_executor_post(all[i], NULL, probe_run, &probe, probe_drop), WEFT_ESHUTDOWN);
    CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
    end_executor(all[i]);
  }
}

static void end_the_runtime(void *ctx) {
  weft_runtime_t *handle = (weft_runtime_t *)ctx;
  CHECK_STATUS(weft_runtime_shutdown(handle, WEFT_FOREVER), WEFT_ENOMEM);
  CHECK_STATUS(weft_runtime_destroy(&handle), WEFT_ENOMEM);
  CHECK(handle == (weft_runtime_t *)ctx);
}

static void the_end_of_a_runtime(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool;
  on_new_thread(end_the_runtime, runtime);
  pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO); /* nothing has changed */
  end_future(submit(pool, return_ctx, NULL, NULL));
  end_executor(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct looping {
  weft_executor_t *pool;
  int calls;
} looping_t;

static weft_status count_piece(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)begin;
  (void)end;
  (void)error;
  count_drop(ctx);
  return WEFT_OK;
}

static void count_state(void *ctx, void *state) {
  (void)state;
  count_drop(ctx);
}

static weft_status count_piece_of_state(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)state;
  return count_piece(ctx, begin, end, error);
}

static void count_two_states(void *ctx, void *into, void *from) {
  (void)into;
  count_state(ctx, from);
}

static const weft_reduction_t counting = {sizeof counting,  0,          sizeof(int), count_state, count_piece_of_state,
                                          count_two_states, count_state};

static void loop(void *ctx) {
  looping_t *self = (looping_t *)ctx;
  weft_error_t *error = UNTOUCHED(weft_error_t);
  int result = 99;
  CHECK_STATUS(weft_parallel_for(self->pool, NULL, 0, 1000, count_piece, &self->calls, &error), WEFT_ENOMEM);
  CHECK_STATUS(weft_parallel_reduce(self->pool, NULL, 0, 1000, &counting, &self->calls, &result, &error), WEFT_ENOMEM);
  CHECK(error == UNTOUCHED(weft_error_t));
  CHECK_EQUAL(result, 99);
}

static void a_loop(void) {
  looping_t looping = {NULL, 0};
  looping.pool = make_pool(2);
  on_new_thread(loop, &looping);
  end_executor(looping.pool);
  CHECK_EQUAL(looping.calls, 0);
}

static void await_group(void *ctx) {
  CHECK_STATUS(weft_group_wait((weft_group_t *)ctx, WEFT_FOREVER), WEFT_ENOMEM);
}

static void a_wait_for_a_group(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  REQUIRE_OK(weft_group_enter(group));
  on_new_thread(await_group, group);
  REQUIRE_OK(weft_group_leave(group));
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  end_group(group);
  end_executor(pool);
}

static void close_domain(void *ctx) {
  CHECK_STATUS(weft_domain_close((weft_domain_t *)ctx, WEFT_FOREVER), WEFT_ENOMEM);
}

static void the_close_of_a_domain(void) {
  weft_domain_t *domain = make_domain();
  on_new_thread(close_domain, domain);
  CHECK_EQUAL(weft_domain_is_closed(domain), 0);
  end_domain(domain);
}

typedef struct making {
  weft_executor_t *pool;
  weft_future_t *promise;
  weft_group_t *group;
  weft_queue_t *queue;
  int count;
} making_t;

static weft_status run_then(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)source;
  return count_run(ctx, result, error);
}

static void make_things(void *ctx) {
  making_t *self = (making_t *)ctx;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_group_t *group = UNTOUCHED(weft_group_t);
  CHECK_STATUS(weft_group_create(self->pool, NULL, &group), WEFT_ENOMEM);
  CHECK_STATUS(weft_group_notify(self->group, self->queue, 1), WEFT_ENOMEM);
  CHECK_STATUS(weft_future_then(self->promise, NULL, WEFT_THEN_ALWAYS, NULL, run_then, &self->count, count_drop, &out),
               WEFT_ENOMEM);
  CHECK_STATUS(weft_future_then(self->promise, NULL, WEFT_THEN_RESULT | WEFT_THEN_FLATTEN, NULL, run_then, &self->count,
                                count_drop, &out),
               WEFT_ENOMEM);
  CHECK_STATUS(weft_future_flatten(self->promise, &out), WEFT_ENOMEM);
  CHECK_STATUS(weft_when_all(&self->promise, 1, &out), WEFT_ENOMEM);
  CHECK_STATUS(weft_when_any(&self->promise, 1, &out), WEFT_ENOMEM);
  CHECK(out == UNTOUCHED(weft_future_t) && group == UNTOUCHED(weft_group_t));
}

static void groups_and_what_follows_a_future(void) {
  making_t making = {NULL, NULL, NULL, NULL, 0};
  making.pool = make_pool(1);
  making.promise = make_promise(NULL);
  making.group = make_group(making.pool);
  making.queue = make_queue();
  REQUIRE_OK(weft_group_enter(making.group));
  on_new_thread(make_things, &making);
  REQUIRE_OK(weft_group_leave(making.group));
  CHECK_STATUS(weft_future_set_result(making.promise, NULL), WEFT_OK);
  expect_none(making.queue);
  weft_queue_unref(making.queue);
  end_group(making.group);
  weft_future_unref(making.promise);
  end_executor(making.pool);
  CHECK_EQUAL(making.count, 0);
}

/* The calls make the default runtime. */
static void count_threads(void *ctx) {
  weft_thread_t *thread = UNTOUCHED(weft_thread_t);
  size_t count = 99;
  (void)ctx;
  CHECK_STATUS(weft_thread_active_count(NULL, &count), WEFT_ENOMEM);
  CHECK_STATUS(weft_thread_enumerate(NULL, &thread, 1, &count), WEFT_ENOMEM);
  CHECK(thread == UNTOUCHED(weft_thread_t));
  CHECK_EQUAL(count, 99);
}

static void a_first_use(void) {
  size_t count = 99;
  on_new_thread(count_threads, NULL);
  CHECK_STATUS(weft_thread_active_count(NULL, &count), WEFT_OK);
  CHECK_EQUAL(count, 1);
}

#define IN_CHILD(body)                                                                                                 \
  static void body##_in_child(void) {                                                                                  \
    run_in_child(body);                                                                                                \
  }

IN_CHILD(a_wait_for_a_future)
IN_CHILD(a_wait_for_the_next_of_several)
IN_CHILD(a_wait_for_an_item)
IN_CHILD(the_submit_of_an_item)
IN_CHILD(a_join)
IN_CHILD(a_sleep)
IN_CHILD(a_run_of_the_callers_own_tasks)
IN_CHILD(a_wait_with_an_executor)
IN_CHILD(the_end_of_an_executor)
IN_CHILD(the_end_of_a_runtime)
IN_CHILD(a_loop)
IN_CHILD(a_wait_for_a_group)
IN_CHILD(the_close_of_a_domain)
IN_CHILD(groups_and_what_follows_a_future)
IN_CHILD(a_first_use)

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a wait for a future", a_wait_for_a_future_in_child},
      {"a wait for the next of several", a_wait_for_the_next_of_several_in_child},
      {"a wait for an item", a_wait_for_an_item_in_child},
      {"the submit of an item", the_submit_of_an_item_in_child},
      {"a join", a_join_in_child},
      {"a sleep", a_sleep_in_child},
      {"a run of the caller's own tasks", a_run_of_the_callers_own_tasks_in_child},
      {"a wait with an executor", a_wait_with_an_executor_in_child},
      {"the end of an executor", the_end_of_an_executor_in_child},
      {"the end of a runtime", the_end_of_a_runtime_in_child},
      {"a loop", a_loop_in_child},
      {"a wait for a group", a_wait_for_a_group_in_child},
      {"the close of a domain", the_close_of_a_domain_in_child},
      {"groups and what follows a future", groups_and_what_follows_a_future_in_child},
      {"a first use", a_first_use_in_child},
  };
  if (CHECK_SANITIZED) {
    printf("1..0 # SKIP a sanitizer has its own malloc\n");
    return 0;
  }
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
