/* Tests of weft/parallel.h when the body ends the thread that loops. Pieces on other threads refer to the call, so they
 * end before its stack frame is left.
 */
#include <weft/parallel.h>

#include "setup.h"

/* The loop never gets to its end: the caller works through it until another thread has taken a part. */
#define ENDLESS (UINT64_C(1) << 40)

typedef struct ending {
  weft_executor_t *pool;
  pthread_t caller;
  uint64_t tid;  /* of the caller */
  gate_t taken;  /* passed by a thread that has taken a part */
  int left;      /* atomic: the frame of the call was left */
  int at_work;   /* atomic: bodies that run on other threads */
  int late;      /* atomic: bodies that still ran when the frame was left */
  int states;    /* atomic: states that are built and not yet destroyed */
  int destroyed; /* atomic: states that were destroyed while a body worked on them */
} ending_t;

typedef struct state {
  int in_use; /* atomic */
} state_t;

static int look_at(int *flag) {
  return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

/* The piece of another thread ends when the caller sleeps, as it should, or has left the call. */
static void work_elsewhere(ending_t *ending) {
  __atomic_add_fetch(&ending->at_work, 1, __ATOMIC_ACQ_REL);
  gate_pass(&ending->taken);
  await_asleep(ending->tid);
  __atomic_add_fetch(&ending->late, look_at(&ending->left), __ATOMIC_ACQ_REL);
  __atomic_sub_fetch(&ending->at_work, 1, __ATOMIC_ACQ_REL);
}

static weft_status end_caller(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  ending_t *ending = (ending_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  if (!pthread_equal(pthread_self(), ending->caller)) {
    work_elsewhere(ending);
  } else if (gate_arrived(&ending->taken) != 0) {
    gate_open(&ending->taken);
    pthread_exit(NULL);
  }
  return WEFT_OK;
}

static void init_state(void *ctx, void *state) {
  __atomic_add_fetch(&((ending_t *)ctx)->states, 1, __ATOMIC_ACQ_REL);
  ((state_t *)state)->in_use = 0;
}

static weft_status reduce(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  int *in_use = &((state_t *)state)->in_use;
  weft_status status;
  __atomic_store_n(in_use, 1, __ATOMIC_RELEASE);
  status = end_caller(ctx, begin, end, error);
  __atomic_store_n(in_use, 0, __ATOMIC_RELEASE);
  return status;
}

static void join_states(void *ctx, void *into, void *from) {
  (void)ctx;
  (void)into;
  (void)from;
}

static void destroy_state(void *ctx, void *state) {
  ending_t *ending = (ending_t *)ctx;
  /* The caller's own state is never destroyed here, so a body at work on this one runs on another thread. */
  __atomic_add_fetch(&ending->destroyed, look_at(&((state_t *)state)->in_use), __ATOMIC_ACQ_REL);
  __atomic_sub_fetch(&ending->states, 1, __ATOMIC_ACQ_REL);
}

static void note_leaving(void *ctx) {
  ending_t *ending = (ending_t *)ctx;
  __atomic_store_n(&ending->left, 1, __ATOMIC_RELEASE);
  __atomic_add_fetch(&ending->late, look_at(&ending->at_work), __ATOMIC_ACQ_REL);
}

static void call_loop(ending_t *ending, int reduces) {
  static const weft_reduction_t how = {sizeof how, 0, sizeof(state_t), init_state, reduce, join_states, destroy_state};
  weft_range_options_t options;
  state_t result = {0};
  weft_range_options_init(&options);
  options.grain = 1;
  ending->caller = pthread_self();
  ending->tid = own_tid();
  pthread_cleanup_push(note_leaving, ending);
  if (reduces)
    weft_parallel_reduce(ending->pool, &options, 0, ENDLESS, &how, ending, &result, NULL);
  else
    weft_parallel_for(ending->pool, &options, 0, ENDLESS, end_caller, ending, NULL);
  CHECK(!"the call came back");
  pthread_cleanup_pop(0);
}

static void *loop_on_thread(void *ctx) {
  call_loop((ending_t *)ctx, 0);
  return NULL;
}

static void *reduce_on_thread(void *ctx) {
  call_loop((ending_t *)ctx, 1);
  return NULL;
}

static weft_status loop_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  call_loop((ending_t *)ctx, 0);
  return WEFT_OK;
}

static weft_status reduce_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  call_loop((ending_t *)ctx, 1);
  return WEFT_OK;
}

static void check_ending(ending_t *ending) {
  end_executor(ending->pool);
  CHECK_EQUAL(look_at(&ending->left), 1);
  CHECK(gate_arrived(&ending->taken) > 0);
  CHECK_EQUAL(look_at(&ending->late), 0);
  CHECK_EQUAL(look_at(&ending->destroyed), 0);
  CHECK_EQUAL(look_at(&ending->states), 0);
}

static void on_a_thread_of_the_host(void *(*target)(void *)) {
  ending_t ending = {.taken = GATE_CLOSED};
  pthread_t thread;
  ending.pool = make_pool(2);
  REQUIRE(pthread_create(&thread, NULL, target, &ending) == 0);
  pthread_join(thread, NULL);
  check_ending(&ending);
}

static void fail_in_a_task(weft_task_fn fn, ending_t *ending) {
  weft_future_t *future;
  ending->pool = make_pool(2);
  future = submit(ending->pool, fn, ending, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_EFAILED);
  weft_future_unref(future);
}

static void in_a_task(weft_task_fn fn) {
  ending_t ending = {.taken = GATE_CLOSED};
  fail_in_a_task(fn, &ending);
  check_ending(&ending);
}

static void a_loop_on_a_thread_of_the_host(void) {
  on_a_thread_of_the_host(loop_on_thread);
}

static void a_reduction_on_a_thread_of_the_host(void) {
  on_a_thread_of_the_host(reduce_on_thread);
}

static void a_loop_in_a_task(void) {
  in_a_task(loop_in_task);
}

static void a_reduction_in_a_task(void) {
  in_a_task(reduce_in_task);
}

/* The thread that joins the two states ends itself: the caller, in a task, or the other worker. */
static weft_status reduce_in_two(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  ending_t *ending = (ending_t *)ctx;
  (void)state;
  (void)end;
  (void)error;
  if (begin == 1)
    gate_open(&ending->taken);
  else
    gate_pass(&ending->taken);
  return WEFT_OK;
}

static void end_in_join(void *ctx, void *into, void *from) {
  (void)ctx;
  (void)into;
  (void)from;
  pthread_exit(NULL);
}

static weft_status join_in_task(void *ctx, void **result, weft_error_t **error) {
  static const weft_reduction_t how = {sizeof how,    0,           sizeof(state_t), init_state,
                                       reduce_in_two, end_in_join, destroy_state};
  ending_t *ending = (ending_t *)ctx;
  weft_range_options_t options;
  state_t state = {0};
  (void)result;
  (void)error;
  weft_range_options_init(&options);
  options.grain = 1;
  return weft_parallel_reduce(ending->pool, &options, 0, 2, &how, ending, &state, NULL);
}

static void a_join_that_ends_its_thread(void) {
  int i;
  for (i = 0; i < 20; ++i) {
    ending_t ending = {.taken = GATE_CLOSED};
    fail_in_a_task(join_in_task, &ending);
    end_executor(ending.pool);
    CHECK_EQUAL(look_at(&ending.states), 0);
  }
}

/* --- the pool breaks meanwhile --- */

typedef struct breaking {
  weft_executor_t *pool;
  gate_t gate; /* of the initializer */
} breaking_t;

static weft_status refuse_at_the_gate(void *ctx, weft_error_t **error) {
  (void)error;
  gate_pass(&((breaking_t *)ctx)->gate);
  return 42;
}

/* Runs only on the caller: no worker gets past the initializer. */
static weft_status await_the_break(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  breaking_t *breaking = (breaking_t *)ctx;
  weft_error_t *reason = NULL;
  (void)begin;
  (void)end;
  (void)error;
  gate_await(&breaking->gate, 1);
  gate_open(&breaking->gate);
  while (reason == NULL) CHECK_STATUS(weft_executor_error(breaking->pool, &reason), WEFT_OK);
  weft_error_unref(reason);
  return WEFT_OK;
}

static void init_nothing(void *ctx, void *state) {
  (void)ctx;
  (void)state;
}

static weft_status await_the_break_in(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)state;
  return await_the_break(ctx, begin, end, error);
}

static void join_nothing(void *ctx, void *into, void *from) {
  (void)ctx;
  (void)into;
  (void)from;
}

/* Returns true if the call was refused. If not, the caller was faster and has done all of it. */
static int check_break(int reduces, int asks) {
  static const weft_reduction_t how = {sizeof how, 1, 1, init_nothing, await_the_break_in, join_nothing, NULL};
  weft_executor_options_t options;
  weft_range_options_t range;
  weft_error_t *error = UNTOUCHED(weft_error_t), **out = asks ? &error : NULL;
  breaking_t breaking = {NULL, GATE_CLOSED};
  char result = 0;
  weft_status status;
  weft_executor_options_init(&options);
  options.max_workers = 2;
  options.initializer = refuse_at_the_gate;
  options.initializer_ctx = &breaking;
  CHECK_STATUS(weft_executor_create(NULL, &options, &breaking.pool), WEFT_OK);
  weft_range_options_init(&range);
  range.grain = 1;
  status = reduces ? weft_parallel_reduce(breaking.pool, &range, 0, 8, &how, &breaking, &result, out)
                   : weft_parallel_for(breaking.pool, &range, 0, 8, await_the_break, &breaking, out);
  if (status != WEFT_OK) CHECK_STATUS(status, WEFT_EBROKEN);
  CHECK(error == UNTOUCHED(weft_error_t));
  end_executor(breaking.pool);
  return status != WEFT_OK;
}

static void a_pool_that_breaks_meanwhile_is_told(void) {
  int way;
  for (way = 0; way < 4; ++way) {
    int turn = 0;
    while (!check_break(way / 2, way % 2) && ++turn < 10000) {
    }
    CHECK(turn < 10000);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a loop on a thread of the host", a_loop_on_a_thread_of_the_host},
      {"a reduction on a thread of the host", a_reduction_on_a_thread_of_the_host},
      {"a loop in a task", a_loop_in_a_task},
      {"a reduction in a task", a_reduction_in_a_task},
      {"a join that ends its thread", a_join_that_ends_its_thread},
      {"a pool that breaks meanwhile is told", a_pool_that_breaks_meanwhile_is_told},
      {"a pool that breaks meanwhile is told", a_pool_that_breaks_meanwhile_is_told},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
