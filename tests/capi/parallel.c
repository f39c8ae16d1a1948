/* Tests of weft/parallel.h: every index once, grains, errors, stop requests, ends of the pool, use inside tasks, and
 * reductions that keep their order. */
#include <weft/parallel.h>
#include <weft/worker.h>

#include "setup.h"

enum { length = 20000 };

/* Counts the visits of each index and the calls. */
typedef struct visits {
  int seen[length]; /* atomic */
  int calls;        /* atomic */
  uint64_t longest; /* of the pieces; atomic */
  uint64_t fail_at; /* the index that fails; `length` and more: none */
} visits_t;

static weft_status visit(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  visits_t *self = (visits_t *)ctx;
  uint64_t i, longest = __atomic_load_n(&self->longest, __ATOMIC_RELAXED);
  CHECK(begin < end && end <= length);
  while (end - begin > longest &&
         !__atomic_compare_exchange_n(&self->longest, &longest, end - begin, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  __atomic_add_fetch(&self->calls, 1, __ATOMIC_RELAXED);
  for (i = begin; i < end; ++i) {
    if (i == self->fail_at) return weft_error_create(7, "ValueError", "a bad index", error);
    __atomic_add_fetch(&self->seen[i], 1, __ATOMIC_RELAXED);
  }
  return WEFT_OK;
}

static visits_t visits;

static void begin_visits(void) {
  memset(&visits, 0, sizeof visits);
  visits.fail_at = length;
}

static int wrong_visits(void) {
  int i, wrong = 0;
  for (i = 0; i < length; ++i) wrong += __atomic_load_n(&visits.seen[i], __ATOMIC_RELAXED) != 1;
  return wrong;
}

/* The sum of the indices, and whether only neighbours were joined, in their order. */
typedef struct state {
  uint64_t sum, first, behind; /* the indices from first up to behind were taken in their order */
  int in_order;
} state_t;

static void init_state(void *ctx, void *state) {
  static const state_t neutral = {0, 0, 0, 1};
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_RELAXED);
  *(state_t *)state = neutral;
}

static void append(state_t *into, uint64_t sum, uint64_t first, uint64_t behind, int in_order) {
  if (first == behind) return;
  if (into->first == into->behind) into->first = into->behind = first;
  into->in_order &= in_order && into->behind == first;
  into->behind = behind;
  into->sum += sum;
}

static weft_status take_piece(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  uint64_t i, sum = 0;
  (void)ctx;
  (void)error;
  for (i = begin; i < end; ++i) sum += i;
  append((state_t *)state, sum, begin, end, 1);
  return WEFT_OK;
}

static void join_states(void *ctx, void *into, void *from) {
  const state_t *right = (const state_t *)from;
  (void)ctx;
  append((state_t *)into, right->sum, right->first, right->behind, right->in_order);
}

static void destroy_state(void *ctx, void *state) {
  (void)state;
  __atomic_sub_fetch((int *)ctx, 1, __ATOMIC_RELAXED);
}

static const weft_reduction_t in_order_sum = {sizeof in_order_sum, 0,           sizeof(state_t), init_state,
                                              take_piece,          join_states, destroy_state};

static void arguments_are_checked(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  weft_error_t *error = UNTOUCHED(weft_error_t);
  weft_range_options_t options;
  weft_reduction_t how = in_order_sum;
  state_t result = {0, 0, 0, 1};
  int states = 0;
  weft_range_options_init(&options);
  begin_visits();
  CHECK_STATUS(weft_parallel_for(NULL, NULL, 0, 1, visit, &visits, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_for(pool, NULL, 0, 1, NULL, &visits, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_for(pool, NULL, 2, 1, visit, &visits, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_for(strand, NULL, 0, 1, visit, &visits, &error), WEFT_ENOTSUP);
  options.reserved = 1;
  CHECK_STATUS(weft_parallel_for(pool, &options, 0, 1, visit, &visits, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_for(pool, NULL, 5, 5, visit, &visits, &error), WEFT_OK); /* nothing to do */
  CHECK_EQUAL(visits.calls, 0);
  CHECK_STATUS(weft_parallel_reduce(NULL, NULL, 0, 1, &how, &states, &result, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, NULL, &states, &result, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, &how, &states, NULL, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_reduce(strand, NULL, 0, 1, &how, &states, &result, &error), WEFT_ENOTSUP);
  how.size = sizeof how - 1;
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, &how, &states, &result, &error), WEFT_EINVAL);
  how = in_order_sum;
  how.state_align = 24;
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, &how, &states, &result, &error), WEFT_EINVAL);
  how = in_order_sum;
  how.state_size = ((uint64_t)1 << 30) + 1;
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, &how, &states, &result, &error), WEFT_EINVAL);
  how = in_order_sum;
  how.init = NULL;
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, &how, &states, &result, &error), WEFT_EINVAL);
  how = in_order_sum;
  how.body = NULL;
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, &how, &states, &result, &error), WEFT_EINVAL);
  how = in_order_sum;
  how.join = NULL;
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 1, &how, &states, &result, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 3, 3, &in_order_sum, &states, &result, &error), WEFT_OK);
  CHECK(error == UNTOUCHED(weft_error_t));
  CHECK_EQUAL(result.sum, 0);
  CHECK_EQUAL(states, 0);
  end_executor(strand);
  end_executor(pool);
}

static void every_index_once(void) {
  static const uint64_t grains[] = {0, 1, 7, 1000, length, UINT64_MAX};
  uint32_t workers;
  size_t g;
  for (workers = 1; workers <= 4; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    for (g = 0; g < CHECK_COUNT_OF(grains); ++g) {
      weft_range_options_t options;
      weft_range_options_init(&options);
      options.grain = grains[g];
      begin_visits();
      CHECK_STATUS(weft_parallel_for(pool, &options, 0, length, visit, &visits, NULL), WEFT_OK);
      CHECK_EQUAL(wrong_visits(), 0);
      if (grains[g] != 0) CHECK(visits.longest <= grains[g]);
    }
    end_executor(pool);
  }
}

typedef struct inside {
  weft_executor_t *pool;
  state_t result;
  int states;
} inside_t;

static weft_status loop_and_reduce(void *ctx, void **result, weft_error_t **error) {
  static const state_t neutral = {0, 0, 0, 1};
  inside_t *self = (inside_t *)ctx;
  (void)result;
  (void)error;
  begin_visits();
  CHECK_STATUS(weft_parallel_for(self->pool, NULL, 0, length, visit, &visits, NULL), WEFT_OK);
  CHECK_EQUAL(wrong_visits(), 0);
  self->result = neutral;
  CHECK_STATUS(weft_parallel_reduce(self->pool, NULL, 100, 100000, &in_order_sum, &self->states, &self->result, NULL),
               WEFT_OK);
  return WEFT_OK;
}

static void check_sum(const inside_t *inside) {
  CHECK_EQUAL(inside->result.sum, (uint64_t)99999 * 100000 / 2 - 99 * 100 / 2);
  CHECK_EQUAL(inside->result.in_order, 1);
  CHECK_EQUAL(inside->result.first, 100);
  CHECK_EQUAL(inside->result.behind, 100000);
  CHECK_EQUAL(inside->states, 0); /* each state that was built was destroyed */
}

static void inside_and_outside_of_tasks(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    inside_t inside = {NULL, {0, 0, 0, 1}, 0};
    inside.pool = make_pool(workers);
    end_future(submit(inside.pool, loop_and_reduce, &inside, NULL));
    check_sum(&inside);
    loop_and_reduce(&inside, NULL, NULL);
    check_sum(&inside);
    end_executor(inside.pool);
  }
}

static weft_status loop_again(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  weft_executor_t *pool = (weft_executor_t *)ctx;
  uint64_t i;
  (void)error;
  for (i = begin; i < end; ++i)
    CHECK_STATUS(weft_parallel_for(pool, NULL, i * 100, i * 100 + 100, visit, &visits, NULL), WEFT_OK);
  return WEFT_OK;
}

static void loops_within_loops(void) {
  weft_executor_t *pool = make_pool(3);
  weft_range_options_t options;
  weft_range_options_init(&options);
  options.grain = 1;
  begin_visits();
  CHECK_STATUS(weft_parallel_for(pool, &options, 0, length / 100, loop_again, pool, NULL), WEFT_OK);
  CHECK_EQUAL(wrong_visits(), 0);
  end_executor(pool);
}

static weft_status fail_in_state(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  take_piece(ctx, state, begin, end, error);
  return begin <= 5000 && 5000 < end ? 42 : WEFT_OK;
}

/* What each thread has of its own in a loop: plain, so that two threads with one index would show. */
typedef struct own_counts {
  weft_executor_t *pool;
  struct {
    pthread_t thread;
    uint64_t count;
    int known;
  } each[5];
} own_counts_t;

static weft_status count_for_thread(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  own_counts_t *own = (own_counts_t *)ctx;
  int32_t index = weft_parallel_index(own->pool);
  (void)error;
  if (!CHECK(index >= 0 && index <= weft_worker_index_bound(own->pool))) return WEFT_EFAILED;
  if (weft_worker_index() >= 0 && index != weft_worker_index_bound(own->pool)) CHECK_EQUAL(index, weft_worker_index());
  if (!own->each[index].known) own->each[index].thread = pthread_self();
  own->each[index].known = 1;
  CHECK(pthread_equal(own->each[index].thread, pthread_self()));
  own->each[index].count += end - begin;
  return WEFT_OK;
}

static weft_status count_in_a_task(void *ctx, void **result, weft_error_t **error) {
  own_counts_t *own = (own_counts_t *)ctx;
  (void)result;
  return weft_parallel_for(own->pool, NULL, 0, length, count_for_thread, own, error);
}

/* Called from outside, by a worker of the pool, and by a worker of another one. */
static void each_thread_has_an_index(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL, *other = make_pool(1), *strand;
  int way, i;
  weft_executor_options_init(&options);
  options.max_workers = 2;
  options.max_spares = 1;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  strand = make_strand(pool);
  CHECK_EQUAL(weft_parallel_index(NULL), WEFT_EINVAL);
  CHECK_EQUAL(weft_parallel_index(strand), WEFT_ENOTSUP);
  CHECK_EQUAL(weft_worker_index_bound(pool), 4); /* with the one helper of the defaults */
  CHECK_EQUAL(weft_parallel_index(pool), 4);
  for (way = 0; way < 3; ++way) {
    own_counts_t own = {0};
    uint64_t sum = 0;
    own.pool = pool;
    if (way == 0)
      CHECK_STATUS(weft_parallel_for(pool, NULL, 0, length, count_for_thread, &own, NULL), WEFT_OK);
    else
      end_future(submit(way == 1 ? pool : other, count_in_a_task, &own, NULL));
    for (i = 0; i < 5; ++i) sum += own.each[i].count;
    CHECK_EQUAL(sum, length);
    if (way == 1) CHECK_EQUAL(own.each[4].count, 0);
  }
  end_executor(strand);
  end_executor(pool);
  end_executor(other);
}

static void an_error_ends_the_loop(void) {
  weft_executor_t *pool = make_pool(2);
  weft_error_t *error = NULL;
  weft_range_options_t options;
  weft_reduction_t how = in_order_sum;
  state_t result = {0, 0, 0, 1};
  int states = 0;
  weft_range_options_init(&options);
  options.grain = 10;
  begin_visits();
  visits.fail_at = 0; /* in the first piece, so few other pieces run */
  CHECK_STATUS(weft_parallel_for(pool, &options, 0, length, visit, &visits, &error), WEFT_EFAILED);
  CHECK(visits.calls < length / 10);
  if (CHECK(error != NULL)) CHECK_EQUAL(weft_error_code(error), 7);
  weft_error_unref(error);
  CHECK_STATUS(weft_parallel_for(pool, &options, 0, length, visit, &visits, NULL), WEFT_EFAILED);
  how.body = fail_in_state;
  error = NULL;
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 10000, &how, &states, &result, &error), WEFT_EFAILED);
  if (CHECK(error != NULL)) CHECK_EQUAL(weft_error_code(error), 42);
  weft_error_unref(error);
  CHECK_EQUAL(states, 0);
  end_executor(pool);
}

typedef struct stopped {
  weft_executor_t *pool;
  gate_t *gate;
  int calls;
} stopped_t;

static weft_status hold_first(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  stopped_t *self = (stopped_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  if (__atomic_add_fetch(&self->calls, 1, __ATOMIC_ACQ_REL) == 1) gate_pass(self->gate);
  return WEFT_OK;
}

static weft_status loop_until_stopped(void *ctx, weft_error_t **error) {
  stopped_t *self = (stopped_t *)ctx;
  weft_range_options_t options;
  (void)error;
  weft_range_options_init(&options);
  options.grain = 1;
  CHECK_STATUS(weft_parallel_for(self->pool, &options, 0, 1000, hold_first, self, NULL), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void init_nothing(void *ctx, void *state) {
  (void)ctx;
  (void)state;
}

static weft_status hold_first_of_state(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)state;
  return hold_first(ctx, begin, end, error);
}

static void join_nothing(void *ctx, void *into, void *from) {
  (void)ctx;
  (void)into;
  (void)from;
}

static weft_status reduce_until_stopped(void *ctx, weft_error_t **error) {
  static const weft_reduction_t how = {sizeof how, 0, 8, init_nothing, hold_first_of_state, join_nothing, NULL};
  stopped_t *self = (stopped_t *)ctx;
  weft_range_options_t options;
  weft_error_t *out = UNTOUCHED(weft_error_t);
  uint64_t result = 0;
  (void)error;
  weft_range_options_init(&options);
  options.grain = 1;
  CHECK_STATUS(weft_parallel_reduce(self->pool, &options, 0, 1000, &how, self, &result, &out), WEFT_EINTERRUPTED);
  CHECK(out == UNTOUCHED(weft_error_t));
  return WEFT_OK;
}

static void check_that_a_stop_request_ends(weft_thread_fn target) {
  gate_t gate = GATE_CLOSED;
  stopped_t stopped = {NULL, NULL, 0};
  weft_thread_t *thread;
  stopped.pool = make_pool(1);
  stopped.gate = &gate;
  thread = start_thread(NULL, WEFT_DAEMON_NO, target, &stopped, NULL);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  gate_open(&gate);
  end_thread(thread);
  CHECK(count_of(&stopped.calls) < 1000);
  end_executor(stopped.pool);
}

static void a_stop_request_ends_the_loop(void) {
  check_that_a_stop_request_ends(loop_until_stopped);
}

static void a_stop_request_ends_the_reduction(void) {
  check_that_a_stop_request_ends(reduce_until_stopped);
}

static weft_status sleep_inside(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)begin;
  (void)end;
  (void)error;
  gate_pass(((stopped_t *)ctx)->gate);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static weft_status sleep_in_loop(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  return weft_parallel_for(((stopped_t *)ctx)->pool, NULL, 0, 1, sleep_inside, ctx, NULL);
}

/* The body runs on top of the task, so a stop request to the task wakes its sleep. */
static void a_stop_request_wakes_the_body(void) {
  gate_t gate = GATE_CLOSED;
  stopped_t stopped = {NULL, NULL, 0};
  weft_future_t *looping;
  stopped.pool = make_pool(1);
  stopped.gate = &gate;
  looping = submit(stopped.pool, sleep_in_loop, &stopped, NULL);
  gate_await(&gate, 1);
  gate_open(&gate);
  CHECK_STATUS(weft_future_request_stop(looping), WEFT_OK);
  end_future(looping);
  end_executor(stopped.pool);
}

static weft_status loop_until_cancelled(void *ctx, void **result, weft_error_t **error) {
  stopped_t *self = (stopped_t *)ctx;
  weft_range_options_t options;
  (void)result;
  (void)error;
  weft_range_options_init(&options);
  options.grain = 1;
  CHECK_STATUS(weft_parallel_for(self->pool, &options, 0, 1000, hold_first, self, NULL), WEFT_ECANCELED);
  return WEFT_OK;
}

static void a_pool_that_cancels_what_is_pending_ends_the_loop(void) {
  gate_t gate = GATE_CLOSED;
  stopped_t stopped = {NULL, NULL, 0};
  weft_future_t *looping;
  stopped.pool = make_pool(1); /* so that the half that was given away is still pending */
  stopped.gate = &gate;
  looping = submit(stopped.pool, loop_until_cancelled, &stopped, NULL);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_executor_shutdown(stopped.pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  gate_open(&gate);
  end_future(looping);
  CHECK(count_of(&stopped.calls) <= 500);
  end_executor(stopped.pool);
}

static weft_status hold_first_of_reduction(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)state;
  return hold_first(ctx, begin, end, error);
}

static int live_states; /* atomic */

static void init_counted(void *ctx, void *state) {
  (void)ctx;
  init_state(&live_states, state);
}

static void destroy_counted(void *ctx, void *state) {
  (void)ctx;
  destroy_state(&live_states, state);
}

static weft_status reduce_until_cancelled(void *ctx, void **result, weft_error_t **error) {
  static const weft_reduction_t how = {
      sizeof how, 0, sizeof(state_t), init_counted, hold_first_of_reduction, join_states, destroy_counted};
  stopped_t *self = (stopped_t *)ctx;
  state_t state = {0, 0, 0, 1};
  weft_range_options_t options;
  (void)result;
  (void)error;
  weft_range_options_init(&options);
  options.grain = 1;
  CHECK_STATUS(weft_parallel_reduce(self->pool, &options, 0, 1000, &how, self, &state, NULL), WEFT_ECANCELED);
  return WEFT_OK;
}

static void a_pool_that_cancels_what_is_pending_ends_the_reduction(void) {
  uint32_t workers;
  for (workers = 1; workers <= 2; ++workers) {
    gate_t gate = GATE_CLOSED;
    stopped_t stopped = {NULL, NULL, 0};
    weft_future_t *looping, *blocker = NULL;
    gate_t others = GATE_CLOSED;
    stopped.pool = make_pool(workers);
    if (workers == 2) { /* the other worker is busy, so that the half that was given away is still pending */
      blocker = occupy_worker(stopped.pool, &others);
    }
    stopped.gate = &gate;
    looping = submit(stopped.pool, reduce_until_cancelled, &stopped, NULL);
    gate_await(&gate, 1);
    CHECK_STATUS(weft_executor_shutdown(stopped.pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
    gate_open(&gate);
    gate_open(&others);
    end_future(looping);
    if (blocker != NULL) end_future(blocker);
    CHECK(count_of(&stopped.calls) <= 500);
    CHECK_EQUAL(count_of(&live_states), 0);
    end_executor(stopped.pool);
  }
}

static int further_states; /* atomic */

static void init_further(void *ctx, void *state) {
  init_state(ctx, state);
  __atomic_add_fetch(&further_states, 1, __ATOMIC_RELAXED);
}

static weft_status reduce_alone(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  weft_reduction_t how = in_order_sum;
  how.init = init_further;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_parallel_reduce(self->pool, NULL, 100, 100000, &how, &self->states, &self->result, NULL), WEFT_OK);
  return WEFT_OK;
}

/* A piece that no other thread takes goes on with the current state, because states may be large. */
static void one_worker_alone_needs_one_state(void) {
  inside_t inside = {NULL, {0, 0, 0, 1}, 0};
  inside.pool = make_pool(1);
  end_future(submit(inside.pool, reduce_alone, &inside, NULL));
  check_sum(&inside);
  CHECK_EQUAL(count_of(&further_states), 0);
  end_executor(inside.pool);
}

static weft_status pass_and_loop(void *ctx, void **result, weft_error_t **error) {
  stopped_t *self = (stopped_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(self->gate);
  begin_visits();
  CHECK_STATUS(weft_parallel_for(self->pool, NULL, 0, length, visit, &visits, NULL), WEFT_OK);
  CHECK_EQUAL(wrong_visits(), 0);
  return WEFT_OK;
}

static void a_closed_pool(void) {
  gate_t gate = GATE_CLOSED;
  stopped_t stopped = {NULL, NULL, 0};
  weft_future_t *accepted;
  state_t result = {0, 0, 0, 1};
  stopped.pool = make_pool(2);
  stopped.gate = &gate;
  accepted = submit(stopped.pool, pass_and_loop, &stopped, NULL);
  CHECK_STATUS(weft_executor_shutdown(stopped.pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_parallel_for(stopped.pool, NULL, 0, 10, visit, &visits, NULL), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_parallel_reduce(stopped.pool, NULL, 0, 10, &in_order_sum, &stopped.calls, &result, NULL),
               WEFT_ESHUTDOWN);
  CHECK_EQUAL(stopped.calls, 0);
  gate_open(&gate);
  end_future(accepted);
  end_executor(stopped.pool);
}

static weft_status refuse_to_begin(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 42;
}

static void a_broken_pool(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_future_t *first;
  weft_error_t *error = UNTOUCHED(weft_error_t);
  state_t result = {0, 0, 0, 1};
  int states = 0;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = refuse_to_begin;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  first = submit(pool, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_result(first, WEFT_FOREVER, NULL), WEFT_EFAILED);
  weft_future_unref(first);
  begin_visits();
  CHECK_STATUS(weft_parallel_for(pool, NULL, 0, 10, visit, &visits, &error), WEFT_EBROKEN);
  CHECK_STATUS(weft_parallel_reduce(pool, NULL, 0, 10, &in_order_sum, &states, &result, &error), WEFT_EBROKEN);
  CHECK(error == UNTOUCHED(weft_error_t));
  end_executor(pool);
  CHECK_EQUAL(visits.calls, 0);
  CHECK_EQUAL(result.sum, 0);
  CHECK_EQUAL(states, 0);
}

static const check_case_t cases[] = {
    {"arguments are checked", arguments_are_checked},
    {"every index once", every_index_once},
    {"inside and outside of tasks", inside_and_outside_of_tasks},
    {"loops within loops", loops_within_loops},
    {"each thread has an index", each_thread_has_an_index},
    {"an error ends the loop", an_error_ends_the_loop},
    {"a stop request ends the loop", a_stop_request_ends_the_loop},
    {"a stop request ends the reduction", a_stop_request_ends_the_reduction},
    {"a stop request wakes the body", a_stop_request_wakes_the_body},
    {"a pool that cancels what is pending ends the loop", a_pool_that_cancels_what_is_pending_ends_the_loop},
    {"a pool that cancels what is pending ends the reduction", a_pool_that_cancels_what_is_pending_ends_the_reduction},
    {"one worker alone needs one state", one_worker_alone_needs_one_state},
    {"a closed pool", a_closed_pool},
    {"a broken pool", a_broken_pool},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
