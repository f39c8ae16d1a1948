/* Tests of weft_executor_wait_idle (weft/executor.h): until nothing is queued and nothing runs. */
#include <weft/timer.h>

#include <stdlib.h>

#include "group.h"
#include "host.h"

static void bad_arguments_are_refused(void) {
  CHECK_STATUS(weft_executor_wait_idle(NULL, 0), WEFT_EINVAL);
}

static void check_idle_and_busy(weft_executor_t *on, weft_executor_t *with_worker) {
  gate_t gate = GATE_CLOSED;
  weft_future_t *running, *queued;
  int runs = 0;
  CHECK_STATUS(weft_executor_wait_idle(on, 0), WEFT_OK); /* nothing was submitted yet */
  running = occupy_worker(on, &gate);
  CHECK_STATUS(weft_executor_wait_idle(on, 0), WEFT_ETIMEDOUT);
  queued = submit(on, count_run, &runs, NULL);
  CHECK_STATUS(weft_executor_wait_idle(on, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_executor_wait_idle(with_worker, 0), WEFT_ETIMEDOUT);
  gate_open(&gate);
  CHECK_STATUS(weft_executor_wait_idle(on, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_future_done(running), 1);
  CHECK_EQUAL(weft_future_done(queued), 1);
  CHECK_EQUAL(count_of(&runs), 1);
  weft_future_unref(running);
  weft_future_unref(queued);
}

static void a_pool_and_a_strand_become_idle(void) {
  weft_executor_t *one = make_pool(1), *several = make_pool(3), *strand = make_strand(several);
  check_idle_and_busy(one, one);
  check_idle_and_busy(several, several);
  check_idle_and_busy(strand, several);
  end_executor(strand);
  end_executor(several);
  end_executor(one);
}

static void a_caller_run_executor_is_idle_when_it_has_nothing(void) {
  weft_executor_t *mine = make_caller_run();
  int runs = 0;
  CHECK_STATUS(weft_executor_wait_idle(mine, 0), WEFT_OK);
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_wait_idle(mine, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(runs, 0);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_wait_idle(mine, 0), WEFT_OK);
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_shutdown(mine, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_wait_idle(mine, 0), WEFT_OK);
  weft_executor_unref(mine);
}

/* A tree of tasks: each submits two more, by post or into a group. */
typedef struct tree {
  weft_group_t *group; /* NULL: by post */
  int depth;
  int *runs;
} tree_t;

static weft_status grow(void *ctx, void **result, weft_error_t **error) {
  tree_t *tree = (tree_t *)ctx;
  int i;
  (void)result;
  (void)error;
  count_drop(tree->runs);
  for (i = 0; tree->depth > 0 && i < 2; ++i) {
    tree_t *child = (tree_t *)malloc(sizeof *child);
    *child = *tree;
    --child->depth;
    if (tree->group != NULL)
      CHECK_STATUS(weft_group_spawn(tree->group, NULL, grow, child, free), WEFT_OK);
    else
      CHECK_STATUS(weft_executor_post(weft_executor_current(), NULL, grow, child, free), WEFT_OK);
  }
  return WEFT_OK;
}

static void what_tasks_submit_counts_too(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  weft_group_t *group = make_group(pool);
  int turns = check_rounds(300, 30000), turn, runs;
  for (turn = 0; turn < turns; ++turn) {
    tree_t tree = {NULL, 4, NULL};
    runs = 0;
    tree.runs = &runs;
    tree.group = turn % 3 == 1 ? group : NULL;
    CHECK_STATUS(weft_executor_post(turn % 3 == 2 ? strand : pool, NULL, grow, &tree, NULL), WEFT_OK);
    CHECK_STATUS(weft_executor_wait_idle(turn % 6 == 2 ? strand : pool, WEFT_FOREVER), WEFT_OK);
    if (!CHECK_EQUAL(count_of(&runs), 31)) break;
  }
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  end_executor(strand);
  end_executor(pool);
}

static weft_status wait_inside(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_wait_idle((weft_executor_t *)ctx, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

/* The wait is made in a task of the executor, and on the only worker of the pool that carries the strand. */
static void from_inside_it_would_never_end(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *mine = make_caller_run();
  gate_t gate = GATE_CLOSED;
  weft_future_t *outer = occupy_worker(pool, &gate), *waits = submit(pool, wait_inside, strand, NULL);
  weft_future_t *behind = submit(strand, return_ctx, NULL, NULL);
  gate_open(&gate);
  end_future(outer);
  end_future(waits);
  end_future(behind);
  end_future(submit(pool, wait_inside, pool, NULL));
  end_future(submit(strand, wait_inside, strand, NULL));
  end_future(submit(strand, wait_inside, pool, NULL));
  REQUIRE_OK(weft_executor_post(mine, NULL, wait_inside, mine, NULL));
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  weft_executor_unref(mine);
  end_executor(strand);
  end_executor(pool);
}

static void timers_do_not_count_before_they_are_due(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *later = NULL;
  int runs = 0;
  REQUIRE_OK(weft_executor_submit_after(pool, WEFT_SECOND * 3600, NULL, count_run, &runs, NULL, &later));
  CHECK_STATUS(weft_executor_wait_idle(pool, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_future_cancel(later), WEFT_OK);
  weft_future_unref(later);
  end_executor(pool);
}

/* Tasks that the submitter runs itself, because the queue is full, count too. */
typedef struct guest {
  weft_executor_t *pool;
  gate_t inside;
} guest_t;

static weft_status be_a_guest(void *ctx, weft_error_t **error) {
  guest_t *guest = (guest_t *)ctx;
  (void)error;
  CHECK_STATUS(weft_executor_post(guest->pool, NULL, pass_gate, &guest->inside, NULL), WEFT_OK);
  return WEFT_OK;
}

static void what_a_submitter_runs_itself_counts(void) {
  guest_t guest = {NULL, GATE_CLOSED};
  gate_t gate = GATE_CLOSED;
  weft_thread_t *thread;
  weft_future_t *running, *queued;
  guest.pool = make_bounded_pool(1, WEFT_FULL_CALLER, 0);
  running = occupy_worker(guest.pool, &gate);
  queued = submit(guest.pool, return_ctx, NULL, NULL);
  thread = start_thread(NULL, WEFT_DAEMON_NO, be_a_guest, &guest, NULL);
  gate_await(&guest.inside, 1);
  gate_open(&gate);
  end_future(running);
  end_future(queued);
  while (stats_of(guest.pool).workers_idle != 1) sched_yield();
  CHECK_STATUS(weft_executor_wait_idle(guest.pool, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  gate_open(&guest.inside);
  CHECK_STATUS(weft_executor_wait_idle(guest.pool, WEFT_FOREVER), WEFT_OK);
  end_thread(thread);
  end_executor(guest.pool);
}

typedef struct waiter {
  weft_executor_t *pool;
  int is_stopped;
  uint64_t tid;
} waiter_t;

static weft_status wait_for_rest(void *ctx, weft_error_t **error) {
  waiter_t *waiter = (waiter_t *)ctx;
  (void)error;
  __atomic_store_n(&waiter->tid, own_tid(), __ATOMIC_RELEASE);
  if (waiter->is_stopped)
    CHECK_STATUS(weft_executor_wait_idle(waiter->pool, WEFT_FOREVER), WEFT_EINTERRUPTED);
  else
    CHECK_STATUS(weft_executor_wait_idle(waiter->pool, WEFT_FOREVER), WEFT_OK);
  return WEFT_OK;
}

static void several_wait_and_one_is_asked_to_stop(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  waiter_t waiters[3];
  weft_thread_t *threads[3];
  int i;
  for (i = 0; i < 3; ++i) {
    waiters[i].pool = pool;
    waiters[i].is_stopped = i == 1;
    waiters[i].tid = 0;
    threads[i] = start_thread(NULL, WEFT_DAEMON_NO, wait_for_rest, &waiters[i], NULL);
    while (__atomic_load_n(&waiters[i].tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
    await_asleep(waiters[i].tid);
  }
  CHECK_STATUS(weft_thread_request_stop(threads[1]), WEFT_OK);
  end_thread(threads[1]);
  gate_open(&gate);
  end_future(running);
  end_thread(threads[0]);
  end_thread(threads[2]);
  end_executor(pool);
}

/* A pool without threads of its own becomes idle when threads of the host have run all tasks. */
static void with_threads_of_the_host(void) {
  weft_executor_t *pool = host_pool(NULL, 2);
  lent_t lent = {0};
  int runs = 0, i;
  for (i = 0; i < 100; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_wait_idle(pool, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  lend(&lent, pool, WEFT_FOREVER);
  CHECK_STATUS(weft_executor_wait_idle(pool, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 100);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  come_back(&lent, WEFT_OK);
  CHECK_STATUS(weft_executor_wait_idle(pool, 0), WEFT_OK);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments are refused", bad_arguments_are_refused},
      {"a pool and a strand become idle", a_pool_and_a_strand_become_idle},
      {"a caller-run executor is idle when it has nothing", a_caller_run_executor_is_idle_when_it_has_nothing},
      {"what tasks submit counts too", what_tasks_submit_counts_too},
      {"from inside it would never end", from_inside_it_would_never_end},
      {"timers do not count before they are due", timers_do_not_count_before_they_are_due},
      {"what a submitter runs itself counts", what_a_submitter_runs_itself_counts},
      {"several wait, and one is asked to stop", several_wait_and_one_is_asked_to_stop},
      {"with threads of the host", with_threads_of_the_host},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
