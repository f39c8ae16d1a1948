/* Tests of weft_future_flatten: whichever of the two futures is done first, what is handed on, ownership, cancellation
 * at every point, waits inside tasks, circles. */
#include <weft/continuation.h>

#include "setup.h"

static void unref_future(void *future) {
  weft_future_unref((weft_future_t *)future);
}

/* A promise whose result is a future. */
static weft_future_t *make_outer(void) {
  return make_promise(unref_future);
}

static weft_future_t *flatten(weft_future_t *outer) {
  weft_future_t *out = NULL;
  CHECK_STATUS(weft_future_flatten(outer, &out), WEFT_OK);
  return out;
}

/* Gives `outer` a reference to `inner` as its result. */
static void set_inner(weft_future_t *outer, weft_future_t *inner) {
  CHECK_STATUS(weft_future_set_result(outer, weft_future_ref(inner)), WEFT_OK);
}

static void check_failure(weft_future_t *future, int32_t code) {
  weft_error_t *error = NULL;
  if (!CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK)) return;
  CHECK(error != NULL);
  CHECK_EQUAL(weft_error_code(error), code);
  weft_error_unref(error);
}

/* A continuation whose result is the inner future, its context. */
static weft_status begin_inner(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  (void)done;
  (void)error;
  *result = weft_future_ref((weft_future_t *)ctx);
  return WEFT_OK;
}

static void bad_arguments_are_refused(void) {
  weft_future_t *outer = make_outer(), *any = NULL, *out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_future_flatten(NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_flatten(outer, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_when_any(&outer, 1, &any), WEFT_OK); /* its result is an index */
  CHECK_STATUS(weft_future_flatten(any, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then(outer, NULL, WEFT_THEN_ERROR | WEFT_THEN_FLATTEN, NULL, begin_inner, NULL, NULL, &out),
               WEFT_EINVAL);
  CHECK_STATUS(weft_future_then(outer, NULL, WEFT_THEN_FLATTEN << 1, NULL, begin_inner, NULL, NULL, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_future_unref(any);
  weft_future_unref(outer);
}

/* Every outcome of the inner future, in each order of the three events. */
static void the_outcome_of_the_inner_future_is_handed_on(void) {
  enum { by_result, by_error, by_cancel };
  enum { flatten_outer_inner, outer_flatten_inner, outer_inner_flatten, inner_outer_flatten };
  static int kept;
  int way, order;
  for (way = by_result; way <= by_cancel; ++way) {
    for (order = flatten_outer_inner; order <= inner_outer_flatten; ++order) {
      weft_future_t *outer = make_outer(), *inner = make_promise(NULL), *out = NULL;
      weft_error_t *failure = make_error(5), *error = NULL;
      void *result = NULL;
      if (order == flatten_outer_inner) out = flatten(outer);
      if (order != inner_outer_flatten) set_inner(outer, inner);
      if (order == outer_flatten_inner) out = flatten(outer);
      if (out != NULL) CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_PENDING);
      if (way == by_result) CHECK_STATUS(weft_future_set_result(inner, &kept), WEFT_OK);
      if (way == by_error) CHECK_STATUS(weft_future_set_error(inner, failure), WEFT_OK);
      if (way == by_cancel) CHECK_STATUS(weft_future_cancel(inner), WEFT_OK);
      if (order == inner_outer_flatten) set_inner(outer, inner);
      if (out == NULL) out = flatten(outer);
      weft_future_unref(outer);
      weft_future_unref(inner);
      CHECK_EQUAL(weft_future_done(out), 1);
      CHECK_STATUS(weft_future_result(out, 0, &result), way == by_result  ? WEFT_OK
                                                        : way == by_error ? WEFT_EFAILED
                                                                          : WEFT_ECANCELED);
      if (way == by_result) CHECK(result == &kept);
      if (way == by_error) {
        CHECK_STATUS(weft_future_exception(out, 0, &error), WEFT_OK);
        CHECK(error == failure);
        weft_error_unref(error);
      }
      weft_error_unref(failure);
      weft_future_unref(out);
    }
  }
}

static void an_outer_future_without_a_result_hands_that_on(void) {
  int late;
  for (late = 0; late <= 1; ++late) {
    weft_future_t *failed = make_outer(), *cancelled = make_outer(), *out[2] = {NULL, NULL};
    weft_error_t *failure = make_error(7);
    if (!late) out[0] = flatten(failed), out[1] = flatten(cancelled);
    CHECK_STATUS(weft_future_set_error(failed, failure), WEFT_OK);
    CHECK_STATUS(weft_future_cancel(cancelled), WEFT_OK);
    if (late) out[0] = flatten(failed), out[1] = flatten(cancelled);
    check_failure(out[0], 7);
    CHECK_EQUAL(weft_future_cancelled(out[1]), 1);
    weft_error_unref(failure);
    weft_future_unref(failed);
    weft_future_unref(cancelled);
    weft_future_unref(out[0]);
    weft_future_unref(out[1]);
  }
}

static void a_result_that_is_no_future_is_an_error(void) {
  weft_future_t *none = make_outer(), *taken = make_outer(), *inner = make_promise(NULL), *out;
  void *result = NULL;
  CHECK_STATUS(weft_future_set_result(none, NULL), WEFT_OK);
  out = flatten(none);
  check_failure(out, WEFT_EINVALIDSTATE);
  weft_future_unref(out);
  set_inner(taken, inner);
  CHECK_STATUS(weft_future_take(taken, 0, &result), WEFT_OK);
  CHECK(result == inner);
  out = flatten(taken);
  check_failure(out, WEFT_EINVALIDSTATE);
  weft_future_unref(out);
  weft_future_unref(inner); /* what was taken */
  weft_future_unref(inner);
  weft_future_unref(none);
  weft_future_unref(taken);
}

static void the_result_of_the_outer_future_is_taken(void) {
  weft_future_t *outer = make_outer(), *inner = make_promise(NULL), *out;
  void *result = NULL;
  set_inner(outer, inner);
  out = flatten(outer);
  CHECK_STATUS(weft_future_result(outer, 0, &result), WEFT_EINVALIDSTATE);
  weft_future_unref(outer);
  CHECK_STATUS(weft_future_set_result(inner, NULL), WEFT_OK);
  weft_future_unref(inner);
  CHECK_STATUS(weft_future_wait(out, 0), WEFT_OK);
  weft_future_unref(out);
}

/* Nothing but the outer result refers to a promise: it is given up when that result is taken. */
static void an_inner_promise_that_is_given_up_cancels(void) {
  weft_future_t *outer = make_outer(), *out = flatten(outer);
  CHECK_STATUS(weft_future_set_result(outer, make_promise(NULL)), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(out), 1);
  weft_future_unref(outer);
  weft_future_unref(out);
}

static void its_cancellation_cancels_neither(void) {
  int late;
  for (late = 0; late <= 1; ++late) {
    weft_future_t *outer = make_outer(), *inner = make_promise(NULL), *out = flatten(outer);
    if (late) set_inner(outer, inner);
    CHECK_STATUS(weft_future_cancel(out), WEFT_OK);
    if (!late) set_inner(outer, inner);
    CHECK_EQUAL(weft_future_state(inner), WEFT_FUTURE_PENDING);
    CHECK_EQUAL(weft_future_state(outer), WEFT_FUTURE_RESULT);
    CHECK_STATUS(weft_future_set_result(inner, NULL), WEFT_OK);
    CHECK_EQUAL(weft_future_cancelled(out), 1);
    weft_future_unref(out);
    weft_future_unref(outer);
    weft_future_unref(inner);
  }
}

static void it_may_be_given_up_at_any_point(void) {
  int point;
  for (point = 0; point < 3; ++point) {
    weft_future_t *outer = make_outer(), *inner = make_promise(NULL), *out = flatten(outer);
    if (point == 0) weft_future_unref(out);
    set_inner(outer, inner);
    if (point == 1) weft_future_unref(out);
    CHECK_STATUS(weft_future_set_result(inner, NULL), WEFT_OK);
    if (point == 2) weft_future_unref(out);
    weft_future_unref(outer);
    weft_future_unref(inner);
  }
}

static void a_future_of_itself_is_an_error(void) {
  weft_future_t *outer = make_outer(), *out = flatten(outer);
  set_inner(outer, out);
  check_failure(out, WEFT_EDEADLK);
  weft_future_unref(outer);
  weft_future_unref(out);
}

/* Two futures of each other are never done. Waits and cancellations end all the same. */
static void two_futures_of_each_other_can_be_cancelled(void) {
  weft_future_t *outers[2] = {make_outer(), make_outer()};
  weft_future_t *outs[2] = {flatten(outers[0]), flatten(outers[1])};
  set_inner(outers[0], outs[1]);
  set_inner(outers[1], outs[0]);
  CHECK_STATUS(weft_future_wait(outs[0], WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_future_cancel(outs[0]), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(outs[1]), 1);
  weft_future_unref(outers[0]);
  weft_future_unref(outers[1]);
  weft_future_unref(outs[0]);
  weft_future_unref(outs[1]);
}

typedef struct nest {
  weft_executor_t *pool;
  intptr_t depth;
} nest_t;

/* A task whose result is the future of a task, and so on: the innermost one has the result. */
static weft_status go_deeper(void *ctx, void **result, weft_error_t **error) {
  nest_t *nest = (nest_t *)ctx;
  weft_task_options_t options;
  weft_future_t *nested = NULL, *flat = NULL;
  weft_status status;
  (void)error;
  weft_task_options_init(&options);
  options.result_drop = unref_future;
  if (--nest->depth == 0)
    return weft_executor_submit(nest->pool, NULL, return_ctx, nest, NULL, (weft_future_t **)result);
  status = weft_executor_submit(nest->pool, &options, go_deeper, nest, NULL, &nested);
  if (status != WEFT_OK) return status;
  status = weft_future_flatten(nested, &flat);
  weft_future_unref(nested);
  *result = flat;
  return status;
}

static weft_status wait_for_nest(void *ctx, void **result, weft_error_t **error) {
  nest_t *nest = (nest_t *)ctx;
  weft_task_options_t options;
  weft_future_t *nested = NULL, *flat = NULL;
  (void)error;
  weft_task_options_init(&options);
  options.result_drop = unref_future;
  CHECK_STATUS(weft_executor_submit(nest->pool, &options, go_deeper, nest, NULL, &nested), WEFT_OK);
  flat = flatten(nested);
  weft_future_unref(nested);
  CHECK_STATUS(weft_future_result(flat, WEFT_FOREVER, result), WEFT_OK);
  weft_future_unref(flat);
  return WEFT_OK;
}

static void a_wait_in_the_only_worker_runs_all_that_it_comes_of(void) {
  enum { depth = CHECK_SANITIZED ? 500 : 2000 };
  nest_t nest = {make_pool(1), depth};
  weft_future_t *waiter = submit(nest.pool, wait_for_nest, &nest, NULL);
  void *result = NULL;
  CHECK_STATUS(weft_future_result(waiter, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == &nest);
  weft_future_unref(waiter);
  end_executor(nest.pool);
}

static void a_continuation_may_hand_on_a_future(void) {
  uint32_t way;
  for (way = WEFT_THEN_RESULT; way <= WEFT_THEN_ALWAYS; way += WEFT_THEN_ALWAYS) {
    weft_future_t *source = make_promise(NULL), *inner = make_promise(NULL), *out = NULL;
    weft_task_options_t options;
    void *result = NULL;
    weft_task_options_init(&options);
    options.result_drop = unref_future;
    REQUIRE_OK(weft_future_then(source, NULL, way | WEFT_THEN_FLATTEN, &options, begin_inner, inner, NULL, &out));
    if (way == WEFT_THEN_RESULT)
      CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
    else
      CHECK_STATUS(weft_future_cancel(source), WEFT_OK);
    CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_PENDING);
    CHECK_STATUS(weft_future_set_result(inner, &options), WEFT_OK);
    CHECK_STATUS(weft_future_result(out, 0, &result), WEFT_OK);
    CHECK(result == &options);
    weft_future_unref(source);
    weft_future_unref(inner);
    weft_future_unref(out);
  }
}

/* --- what comes while a waiter sleeps --- */

typedef struct sleeper {
  weft_future_t *wanted;
  uint64_t tid; /* atomic; 0 before */
  weft_status waited;
} sleeper_t;

static weft_status sleep_for_wanted(void *ctx, void **result, weft_error_t **error) {
  sleeper_t *self = (sleeper_t *)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  self->waited = weft_future_wait(self->wanted, WEFT_FOREVER);
  return WEFT_OK;
}

static weft_future_t *start_sleeper(weft_executor_t *pool, sleeper_t *sleeper) {
  weft_future_t *task = submit(pool, sleep_for_wanted, sleeper, NULL);
  while (__atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(__atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE));
  return task;
}

/* The only worker sleeps, and the inner task comes to its own queue. */
static void a_sleeper_runs_the_inner_task(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *outer = make_outer(), *inner, *task;
  sleeper_t sleeper = {flatten(outer), 0, 1};
  task = start_sleeper(pool, &sleeper);
  inner = submit(pool, return_ctx, NULL, NULL);
  set_inner(outer, inner);
  end_future(task);
  CHECK_STATUS(sleeper.waited, WEFT_OK);
  weft_future_unref(inner);
  weft_future_unref(outer);
  weft_future_unref(sleeper.wanted);
  end_executor(pool);
}

static void a_circle_that_closes_while_it_sleeps_is_told(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *outer = make_outer(), *task;
  sleeper_t sleeper = {flatten(outer), 0, 1};
  task = start_sleeper(pool, &sleeper);
  set_inner(outer, task);
  CHECK_STATUS(weft_future_wait(task, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(sleeper.waited, WEFT_EDEADLK);
  weft_future_unref(task);
  weft_future_unref(outer);
  weft_future_unref(sleeper.wanted);
  end_executor(pool);
}

typedef struct joining {
  weft_future_t *wanted;
  weft_thread_t *waiter;
  uint64_t tids[2]; /* atomic; of the waiting thread and of the joining task */
  weft_status waited, joined;
} joining_t;

static weft_status wait_as_thread(void *ctx, weft_error_t **error) {
  joining_t *self = (joining_t *)ctx;
  (void)error;
  __atomic_store_n(&self->tids[0], own_tid(), __ATOMIC_RELEASE);
  self->waited = weft_future_wait(self->wanted, WEFT_FOREVER);
  return WEFT_OK;
}

static weft_status join_waiter(void *ctx, void **result, weft_error_t **error) {
  joining_t *self = (joining_t *)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&self->tids[1], own_tid(), __ATOMIC_RELEASE);
  self->joined = weft_thread_join(self->waiter, WEFT_FOREVER);
  return WEFT_OK;
}

/* Neither could run anything, so neither looks again by itself. */
static void a_circle_of_a_thread_and_a_join_is_told(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *outer = make_outer(), *task;
  joining_t both = {flatten(outer), NULL, {0, 0}, 1, 1};
  int i;
  both.waiter = start_thread(NULL, WEFT_DAEMON_NO, wait_as_thread, &both, NULL);
  task = submit(pool, join_waiter, &both, NULL);
  for (i = 0; i < 2; ++i) {
    while (__atomic_load_n(&both.tids[i], __ATOMIC_ACQUIRE) == 0) sched_yield();
    await_asleep(__atomic_load_n(&both.tids[i], __ATOMIC_ACQUIRE));
  }
  set_inner(outer, task);
  CHECK_STATUS(weft_future_wait(task, WEFT_FOREVER), WEFT_OK);
  end_thread(both.waiter);
  CHECK(both.waited == WEFT_EDEADLK || both.joined == WEFT_EDEADLK);
  weft_future_unref(task);
  weft_future_unref(outer);
  weft_future_unref(both.wanted);
  end_executor(pool);
}

/* Such a circle is never done, and is not found. The wait must end when a part of it is cancelled. */
static void a_circle_through_a_gathering_can_be_cancelled(void) {
  int any;
  for (any = 0; any <= 1; ++any) {
    weft_executor_t *pool = make_pool(1);
    weft_future_t *outer = make_outer(), *other = make_promise(NULL), *parts[2], *all = NULL, *task;
    sleeper_t sleeper = {flatten(outer), 0, 1};
    parts[0] = sleeper.wanted;
    parts[1] = other;
    CHECK_STATUS(any ? weft_when_any(parts, 2, &all) : weft_when_all(parts, 2, &all), WEFT_OK);
    set_inner(outer, all);
    task = start_sleeper(pool, &sleeper);
    CHECK_STATUS(weft_future_cancel(sleeper.wanted), WEFT_OK);
    end_future(task);
    CHECK_STATUS(sleeper.waited, WEFT_OK);
    CHECK_STATUS(weft_future_set_result(other, NULL), WEFT_OK);
    weft_future_unref(other);
    weft_future_unref(all);
    weft_future_unref(outer);
    weft_future_unref(sleeper.wanted);
    end_executor(pool);
  }
}

typedef struct own_future {
  weft_future_t *self;
  gate_t known; /* opened when `self` is set */
} own_future_t;

static weft_status wait_for_itself(void *ctx, void **result, weft_error_t **error) {
  own_future_t *own = (own_future_t *)ctx;
  weft_future_t *outer = make_outer(), *out = flatten(outer);
  (void)result;
  (void)error;
  gate_pass(&own->known);
  set_inner(outer, own->self);
  CHECK_STATUS(weft_future_wait(out, WEFT_FOREVER), WEFT_EDEADLK);
  weft_future_unref(outer);
  weft_future_unref(out);
  return WEFT_OK;
}

static void a_task_that_waits_for_itself_through_it_is_told(void) {
  own_future_t own = {NULL, GATE_CLOSED};
  weft_executor_t *pool = make_pool(1);
  own.self = submit(pool, wait_for_itself, &own, NULL);
  gate_open(&own.known);
  CHECK_STATUS(weft_future_wait(own.self, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(own.self);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments are refused", bad_arguments_are_refused},
      {"the outcome of the inner future is handed on", the_outcome_of_the_inner_future_is_handed_on},
      {"an outer future without a result hands that on", an_outer_future_without_a_result_hands_that_on},
      {"a result that is no future is an error", a_result_that_is_no_future_is_an_error},
      {"the result of the outer future is taken", the_result_of_the_outer_future_is_taken},
      {"an inner promise that is given up cancels", an_inner_promise_that_is_given_up_cancels},
      {"its cancellation cancels neither", its_cancellation_cancels_neither},
      {"it may be given up at any point", it_may_be_given_up_at_any_point},
      {"a future of itself is an error", a_future_of_itself_is_an_error},
      {"two futures of each other can be cancelled", two_futures_of_each_other_can_be_cancelled},
      {"a continuation may hand on a future", a_continuation_may_hand_on_a_future},
      {"a sleeper runs the inner task", a_sleeper_runs_the_inner_task},
      {"a circle that closes while it sleeps is told", a_circle_that_closes_while_it_sleeps_is_told},
      {"a circle of a thread and a join is told", a_circle_of_a_thread_and_a_join_is_told},
      {"a circle through a gathering can be cancelled", a_circle_through_a_gathering_can_be_cancelled},
      {"a wait in the only worker runs all that it comes of", a_wait_in_the_only_worker_runs_all_that_it_comes_of},
      {"a task that waits for itself through it is told", a_task_that_waits_for_itself_through_it_is_told},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
