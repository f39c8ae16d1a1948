/* Tests of weft_future_then and weft_future_then_task: when and where fn runs, what is handed on, ownership,
 * refusals of executors, cancellation, waiting inside tasks. Long chains are in continuation_chain.c. */
#include <weft/continuation.h>

#include "setup.h"

/* What a continuation does and what it saw. */
typedef struct step {
  weft_status status; /* what it returns */
  int with_error;
  void *result;
  gate_t *gate;    /* passed first; NULL: none */
  int runs, drops; /* atomic */
  int32_t seen_state;
  weft_future_t *seen;
  weft_future_t *source; /* of weft_continuation_source */
  pthread_t ran_on;
} step_t;

static weft_status step_run(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  step_t *step = (step_t *)ctx;
  __atomic_add_fetch(&step->runs, 1, __ATOMIC_ACQ_REL);
  if (step->gate) gate_pass(step->gate);
  step->seen = done;
  step->seen_state = weft_future_state(done);
  step->source = weft_continuation_source();
  step->ran_on = pthread_self();
  if (step->with_error) return weft_error_create(9, "StepError", "no step", error);
  *result = step->result;
  return step->status;
}

static void step_drop(void *ctx) {
  __atomic_add_fetch(&((step_t *)ctx)->drops, 1, __ATOMIC_ACQ_REL);
}

static weft_future_t *then(weft_future_t *future, weft_executor_t *executor, uint32_t when, step_t *step) {
  weft_future_t *out = NULL;
  CHECK_STATUS(weft_future_then(future, executor, when, NULL, step_run, step, step_drop, &out), WEFT_OK);
  return out;
}

static void check_step(step_t *step, int runs, int drops) {
  CHECK_EQUAL(count_of(&step->runs), runs);
  CHECK_EQUAL(count_of(&step->drops), drops);
}

static void fail_promise(weft_future_t *promise, int32_t code) {
  weft_error_t *error = make_error(code);
  CHECK_STATUS(weft_future_set_error(promise, error), WEFT_OK);
  weft_error_unref(error);
}

static void bad_arguments_are_refused(void) {
  step_t step = {0};
  weft_future_t *promise = make_promise(NULL), *out = UNTOUCHED(weft_future_t);
  weft_task_options_t options;
  struct {
    weft_task_options_t known;
    uint64_t unknown;
  } longer;
  CHECK_STATUS(weft_future_then(NULL, NULL, WEFT_THEN_RESULT, NULL, step_run, &step, step_drop, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then(promise, NULL, WEFT_THEN_RESULT, NULL, NULL, &step, step_drop, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then(promise, NULL, WEFT_THEN_RESULT, NULL, step_run, &step, step_drop, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then(promise, NULL, 3, NULL, step_run, &step, step_drop, &out), WEFT_EINVAL);
  weft_task_options_init(&options);
  options.size = 3;
  CHECK_STATUS(weft_future_then(promise, NULL, WEFT_THEN_RESULT, &options, step_run, &step, step_drop, &out),
               WEFT_EINVAL);
  weft_task_options_init(&longer.known);
  longer.known.size = sizeof longer;
  longer.unknown = 1;
  CHECK_STATUS(weft_future_then(promise, NULL, WEFT_THEN_RESULT, &longer.known, step_run, &step, step_drop, &out),
               WEFT_ENOTSUP);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  weft_future_unref(promise);
  check_step(&step, 0, 0);
}

/* Every outcome of the source with every `when`, linked before and after the source is done. */
static void when_it_runs_and_what_is_handed_on(void) {
  enum { by_result, by_error, by_cancel };
  uint32_t when;
  int way, late;
  for (when = WEFT_THEN_RESULT; when <= WEFT_THEN_ALWAYS; ++when) {
    for (way = by_result; way <= by_cancel; ++way) {
      for (late = 0; late <= 1; ++late) {
        static int kept, made;
        step_t step = {0};
        weft_future_t *source = make_promise(NULL), *out = NULL;
        weft_error_t *failure = make_error(5), *error = NULL;
        void *result = NULL;
        int runs = when == WEFT_THEN_ALWAYS || (when == WEFT_THEN_RESULT && way == by_result) ||
                   (when == WEFT_THEN_ERROR && way == by_error);
        step.result = &made;
        if (!late) {
          out = then(source, NULL, when, &step);
          CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_PENDING);
          check_step(&step, 0, 0);
        }
        if (way == by_result) CHECK_STATUS(weft_future_set_result(source, &kept), WEFT_OK);
        if (way == by_error) CHECK_STATUS(weft_future_set_error(source, failure), WEFT_OK);
        if (way == by_cancel) CHECK_STATUS(weft_future_cancel(source), WEFT_OK);
        if (late) out = then(source, NULL, when, &step);
        check_step(&step, runs, 1);
        if (runs) {
          CHECK(step.seen == source && step.source == source && weft_continuation_source() == NULL);
          CHECK_EQUAL(step.seen_state, weft_future_state(source));
          CHECK_STATUS(weft_future_result(out, 0, &result), WEFT_OK);
          CHECK(result == &made);
        } else {
          CHECK_EQUAL(weft_future_state(out), weft_future_state(source));
          if (way == by_result) CHECK(weft_future_result(out, 0, &result) == WEFT_OK && result == &kept);
          if (way == by_error) CHECK(weft_future_exception(out, 0, &error) == WEFT_OK && error == failure);
        }
        weft_error_unref(error);
        weft_error_unref(failure);
        weft_future_unref(source);
        weft_future_unref(out);
      }
    }
  }
}

static void what_fn_returns_is_the_outcome(void) {
  step_t status = {0}, object = {0};
  weft_future_t *source = make_promise(NULL), *first, *second;
  weft_error_t *error = NULL;
  status.status = 17;
  object.with_error = 1;
  first = then(source, NULL, WEFT_THEN_RESULT, &status);
  second = then(source, NULL, WEFT_THEN_RESULT, &object);
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_exception(first, 0, &error), WEFT_OK);
  CHECK_EQUAL(weft_error_code(error), 17);
  weft_error_unref(error);
  CHECK_STATUS(weft_future_exception(second, 0, &error), WEFT_OK);
  CHECK_TEXT(weft_error_kind(error), "StepError");
  weft_error_unref(error);
  weft_future_unref(source);
  weft_future_unref(first);
  weft_future_unref(second);
}

static void a_result_that_is_handed_on_has_one_owner(void) {
  int drops = 0;
  step_t step = {0};
  weft_future_t *source = make_promise(count_drop), *first, *second;
  void *result = NULL;
  first = then(source, NULL, WEFT_THEN_ERROR, &step);
  second = then(first, NULL, WEFT_THEN_ERROR, &step);
  CHECK_STATUS(weft_future_set_result(source, &drops), WEFT_OK);
  weft_future_unref(source);
  weft_future_unref(first);
  CHECK_EQUAL(count_of(&drops), 0);
  CHECK_STATUS(weft_future_result(second, 0, &result), WEFT_OK);
  CHECK(result == &drops);
  weft_future_unref(second);
  CHECK_EQUAL(count_of(&drops), 1);
  check_step(&step, 0, 2);

  source = make_promise(count_drop);
  first = then(source, NULL, WEFT_THEN_ERROR, &step);
  CHECK_STATUS(weft_future_set_result(source, &drops), WEFT_OK);
  CHECK_STATUS(weft_future_take(first, 0, &result), WEFT_OK);
  CHECK_STATUS(weft_future_take(source, 0, &result), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_result(source, 0, &result), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_result(first, 0, &result), WEFT_EINVALIDSTATE);
  weft_future_unref(first);
  weft_future_unref(source);
  CHECK_EQUAL(count_of(&drops), 1);
}

static void the_result_of_fn_is_dropped_once(void) {
  int drops = 0;
  step_t step = {0};
  weft_task_options_t options;
  weft_future_t *source = make_promise(NULL), *out = NULL;
  weft_task_options_init(&options);
  options.result_drop = count_drop;
  step.result = &drops;
  REQUIRE_OK(weft_future_then(source, NULL, WEFT_THEN_RESULT, &options, step_run, &step, step_drop, &out));
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  weft_future_unref(source);
  CHECK_EQUAL(count_of(&drops), 0);
  weft_future_unref(out);
  CHECK_EQUAL(count_of(&drops), 1);
}

/* The source is kept while fn may read it, and no longer. */
static void the_source_is_let_go(void) {
  int drops = 0;
  step_t step = {0};
  weft_future_t *source = make_promise(count_drop), *out = then(source, NULL, WEFT_THEN_RESULT, &step);
  CHECK_STATUS(weft_future_set_result(source, &drops), WEFT_OK);
  CHECK_EQUAL(count_of(&drops), 0);
  weft_future_unref(source);
  CHECK_EQUAL(count_of(&drops), 1);
  weft_future_unref(out);
}

static void it_runs_on_its_executor(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool), *loop = make_caller_run();
  step_t on_pool = {0}, on_strand = {0}, on_loop = {0};
  weft_future_t *source = submit(pool, return_ctx, &on_pool, NULL);
  weft_future_t *first = then(source, pool, WEFT_THEN_RESULT, &on_pool);
  weft_future_t *second = then(first, strand, WEFT_THEN_RESULT, &on_strand);
  weft_future_t *third = then(second, loop, WEFT_THEN_RESULT, &on_loop);
  uint64_t ran = 0;
  CHECK_STATUS(weft_executor_run_wait(loop, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 1);
  CHECK_STATUS(weft_future_wait(third, WEFT_FOREVER), WEFT_OK);
  check_step(&on_pool, 1, 1);
  check_step(&on_strand, 1, 1);
  check_step(&on_loop, 1, 1);
  CHECK(!pthread_equal(on_pool.ran_on, pthread_self()) && !pthread_equal(on_strand.ran_on, pthread_self()));
  CHECK(pthread_equal(on_loop.ran_on, pthread_self()));
  weft_future_unref(source);
  weft_future_unref(first);
  weft_future_unref(second);
  weft_future_unref(third);
  end_executor(loop);
  end_executor(strand);
  end_executor(pool);
}

static weft_status fail_to_begin(void *ctx, weft_error_t **error) {
  (void)ctx;
  return weft_error_create(1, "InitError", "not today", error);
}

static void a_refusal_is_an_error(void) {
  weft_executor_t *pool = make_pool(1), *full = make_bounded_pool(1, WEFT_FULL_FAIL, 0), *broken = NULL;
  weft_executor_options_t options;
  gate_t gate = GATE_CLOSED;
  step_t step = {0};
  weft_error_t *error = NULL, *reason = NULL;
  weft_future_t *source = make_promise(NULL), *outs[3], *busy, *queued, *first;
  size_t i;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = fail_to_begin;
  REQUIRE_OK(weft_executor_create(NULL, &options, &broken));
  outs[0] = then(source, pool, WEFT_THEN_RESULT, &step);
  outs[1] = then(source, full, WEFT_THEN_RESULT, &step);
  outs[2] = then(source, broken, WEFT_THEN_RESULT, &step);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  busy = occupy_worker(full, &gate);
  queued = submit(full, return_ctx, NULL, NULL);
  first = submit(broken, return_ctx, NULL, NULL);
  end_future(first);
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  check_step(&step, 0, 3);
  CHECK_STATUS(weft_future_exception(outs[0], 0, &error), WEFT_OK);
  CHECK_EQUAL(weft_error_code(error), WEFT_ESHUTDOWN);
  weft_error_unref(error);
  CHECK_STATUS(weft_future_exception(outs[1], 0, &error), WEFT_OK);
  CHECK_EQUAL(weft_error_code(error), WEFT_EFULL);
  weft_error_unref(error);
  CHECK_STATUS(weft_future_exception(outs[2], 0, &error), WEFT_OK);
  CHECK_STATUS(weft_executor_error(broken, &reason), WEFT_OK);
  CHECK(error == reason && reason != NULL);
  weft_error_unref(error);
  weft_error_unref(reason);
  gate_open(&gate);
  end_future(busy);
  end_future(queued);
  for (i = 0; i < 3; ++i) weft_future_unref(outs[i]);
  weft_future_unref(source);
  weft_executor_unref(pool);
  weft_executor_unref(broken);
  end_executor(full);
}

/* The continuation keeps the executor open: otherwise it would close with the last handle. */
static void the_executor_is_kept(void) {
  weft_executor_t *pool = make_pool(1);
  step_t step = {0};
  weft_future_t *source = make_promise(NULL), *out = then(source, pool, WEFT_THEN_RESULT, &step);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_result(out, WEFT_FOREVER, NULL), WEFT_OK);
  check_step(&step, 1, 1);
  weft_future_unref(source);
  weft_future_unref(out);
}

static void cancelled_before_it_never_runs(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  step_t linked = {0}, queued = {0}, running = {0}, stays = {0};
  weft_future_t *busy, *source = make_promise(NULL), *other = make_promise(NULL), *outs[4];
  size_t i;
  outs[0] = then(source, pool, WEFT_THEN_ALWAYS, &linked);
  outs[1] = then(source, NULL, WEFT_THEN_ALWAYS, &stays);
  CHECK_STATUS(weft_future_cancel(outs[0]), WEFT_OK);
  check_step(&linked, 0, 1);
  CHECK_EQUAL(weft_future_state(source), WEFT_FUTURE_PENDING);
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  check_step(&linked, 0, 1);
  check_step(&stays, 1, 1);

  busy = occupy_worker(pool, &gate);
  outs[2] = then(source, pool, WEFT_THEN_ALWAYS, &queued);
  CHECK_EQUAL(weft_future_state(outs[2]), WEFT_FUTURE_PENDING);
  CHECK_STATUS(weft_future_cancel(outs[2]), WEFT_OK);
  check_step(&queued, 0, 1);
  gate_open(&gate);
  end_future(busy);

  gate = (gate_t)GATE_CLOSED;
  running.gate = &gate;
  outs[3] = then(other, pool, WEFT_THEN_ALWAYS, &running);
  CHECK_STATUS(weft_future_cancel(other), WEFT_OK);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_future_cancel(outs[3]), WEFT_ERUNNING);
  gate_open(&gate);
  CHECK_STATUS(weft_future_wait(outs[3], WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(running.seen_state, WEFT_FUTURE_CANCELLED);
  check_step(&running, 1, 1);
  for (i = 0; i < 4; ++i) weft_future_unref(outs[i]);
  weft_future_unref(source);
  weft_future_unref(other);
  end_executor(pool);
}

static void a_promise_given_up_cancels(void) {
  step_t step = {0}, last = {0};
  weft_future_t *source = make_promise(NULL);
  weft_future_t *first = then(source, NULL, WEFT_THEN_ALWAYS, &step);
  weft_future_t *second = then(first, NULL, WEFT_THEN_ALWAYS, &last);
  weft_future_unref(source);
  CHECK_EQUAL(weft_future_state(first), WEFT_FUTURE_CANCELLED);
  check_step(&step, 0, 1);
  check_step(&last, 1, 1);
  CHECK_EQUAL(weft_future_state(second), WEFT_FUTURE_RESULT);
  weft_future_unref(first);
  weft_future_unref(second);
}

static void without_handles_it_runs_all_the_same(void) {
  step_t step = {0};
  weft_future_t *source = make_promise(NULL);
  weft_future_unref(then(source, NULL, WEFT_THEN_RESULT, &step));
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  check_step(&step, 1, 1);
  weft_future_unref(source);
}

static void it_cannot_be_set_by_hand(void) {
  step_t step = {0};
  weft_future_t *source = make_promise(NULL), *out = then(source, NULL, WEFT_THEN_RESULT, &step);
  CHECK_STATUS(weft_future_set_result(out, NULL), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_set_running(out), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_cancel(out), WEFT_OK);
  weft_future_unref(out);
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  weft_future_unref(source);
}

/* --- waiting inside --- */

typedef struct inside {
  weft_executor_t *pool;
  weft_future_t *self;
  gate_t gate;
  weft_status answer;
} inside_t;

/* The whole chain is pending on the only worker, which waits for it. */
static weft_status wait_for_a_chain(void *ctx, void **result, weft_error_t **error) {
  inside_t *mine = (inside_t *)ctx;
  static step_t steps[3];
  weft_future_t *source = submit(mine->pool, return_ctx, NULL, NULL);
  weft_future_t *first = then(source, mine->pool, WEFT_THEN_RESULT, &steps[0]);
  weft_future_t *second = then(first, NULL, WEFT_THEN_RESULT, &steps[1]);
  weft_future_t *third = then(second, mine->pool, WEFT_THEN_RESULT, &steps[2]);
  (void)result;
  (void)error;
  mine->answer = weft_future_wait(third, WEFT_FOREVER);
  weft_future_unref(source);
  weft_future_unref(first);
  weft_future_unref(second);
  weft_future_unref(third);
  return WEFT_OK;
}

/* A task waits for a continuation of itself, which cannot run before the task ends. */
static weft_status wait_for_what_follows(void *ctx, void **result, weft_error_t **error) {
  inside_t *mine = (inside_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&mine->gate);
  mine->answer = weft_future_wait(mine->self, WEFT_FOREVER);
  return WEFT_OK;
}

static void a_worker_runs_what_it_waits_for(void) {
  inside_t mine = {0};
  mine.pool = make_pool(1);
  mine.answer = WEFT_ENOTSUP;
  end_future(submit(mine.pool, wait_for_a_chain, &mine, NULL));
  CHECK_STATUS(mine.answer, WEFT_OK);
  end_executor(mine.pool);
}

static void a_circle_is_told(void) {
  inside_t mine = {NULL, NULL, GATE_CLOSED, WEFT_OK};
  step_t first = {0}, second = {0};
  weft_executor_t *pool = make_pool(2);
  weft_future_t *source = submit(pool, wait_for_what_follows, &mine, NULL), *between;
  between = then(source, pool, WEFT_THEN_RESULT, &first);
  mine.self = then(between, pool, WEFT_THEN_RESULT, &second);
  gate_open(&mine.gate);
  CHECK_STATUS(weft_future_wait(mine.self, WEFT_FOREVER), WEFT_OK);
  end_future(source);
  CHECK_STATUS(mine.answer, WEFT_EDEADLK);
  check_step(&second, 1, 1);
  weft_future_unref(between);
  end_executor(pool);
  weft_future_unref(mine.self);
}

/* --- with room --- */

typedef struct room_closure {
  step_t *step;
} room_closure_t;

static weft_status room_run(void *room, weft_error_t **error) {
  room_closure_t closure = *(room_closure_t *)room;
  weft_future_t *source = weft_continuation_source();
  (void)error;
  __atomic_add_fetch(&closure.step->runs, 1, __ATOMIC_ACQ_REL);
  closure.step->seen_state = weft_future_state(source);
  *(int64_t *)room = 42;
  return WEFT_OK;
}

static void room_drop(void *room) {
  step_drop(((room_closure_t *)room)->step);
}

static const weft_task_type_t room_type = {
    sizeof(weft_task_type_t), WEFT_TASK_CONTINUATION, sizeof(room_closure_t), 0, room_run, room_drop, NULL};
static const weft_task_type_t plain_type = {
    sizeof(weft_task_type_t), 0, sizeof(room_closure_t), 0, room_run, room_drop, NULL};

static weft_task_t *make_room_task(const weft_task_type_t *type, step_t *step) {
  weft_task_t *task = NULL;
  CHECK_STATUS(weft_task_create(type, &task), WEFT_OK);
  ((room_closure_t *)weft_task_room(task))->step = step;
  return task;
}

static void tasks_with_room(void) {
  step_t step = {0};
  weft_executor_t *pool = make_pool(1);
  weft_future_t *source = make_promise(NULL), *out = UNTOUCHED(weft_future_t);
  weft_task_t *task = make_room_task(&room_type, &step), *plain = make_room_task(&plain_type, &step);
  weft_task_type_t both = room_type;
  CHECK_STATUS(weft_future_then_task(NULL, NULL, WEFT_THEN_RESULT, task, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then_task(source, NULL, WEFT_THEN_RESULT, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then_task(source, NULL, WEFT_THEN_RESULT, task, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then_task(source, NULL, 3, task, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_then_task(source, NULL, WEFT_THEN_RESULT, plain, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_task(pool, task, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_tasks(pool, &task, 1, NULL), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  both.flags = WEFT_TASK_CONTINUATION | WEFT_TASK_POSTED;
  CHECK_STATUS(weft_task_create(&both, &plain), WEFT_EINVAL);
  weft_task_destroy(&plain);

  REQUIRE_OK(weft_future_then_task(source, pool, WEFT_THEN_RESULT, task, &out));
  CHECK_STATUS(weft_future_set_result(source, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_wait(out, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(*(int64_t *)weft_future_room(out), 42);
  CHECK_EQUAL(step.seen_state, WEFT_FUTURE_RESULT);
  check_step(&step, 1, 0); /* the run itself destroys the closure */
  weft_future_unref(out);
  weft_future_unref(source);

  source = make_promise(NULL);
  task = make_room_task(&room_type, &step);
  REQUIRE_OK(weft_future_then_task(source, pool, WEFT_THEN_RESULT, task, &out));
  fail_promise(source, 3);
  CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_ERROR);
  check_step(&step, 1, 1);
  weft_future_unref(out);
  weft_future_unref(source);

  source = make_promise(NULL);
  task = make_room_task(&room_type, &step);
  REQUIRE_OK(weft_future_then_task(source, NULL, WEFT_THEN_ERROR, task, &out));
  CHECK_STATUS(weft_future_set_result(source, &step), WEFT_OK);
  CHECK(weft_future_room(out) == NULL); /* the room of the source, which has none */
  check_step(&step, 1, 2);
  weft_future_unref(out);
  weft_future_unref(source);
  end_executor(pool);
}

static const check_case_t cases[] = {
    {"bad arguments are refused", bad_arguments_are_refused},
    {"when it runs, and what is handed on", when_it_runs_and_what_is_handed_on},
    {"what fn returns is the outcome", what_fn_returns_is_the_outcome},
    {"a result that is handed on has one owner", a_result_that_is_handed_on_has_one_owner},
    {"the result of fn is dropped once", the_result_of_fn_is_dropped_once},
    {"the source is let go", the_source_is_let_go},
    {"it runs on its executor", it_runs_on_its_executor},
    {"a refusal is an error", a_refusal_is_an_error},
    {"the executor is kept", the_executor_is_kept},
    {"cancelled before it never runs", cancelled_before_it_never_runs},
    {"a promise given up cancels", a_promise_given_up_cancels},
    {"without handles it runs all the same", without_handles_it_runs_all_the_same},
    {"it cannot be set by hand", it_cannot_be_set_by_hand},
    {"a worker runs what it waits for", a_worker_runs_what_it_waits_for},
    {"a circle is told", a_circle_is_told},
    {"tasks with room", tasks_with_room},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
