/* Tests of weft/parallel.h when a piece of a loop waits for something that only the end of the loop could bring. The
 * call returns WEFT_EDEADLK, and no piece outlives it.
 */
#include <weft/parallel.h>

#include "setup.h"

typedef struct circle {
  weft_executor_t *pool;
  weft_future_t *caller; /* what the other piece waits for */
  gate_t known;          /* opened when `caller` is set */
  gate_t taken;          /* passed by the thread that has the other piece */
  pthread_t thread;      /* of the caller */
  uint64_t tid;          /* of the thread that has the other piece */
  int left;              /* atomic: the frame of the call was left */
  int waited;            /* atomic: waits of the other piece that have ended */
} circle_t;

static weft_status wait_for_caller(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  if (pthread_equal(pthread_self(), circle->thread)) {
    gate_await(&circle->taken, 1);
    await_asleep(circle->tid);
    return WEFT_OK;
  }
  circle->tid = own_tid();
  gate_pass(&circle->taken);
  CHECK_STATUS(weft_future_wait(circle->caller, WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(__atomic_load_n(&circle->left, __ATOMIC_ACQUIRE), 0);
  __atomic_add_fetch(&circle->waited, 1, __ATOMIC_ACQ_REL);
  return WEFT_EINTERRUPTED;
}

static void init_nothing(void *ctx, void *state) {
  (void)ctx;
  (void)state;
}

static weft_status reduce_waiting(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)state;
  return wait_for_caller(ctx, begin, end, error);
}

static void join_nothing(void *ctx, void *into, void *from) {
  (void)ctx;
  (void)into;
  (void)from;
}

static void begin_call(circle_t *circle, weft_range_options_t *options) {
  weft_range_options_init(options);
  options->grain = 1;
  gate_pass(&circle->known);
  circle->thread = pthread_self();
}

static weft_status loop(void *ctx, void **result, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  weft_range_options_t options;
  weft_error_t *failure = NULL;
  (void)result;
  (void)error;
  begin_call(circle, &options);
  CHECK_STATUS(weft_parallel_for(circle->pool, &options, 0, 2, wait_for_caller, circle, &failure), WEFT_EDEADLK);
  __atomic_store_n(&circle->left, 1, __ATOMIC_RELEASE);
  CHECK(failure == NULL);
  CHECK_EQUAL(__atomic_load_n(&circle->waited, __ATOMIC_ACQUIRE), 1);
  return WEFT_OK;
}

static weft_status reduction(void *ctx, void **result, weft_error_t **error) {
  static const weft_reduction_t how = {sizeof how, 0, 8, init_nothing, reduce_waiting, join_nothing, NULL};
  circle_t *circle = (circle_t *)ctx;
  weft_range_options_t options;
  uint64_t state = 0;
  (void)result;
  (void)error;
  begin_call(circle, &options);
  CHECK_STATUS(weft_parallel_reduce(circle->pool, &options, 0, 2, &how, circle, &state, NULL), WEFT_EDEADLK);
  __atomic_store_n(&circle->left, 1, __ATOMIC_RELEASE);
  CHECK_EQUAL(__atomic_load_n(&circle->waited, __ATOMIC_ACQUIRE), 1);
  return WEFT_OK;
}

static void run_circle(weft_task_fn call) {
  circle_t circle = {.known = GATE_CLOSED, .taken = GATE_CLOSED};
  gate_open(&circle.taken);
  circle.pool = make_pool(2);
  circle.caller = submit(circle.pool, call, &circle, NULL);
  gate_open(&circle.known);
  end_future(circle.caller);
  end_executor(circle.pool);
}

static void a_piece_waits_for_the_task_that_loops(void) {
  run_circle(loop);
}

static void a_piece_waits_for_the_task_that_reduces(void) {
  run_circle(reduction);
}

/* Three threads: the task's own loop, a loop in a piece of it, and a piece of that one, which waits for the task. The
 * thread of the task is the last to sleep, so it is told, and neither of the others waits for what a request reaches.
 */
typedef struct three {
  weft_executor_t *pool;
  weft_future_t *caller;
  gate_t known;
  uint64_t outer, inner, last; /* atomic: the threads, in the order in which they come; 0: not there yet */
  int over;                    /* atomic: pieces that have ended after their wait */
} three_t;

static void await_asleep_there(const uint64_t *tid) {
  while (__atomic_load_n(tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(__atomic_load_n(tid, __ATOMIC_ACQUIRE));
}

static weft_status piece_of_inner(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  three_t *three = (three_t *)ctx;
  weft_status status;
  (void)begin;
  (void)end;
  (void)error;
  if (__atomic_load_n(&three->inner, __ATOMIC_ACQUIRE) == own_tid()) {
    await_asleep_there(&three->last);
    return WEFT_OK;
  }
  __atomic_store_n(&three->last, own_tid(), __ATOMIC_RELEASE);
  status = weft_future_wait(three->caller, WEFT_FOREVER);
  CHECK(status == WEFT_EINTERRUPTED || status == WEFT_EDEADLK);
  count_drop(&three->over);
  return WEFT_OK;
}

static weft_status piece_of_outer(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  three_t *three = (three_t *)ctx;
  weft_range_options_t options;
  (void)begin;
  (void)end;
  if (__atomic_load_n(&three->outer, __ATOMIC_ACQUIRE) == own_tid()) {
    await_asleep_there(&three->last);
    await_asleep_there(&three->inner);
    return WEFT_OK;
  }
  __atomic_store_n(&three->inner, own_tid(), __ATOMIC_RELEASE);
  weft_range_options_init(&options);
  options.grain = 1;
  weft_parallel_for(three->pool, &options, 0, 2, piece_of_inner, three, error);
  return WEFT_OK;
}

static weft_status outer_loop(void *ctx, void **result, weft_error_t **error) {
  three_t *three = (three_t *)ctx;
  weft_range_options_t options;
  (void)result;
  gate_pass(&three->known);
  __atomic_store_n(&three->outer, own_tid(), __ATOMIC_RELEASE);
  weft_range_options_init(&options);
  options.grain = 1;
  CHECK_STATUS(weft_parallel_for(three->pool, &options, 0, 2, piece_of_outer, three, error), WEFT_EDEADLK);
  CHECK_EQUAL(count_of(&three->over), 1);
  return WEFT_OK;
}

static void a_piece_of_a_piece_waits_for_the_task(void) {
  three_t three = {.known = GATE_CLOSED};
  three.pool = make_pool(3);
  three.caller = submit(three.pool, outer_loop, &three, NULL);
  gate_open(&three.known);
  end_future(three.caller);
  end_executor(three.pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a piece waits for the task that loops", a_piece_waits_for_the_task_that_loops},
      {"a piece waits for the task that reduces", a_piece_waits_for_the_task_that_reduces},
      {"a piece of a piece waits for the task", a_piece_of_a_piece_waits_for_the_task},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
