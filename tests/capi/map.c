/* Tests of weft_executor_map (weft/map.h): order, failures, windows, time-outs, early ends, and the drops. */
#include <weft/map.h>

#include "setup.h"

enum { item_count = 20 };

/* Items that count their runs; `items` is the argument of map. */
typedef struct work {
  probe_t probes[item_count];
  void *items[item_count];
} work_t;

static void set_up(work_t *work) {
  int i;
  memset(work, 0, sizeof *work);
  for (i = 0; i < item_count; ++i) {
    work->probes[i].result = &work->probes[i];
    work->items[i] = &work->probes[i];
  }
}

static int total_runs(work_t *work) {
  int i, total = 0;
  for (i = 0; i < item_count; ++i) {
    CHECK(probe_runs(&work->probes[i]) <= 1);
    total += probe_runs(&work->probes[i]);
  }
  return total;
}

static void check_all_dropped_once(work_t *work) {
  int i;
  for (i = 0; i < item_count; ++i) CHECK_EQUAL(probe_drops(&work->probes[i]), 1);
}

static weft_map_t *map_over(weft_executor_t *executor, work_t *work, uint64_t buffer, int64_t timeout) {
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_map_options_init(&options);
  options.buffer = buffer;
  options.timeout = timeout;
  CHECK_STATUS(weft_executor_map(executor, &options, probe_run, work->items, item_count, probe_drop, &map), WEFT_OK);
  return map;
}

/* Takes the next future and checks that it has the outcome of item `index`. */
static void check_next(weft_map_t *map, work_t *work, int index) {
  weft_future_t *future = NULL;
  void *result = NULL;
  if (!CHECK_STATUS(weft_map_next(map, &future), WEFT_OK)) return;
  CHECK_EQUAL(weft_future_done(future), 1);
  if (work->probes[index].status == WEFT_OK) {
    CHECK_STATUS(weft_future_result(future, 0, &result), WEFT_OK);
    CHECK(result == &work->probes[index]);
  } else {
    weft_error_t *error = NULL;
    CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK);
    CHECK_EQUAL(weft_error_code(error), work->probes[index].status);
    weft_error_unref(error);
  }
  weft_future_unref(future);
}

static void check_end(weft_map_t *map) {
  weft_future_t *future = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_map_next(map, &future), WEFT_EEND);
  CHECK_STATUS(weft_map_next(map, &future), WEFT_EEND);
  CHECK(future == UNTOUCHED(weft_future_t));
}

static void bad_arguments_change_nothing(void) {
  weft_executor_t *pool = make_pool(1);
  weft_map_t *map = UNTOUCHED(weft_map_t), *empty = NULL;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  work_t work;
  set_up(&work);
  CHECK_STATUS(weft_executor_map(NULL, NULL, probe_run, work.items, 2, probe_drop, &map), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_map(pool, NULL, NULL, work.items, 2, probe_drop, &map), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_map(pool, NULL, probe_run, NULL, 2, probe_drop, &map), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_map(pool, NULL, probe_run, work.items, 2, probe_drop, NULL), WEFT_EINVAL);
  CHECK(map == UNTOUCHED(weft_map_t));
  CHECK_STATUS(weft_map_next(NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_map(pool, NULL, probe_run, NULL, 0, probe_drop, &empty), WEFT_OK);
  CHECK_STATUS(weft_map_next(empty, NULL), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_map_destroy(&empty);
  weft_map_destroy(&empty);
  weft_map_destroy(NULL);
  end_executor(pool);
  CHECK_EQUAL(total_runs(&work), 0);
  CHECK_EQUAL(probe_drops(&work.probes[0]), 0);
}

static void outcomes_come_in_the_order_of_the_items(void) {
  static const uint64_t buffers[] = {0, 1, 2, 7, 19, 20, 21, UINT64_MAX};
  size_t b;
  for (b = 0; b < CHECK_COUNT_OF(buffers); ++b) {
    weft_executor_t *pool = make_pool(3);
    work_t work;
    weft_map_t *map;
    int i;
    set_up(&work);
    work.probes[4].status = 42; /* a failure does not end the iteration */
    work.probes[19].status = -7;
    map = map_over(pool, &work, buffers[b], 0);
    memset(work.items, 0, sizeof work.items); /* map has copied them */
    for (i = 0; i < item_count; ++i) check_next(map, &work, i);
    check_end(map);
    weft_map_destroy(&map);
    CHECK(map == NULL);
    end_executor(pool);
    CHECK_EQUAL(total_runs(&work), item_count);
    check_all_dropped_once(&work);
  }
}

static void nothing_gives_an_end_at_once(void) {
  weft_executor_t *pool = make_pool(1);
  weft_map_t *map = NULL;
  REQUIRE_OK(weft_executor_map(pool, NULL, probe_run, NULL, 0, NULL, &map));
  check_end(map);
  weft_map_destroy(&map);
  end_executor(pool);
}

static void items_run_without_iteration(void) {
  weft_executor_t *pool = make_pool(2);
  work_t work;
  weft_map_t *map;
  set_up(&work);
  map = map_over(pool, &work, 0, 0);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(total_runs(&work), item_count);
  check_next(map, &work, 0);
  weft_map_destroy(&map);
  check_all_dropped_once(&work);
  weft_executor_unref(pool);
}

static void a_window_submits_only_so_far_ahead(void) {
  weft_executor_t *mine = make_caller_run();
  work_t work;
  weft_map_t *map;
  weft_future_t *out = NULL;
  int i;
  set_up(&work);
  map = map_over(mine, &work, 3, 0);
  for (i = 0; i < item_count; ++i) {
    int submitted;
    CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
    submitted = total_runs(&work);
    CHECK(submitted >= i + 1);     /* the next item to be read was submitted */
    CHECK(submitted <= i + 1 + 3); /* and not more than the window ahead of it */
    check_next(map, &work, i);
  }
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EEND);
  weft_map_destroy(&map);
  CHECK_EQUAL(total_runs(&work), item_count);
  check_all_dropped_once(&work);
  weft_executor_unref(mine);
}

static void a_bounded_queue_gets_the_rest_as_the_iteration_goes_on(void) {
  weft_executor_t *pool = make_bounded_pool(2, WEFT_FULL_FAIL, 0);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  work_t work;
  weft_map_t *map;
  int i;
  set_up(&work);
  map = map_over(pool, &work, 0, 0);
  CHECK_EQUAL(stats_of(pool).queued, 2);
  gate_open(&gate);
  for (i = 0; i < item_count; ++i) check_next(map, &work, i);
  check_end(map);
  weft_map_destroy(&map);
  weft_future_unref(running);
  end_executor(pool);
  CHECK_EQUAL(total_runs(&work), item_count);
  check_all_dropped_once(&work);
}

static void a_queue_that_stays_full_ends_no_iteration(void) {
  weft_executor_t *pool = make_bounded_pool(1, WEFT_FULL_FAIL, 0);
  gate_t first = GATE_CLOSED, second = GATE_CLOSED;
  weft_future_t *queued, *out = UNTOUCHED(weft_future_t);
  work_t work;
  weft_map_t *map;
  int i;
  set_up(&work);
  work.probes[0].gate = &first;
  map = map_over(pool, &work, 1, 0);
  gate_await(&first, 1);
  REQUIRE_OK(weft_executor_post(pool, NULL, pass_gate, &second, NULL));
  gate_open(&first);
  gate_await(&second, 1); /* the first item has run */
  queued = submit(pool, return_ctx, NULL, NULL);
  check_next(map, &work, 0);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EFULL);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EFULL);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(total_runs(&work), 1);
  CHECK_EQUAL(probe_drops(&work.probes[1]), 0);
  gate_open(&second);
  end_future(queued); /* now there is room */
  for (i = 1; i < item_count; ++i) check_next(map, &work, i);
  check_end(map);
  weft_map_destroy(&map);
  end_executor(pool);
  CHECK_EQUAL(total_runs(&work), item_count);
  check_all_dropped_once(&work);
}

static void the_other_policies_serve_map_too(void) {
  static const uint32_t policies[] = {WEFT_FULL_WAIT, WEFT_FULL_CALLER};
  size_t p;
  for (p = 0; p < CHECK_COUNT_OF(policies); ++p) {
    weft_executor_t *pool = make_bounded_pool(2, policies[p], 0);
    work_t work;
    weft_map_t *map;
    int i;
    set_up(&work);
    map = map_over(pool, &work, 0, 0);
    for (i = 0; i < item_count; ++i) check_next(map, &work, i);
    check_end(map);
    weft_map_destroy(&map);
    end_executor(pool);
    CHECK_EQUAL(total_runs(&work), item_count);
    check_all_dropped_once(&work);
  }
}

static void a_timeout_cancels_what_has_not_started_and_ends_the_iteration(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  work_t work;
  weft_map_t *map;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  int64_t began = now_ns();
  int i;
  set_up(&work);
  work.probes[1].gate = &gate;
  map = map_over(pool, &work, 0, 50 * WEFT_MILLISECOND);
  check_next(map, &work, 0);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 50 * WEFT_MILLISECOND);
  CHECK(out == UNTOUCHED(weft_future_t));
  for (i = 2; i < item_count; ++i) CHECK_EQUAL(probe_drops(&work.probes[i]), 1);
  check_end(map);
  weft_map_destroy(&map);
  gate_open(&gate);
  end_executor(pool);
  CHECK_EQUAL(total_runs(&work), 2);
  check_all_dropped_once(&work);
}

static void a_negative_timeout_is_over_at_once(void) {
  static const int64_t timeouts[] = {-1, INT64_MIN};
  size_t t;
  for (t = 0; t < CHECK_COUNT_OF(timeouts); ++t) {
    weft_executor_t *mine = make_caller_run();
    work_t work;
    weft_map_t *map;
    weft_future_t *out = UNTOUCHED(weft_future_t);
    set_up(&work);
    map = map_over(mine, &work, 0, timeouts[t]);
    CHECK_STATUS(weft_map_next(map, &out), WEFT_ETIMEDOUT);
    CHECK(out == UNTOUCHED(weft_future_t));
    check_all_dropped_once(&work);
    weft_map_destroy(&map);
    CHECK_EQUAL(total_runs(&work), 0);
    weft_executor_unref(mine);
  }
}

static void destroying_it_cancels_what_has_not_started(void) {
  weft_executor_t *mine = make_caller_run();
  work_t work;
  weft_map_t *map;
  set_up(&work);
  map = map_over(mine, &work, 0, 0);
  CHECK_STATUS(weft_executor_run(mine, 2, WEFT_FOREVER, NULL), WEFT_OK);
  check_next(map, &work, 0);
  weft_map_destroy(&map);
  CHECK(map == NULL);
  check_all_dropped_once(&work);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_EQUAL(total_runs(&work), 2);
  weft_executor_unref(mine);
}

static void after_a_shutdown_the_rest_comes_cancelled(void) {
  weft_executor_t *mine = make_caller_run();
  work_t work;
  weft_map_t *map;
  int i;
  set_up(&work);
  map = map_over(mine, &work, 2, 0);
  CHECK_STATUS(weft_executor_shutdown(mine, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  check_next(map, &work, 0);
  for (i = 1; i < item_count; ++i) {
    weft_future_t *future = NULL;
    REQUIRE_OK(weft_map_next(map, &future));
    CHECK_EQUAL(weft_future_cancelled(future), !probe_runs(&work.probes[i]));
    weft_future_unref(future);
  }
  check_end(map);
  weft_map_destroy(&map);
  CHECK(total_runs(&work) < item_count);
  check_all_dropped_once(&work);
  weft_executor_unref(mine);
}

static weft_status map_inside(void *ctx, void **result, weft_error_t **error) {
  weft_executor_t *pool = (weft_executor_t *)ctx;
  work_t work;
  weft_map_t *map;
  int i;
  (void)result;
  (void)error;
  set_up(&work);
  map = map_over(pool, &work, 0, 0);
  for (i = 0; i < item_count; ++i) check_next(map, &work, i);
  check_end(map);
  weft_map_destroy(&map);
  CHECK_EQUAL(total_runs(&work), item_count);
  check_all_dropped_once(&work);
  return WEFT_OK;
}

static void a_task_may_map_over_its_own_pool(void) {
  weft_executor_t *pool = make_pool(1);
  end_future(submit(pool, map_inside, pool, NULL));
  end_executor(pool);
}

static weft_status map_over_my_own_strand(void *ctx, void **result, weft_error_t **error) {
  weft_future_t *out = UNTOUCHED(weft_future_t);
  work_t work;
  weft_map_t *map;
  (void)result;
  (void)error;
  set_up(&work);
  map = map_over((weft_executor_t *)ctx, &work, 0, 0);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EDEADLK);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_map_destroy(&map);
  check_all_dropped_once(&work);
  CHECK_EQUAL(total_runs(&work), 0);
  return WEFT_OK;
}

static void waiting_for_items_behind_oneself_is_refused(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  end_future(submit(strand, map_over_my_own_strand, strand, NULL));
  end_executor(strand);
  end_executor(pool);
}

static void results_that_nobody_took_are_dropped(void) {
  weft_executor_t *pool = make_pool(2);
  weft_task_options_t each;
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL;
  work_t work;
  int i;
  set_up(&work);
  weft_task_options_init(&each);
  each.result_drop = probe_drop;
  weft_map_options_init(&options);
  options.tasks = &each;
  REQUIRE_OK(weft_executor_map(pool, &options, return_ctx, work.items, item_count, NULL, &map));
  REQUIRE_OK(weft_map_next(map, &future));
  CHECK_STATUS(weft_future_take(future, 0, NULL), WEFT_OK);
  weft_future_unref(future);
  for (i = 1; i < item_count; ++i) {
    REQUIRE_OK(weft_map_next(map, &future));
    CHECK_EQUAL(probe_drops(&work.probes[i]), 0);
    weft_future_unref(future); /* the iterator keeps no future that it has yielded */
  }
  weft_map_destroy(&map);
  end_executor(pool);
  CHECK_EQUAL(probe_drops(&work.probes[0]), 0);
  for (i = 1; i < item_count; ++i) CHECK_EQUAL(probe_drops(&work.probes[i]), 1);
}

static void a_strand_serves_map_too(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  work_t work;
  weft_map_t *map;
  int i;
  set_up(&work);
  map = map_over(strand, &work, 2, 0);
  for (i = 0; i < item_count; ++i) check_next(map, &work, i);
  check_end(map);
  weft_map_destroy(&map);
  end_executor(strand);
  end_executor(pool);
  check_all_dropped_once(&work);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"outcomes come in the order of the items", outcomes_come_in_the_order_of_the_items},
      {"nothing gives an end at once", nothing_gives_an_end_at_once},
      {"items run without iteration", items_run_without_iteration},
      {"a window submits only so far ahead", a_window_submits_only_so_far_ahead},
      {"a bounded queue gets the rest as the iteration goes on",
       a_bounded_queue_gets_the_rest_as_the_iteration_goes_on},
      {"a queue that stays full ends no iteration", a_queue_that_stays_full_ends_no_iteration},
      {"the other policies serve map too", the_other_policies_serve_map_too},
      {"a timeout cancels what has not started and ends the iteration",
       a_timeout_cancels_what_has_not_started_and_ends_the_iteration},
      {"a negative timeout is over at once", a_negative_timeout_is_over_at_once},
      {"destroying it cancels what has not started", destroying_it_cancels_what_has_not_started},
      {"after a shutdown the rest comes cancelled", after_a_shutdown_the_rest_comes_cancelled},
      {"a task may map over its own pool", a_task_may_map_over_its_own_pool},
      {"waiting for items behind oneself is refused", waiting_for_items_behind_oneself_is_refused},
      {"results that nobody took are dropped", results_that_nobody_took_are_dropped},
      {"a strand serves map too", a_strand_serves_map_too},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
