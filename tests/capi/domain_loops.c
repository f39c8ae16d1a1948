/* Tests of domains: the pieces of loops and reductions are inside, on whatever worker they run. */
#include "domain.h"

/* A loop in a task of the domain, on a pool of two workers. The first two pieces wait for each other, so both workers
 * run one. */
typedef struct looping {
  weft_executor_t *pool, *later;
  weft_domain_t *domain;
  gate_t both;
  int calls, drops, states;
  weft_status expected;
} looping_t;

enum { indices = 1000 };

static weft_range_options_t one_by_one(void) {
  weft_range_options_t options;
  weft_range_options_init(&options);
  options.grain = 1;
  return options;
}

static void meet(looping_t *loop) {
  if (__atomic_add_fetch(&loop->calls, 1, __ATOMIC_ACQ_REL) > 2) return;
  CHECK(weft_domain_current() == loop->domain);
  gate_open(&loop->both);
  gate_pass(&loop->both);
  gate_await(&loop->both, 2);
}

static looping_t make_loop(weft_status expected) {
  looping_t loop = {.both = GATE_CLOSED};
  loop.pool = make_pool(2);
  loop.later = make_caller_run();
  loop.domain = make_domain();
  loop.expected = expected;
  return loop;
}

static weft_future_t *submit_inside(looping_t *loop, weft_task_fn fn) {
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_task_options_init(&options);
  options.domain = loop->domain;
  CHECK_STATUS(weft_executor_submit(loop->pool, &options, fn, loop, NULL, &future), WEFT_OK);
  return future;
}

static void end_loop(looping_t *loop) {
  weft_executor_unref(loop->later);
  end_executor(loop->pool);
}

static weft_status give_more(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  looping_t *loop = (looping_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  meet(loop);
  if (count_of(&loop->calls) <= 2) weft_future_unref(submit(loop->later, return_ctx, &loop->drops, count_drop));
  CHECK_STATUS(weft_domain_close(loop->domain, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

static weft_status run_loop(void *ctx, void **result, weft_error_t **error) {
  looping_t *loop = (looping_t *)ctx;
  weft_range_options_t options = one_by_one();
  (void)result;
  (void)error;
  CHECK_STATUS(weft_parallel_for(loop->pool, &options, 0, 2, give_more, loop, NULL), WEFT_OK);
  return WEFT_OK;
}

static void all_pieces_are_inside(void) {
  looping_t loop = make_loop(WEFT_OK);
  weft_future_t *future = submit_inside(&loop, run_loop);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(future);
  CHECK_EQUAL(loop.calls, 2);
  CHECK_EQUAL(weft_domain_count(loop.domain), 2); /* the tasks that the pieces have submitted */
  end_domain(loop.domain);
  CHECK_EQUAL(count_of(&loop.drops), 2);
  end_loop(&loop);
}

static weft_status sleep_until_stopped(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)begin;
  (void)end;
  (void)error;
  meet((looping_t *)ctx);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_stop_requested(), 1);
  return WEFT_OK;
}

static weft_status loop_until_stopped(void *ctx, void **result, weft_error_t **error) {
  looping_t *loop = (looping_t *)ctx;
  weft_range_options_t options = one_by_one();
  (void)result;
  (void)error;
  CHECK_STATUS(weft_parallel_for(loop->pool, &options, 0, indices, sleep_until_stopped, loop, NULL), WEFT_ECLOSED);
  CHECK_STATUS(weft_parallel_for(loop->pool, &options, 0, indices, sleep_until_stopped, loop, NULL), WEFT_ECLOSED);
  return WEFT_OK;
}

static void the_close_stops_pieces_on_all_workers(void) {
  looping_t loop = make_loop(WEFT_ECLOSED);
  weft_future_t *future = submit_inside(&loop, loop_until_stopped);
  gate_await(&loop.both, 2);
  end_domain(loop.domain);
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_OK);
  CHECK_EQUAL(loop.calls, 2); /* pieces that had not begun were left out */
  weft_future_unref(future);
  end_loop(&loop);
}

/* --- reductions --- */

static void init_state(void *ctx, void *state) {
  looping_t *loop = (looping_t *)ctx;
  *(int *)state = 0;
  __atomic_add_fetch(&loop->states, 1, __ATOMIC_RELAXED);
  CHECK(weft_domain_current() == loop->domain);
}

static weft_status reduce_until_stopped(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  *(int *)state += (int)(end - begin);
  return sleep_until_stopped(ctx, begin, end, error);
}

static void join_states(void *ctx, void *into, void *from) {
  CHECK(weft_domain_current() == ((looping_t *)ctx)->domain);
  *(int *)into += *(int *)from;
}

static void destroy_state(void *ctx, void *state) {
  (void)state;
  CHECK(weft_domain_current() == ((looping_t *)ctx)->domain);
  __atomic_sub_fetch(&((looping_t *)ctx)->states, 1, __ATOMIC_RELAXED);
}

static weft_status run_reduction(void *ctx, void **result, weft_error_t **error) {
  static const weft_reduction_t how = {sizeof how,           0,           sizeof(int),  init_state,
                                       reduce_until_stopped, join_states, destroy_state};
  looping_t *loop = (looping_t *)ctx;
  weft_range_options_t options = one_by_one();
  int sum = 0;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_parallel_reduce(loop->pool, &options, 0, indices, &how, loop, &sum, NULL), WEFT_ECLOSED);
  return WEFT_OK;
}

static void a_reduction_is_stopped_like_a_loop(void) {
  looping_t loop = make_loop(WEFT_ECLOSED);
  weft_future_t *future = submit_inside(&loop, run_reduction);
  gate_await(&loop.both, 2);
  end_domain(loop.domain);
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_OK);
  CHECK_EQUAL(loop.calls, 2);
  CHECK_EQUAL(loop.states, 0);
  weft_future_unref(future);
  end_loop(&loop);
}

/* --- a thread that has entered a domain is not asked to stop itself --- */

static weft_status pass_once(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  looping_t *loop = (looping_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  __atomic_add_fetch(&loop->calls, 1, __ATOMIC_ACQ_REL);
  gate_pass(&loop->both);
  return WEFT_OK;
}

static weft_status loop_on_thread(void *ctx, weft_error_t **error) {
  looping_t *loop = (looping_t *)ctx;
  weft_range_options_t options = one_by_one();
  weft_domain_scope_t scope;
  (void)error;
  enter(loop->domain, &scope);
  CHECK_STATUS(weft_parallel_for(loop->pool, &options, 0, indices, pass_once, loop, NULL), WEFT_ECLOSED);
  CHECK_EQUAL(weft_stop_requested(), 0);
  leave(&scope);
  return WEFT_OK;
}

static void the_loop_of_an_entered_thread_ends(void) {
  looping_t loop = make_loop(WEFT_ECLOSED);
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, loop_on_thread, &loop, NULL);
  gate_await(&loop.both, 1);
  CHECK_STATUS(weft_domain_close(loop.domain, 0), WEFT_ETIMEDOUT);
  gate_open(&loop.both);
  end_domain(loop.domain);
  CHECK(loop.calls <= 3);
  end_thread(thread);
  end_loop(&loop);
}

typedef struct entered {
  weft_executor_t *pool;
  weft_domain_t *domain, *within;
  pthread_t caller;
  gate_t taken, stays; /* passed by a piece on a worker; by a piece on the caller */
  int nested;          /* the piece enters another domain, and loops there */
} entered_t;

static void sleep_within(void) {
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_stop_requested(), 1);
}

static weft_status sleep_in_piece(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)begin;
  (void)end;
  (void)error;
  gate_pass(&((entered_t *)ctx)->stays);
  sleep_within();
  return WEFT_OK;
}

/* The caller works through the range until a worker has taken a part of it. */
static weft_status stay_until_stopped(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  entered_t *entered = (entered_t *)ctx;
  weft_domain_scope_t scope;
  if (!pthread_equal(pthread_self(), entered->caller)) {
    gate_pass(&entered->taken);
    sleep_within();
  } else if (gate_arrived(&entered->taken) != 0) {
    if (!entered->nested) return sleep_in_piece(ctx, begin, end, error);
    enter(entered->within, &scope);
    CHECK_STATUS(weft_parallel_for(entered->pool, NULL, 0, 1, sleep_in_piece, entered, NULL), WEFT_OK);
    leave(&scope);
  }
  return WEFT_OK;
}

static void loop_entered(entered_t *entered) {
  weft_range_options_t options = one_by_one();
  weft_domain_scope_t scope;
  entered->caller = pthread_self();
  enter(entered->domain, &scope);
  CHECK_STATUS(weft_parallel_for(entered->pool, &options, 0, UINT64_C(1) << 40, stay_until_stopped, entered, NULL),
               WEFT_ECLOSED);
  CHECK_EQUAL(weft_stop_requested(), 0);
  leave(&scope);
}

static void *enter_on_thread(void *ctx) {
  loop_entered((entered_t *)ctx);
  return NULL;
}

static weft_status enter_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  loop_entered((entered_t *)ctx);
  return WEFT_OK;
}

static entered_t make_entered(int nested) {
  entered_t entered = {.taken = GATE_CLOSED, .stays = GATE_CLOSED};
  entered.pool = make_pool(2);
  entered.domain = make_domain();
  entered.within = make_domain();
  entered.nested = nested;
  gate_open(&entered.taken);
  gate_open(&entered.stays);
  return entered;
}

static void end_entered(entered_t *entered) {
  gate_await(&entered->stays, 1);
  end_domain(entered->domain);
}

static void release_entered(entered_t *entered) {
  end_domain(entered->within);
  end_executor(entered->pool);
}

/* Only the piece is asked to stop: neither the thread nor a task is. */
static void the_piece_of_an_entered_thread_is_asked_to_stop(void) {
  int nested;
  for (nested = 0; nested <= 1; ++nested) {
    entered_t entered = make_entered(nested);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, enter_on_thread, &entered) == 0);
    end_entered(&entered);
    pthread_join(thread, NULL);
    release_entered(&entered);
  }
}

static void the_piece_of_a_task_that_has_entered_is_asked_to_stop(void) {
  int nested;
  for (nested = 0; nested <= 1; ++nested) {
    entered_t entered = make_entered(nested);
    weft_future_t *future = submit(entered.pool, enter_in_task, &entered, NULL);
    end_entered(&entered);
    CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
    weft_future_unref(future);
    release_entered(&entered);
  }
}

/* A task of the domain is itself asked to stop while it loops. A spawned task shares the stop word of its group, so
 * this request comes by its token. */
static weft_status loop_in_spawned(void *room, weft_error_t **error) {
  entered_t *entered = *(entered_t **)room;
  (void)error;
  CHECK_STATUS(weft_parallel_for(entered->pool, NULL, 0, 1, sleep_in_piece, entered, NULL), WEFT_OK);
  CHECK_EQUAL(weft_stop_requested(), 1);
  return WEFT_OK;
}

static void a_spawned_task_that_loops_is_stopped_by_its_token(void) {
  static const weft_task_type_t type = {sizeof type, WEFT_TASK_POSTED, sizeof(entered_t *), 0, loop_in_spawned, NULL,
                                        NULL};
  entered_t entered = make_entered(0);
  weft_group_t *group = NULL;
  weft_cancel_token_t *token = NULL;
  weft_task_options_t options;
  weft_task_t *task = NULL;
  REQUIRE_OK(weft_group_create(entered.pool, NULL, &group));
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  weft_task_options_init(&options);
  options.token = token;
  options.domain = entered.domain;
  REQUIRE_OK(weft_task_create_with(&type, &options, &task));
  *(entered_t **)weft_task_room(task) = &entered;
  REQUIRE_OK(weft_group_spawn_task(group, task));
  gate_await(&entered.stays, 1);
  weft_cancel_token_cancel(token);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  weft_cancel_token_unref(token);
  end_domain(entered.domain);
  release_entered(&entered);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"all pieces are inside", all_pieces_are_inside},
      {"the close stops pieces on all workers", the_close_stops_pieces_on_all_workers},
      {"a reduction is stopped like a loop", a_reduction_is_stopped_like_a_loop},
      {"the loop of an entered thread ends", the_loop_of_an_entered_thread_ends},
      {"the piece of an entered thread is asked to stop", the_piece_of_an_entered_thread_is_asked_to_stop},
      {"the piece of a task that has entered is asked to stop", the_piece_of_a_task_that_has_entered_is_asked_to_stop},
      {"a spawned task that loops is stopped by its token", a_spawned_task_that_loops_is_stopped_by_its_token},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
