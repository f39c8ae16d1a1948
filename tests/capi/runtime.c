/* Tests of weft/runtime.h: making runtimes, and the order in which shutdown waits, finishes, stops and cancels.
 *
 * Calls on a runtime that has ended are in runtime_ended.c, the exception hook in hook.c, and the end of the default
 * runtime in default_runtime.c. The end of a whole process is in tests/process.
 */
#include <weft/runtime.h>

#include <pthread.h>
#include <signal.h>

#include "setup.h"

/* ctx counts; runs until it is asked to stop. */
static weft_status until_stopped(void *ctx, weft_error_t **error) {
  (void)error;
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL);
  while (weft_sleep(WEFT_FOREVER) == WEFT_OK) {
  }
  __atomic_add_fetch((int *)ctx, 100, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void creating_and_destroying(void) {
  weft_runtime_options_t options;
  weft_runtime_t *runtime = NULL, *other = NULL;
  weft_runtime_options_init(&options);
  CHECK_STATUS(weft_runtime_create(NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_runtime_create(&options, NULL), WEFT_EINVAL);
  REQUIRE_OK(weft_runtime_create(&options, &runtime));
  REQUIRE_OK(weft_runtime_create(NULL, &other));
  CHECK(runtime != NULL && other != NULL && runtime != other);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK(runtime == NULL);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK_STATUS(weft_runtime_destroy(&other), WEFT_OK);
  CHECK_STATUS(weft_runtime_destroy(NULL), WEFT_EINVAL);
}

static void an_unused_runtime_ends_at_once_and_again(void) {
  weft_runtime_t *runtime = make_runtime();
  CHECK_STATUS(weft_runtime_shutdown(runtime, 0), WEFT_OK);
  CHECK_STATUS(weft_runtime_shutdown(runtime, 0), WEFT_OK);
  CHECK_STATUS(weft_runtime_shutdown(runtime, -1), WEFT_OK);
  CHECK_STATUS(weft_runtime_shutdown(runtime, INT64_MIN), WEFT_OK);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void many_runtimes_come_and_go(void) {
  int i, rounds = check_rounds(200, 20000);
  for (i = 0; i < rounds; ++i) {
    weft_runtime_t *runtime = make_runtime();
    weft_executor_t *pool = make_pool_in(runtime, 2, WEFT_DAEMON_NO);
    int runs = 0;
    REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
    REQUIRE_OK(weft_runtime_destroy(&runtime));
    CHECK_EQUAL(count_of(&runs), 1);
    weft_executor_unref(pool);
  }
}

static void shutdown_waits_for_regular_threads(void) {
  weft_runtime_t *runtime = make_runtime();
  probe_t probes[3] = {{0}};
  weft_thread_t *threads[3];
  size_t i;
  for (i = 0; i < 3; ++i) {
    threads[i] = start_thread(runtime, WEFT_DAEMON_NO, probe_target, &probes[i], probe_drop);
    REQUIRE(threads[i] != NULL);
  }
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  for (i = 0; i < 3; ++i) {
    CHECK_EQUAL(probe_runs(&probes[i]), 1);
    CHECK_EQUAL(probe_drops(&probes[i]), 1);
    CHECK_EQUAL(weft_thread_is_alive(threads[i]), 0);
    CHECK_STATUS(weft_thread_join(threads[i], 0), WEFT_OK);
    weft_thread_unref(threads[i]);
  }
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

/* Each thread starts the next one, while the runtime is being shut down. */
typedef struct chain {
  weft_runtime_t *runtime;
  int left;
  int ran;
} chain_t;

static weft_status chain_target(void *ctx, weft_error_t **error) {
  chain_t *chain = (chain_t *)ctx;
  (void)error;
  __atomic_add_fetch(&chain->ran, 1, __ATOMIC_ACQ_REL);
  CHECK_STATUS(weft_sleep(WEFT_MILLISECOND), WEFT_OK); /* so that the chain outlasts the start of the shutdown */
  if (--chain->left > 0) weft_thread_unref(start_thread(chain->runtime, WEFT_DAEMON_NO, chain_target, chain, NULL));
  return WEFT_OK;
}

static void shutdown_waits_for_threads_started_meanwhile(void) {
  weft_runtime_t *runtime = make_runtime();
  chain_t chain = {NULL, 40, 0};
  chain.runtime = runtime;
  weft_thread_unref(start_thread(runtime, WEFT_DAEMON_NO, chain_target, &chain, NULL));
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&chain.ran), 40);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void shutdown_lets_regular_pools_finish(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 2, WEFT_DAEMON_NO);
  weft_executor_t *strand = NULL;
  weft_executor_stats_t stats = {0};
  int runs = 0, drops = 0, i;
  REQUIRE_OK(weft_strand_create(pool, &strand));
  for (i = 0; i < 100; ++i) {
    REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
    REQUIRE_OK(weft_executor_post(strand, NULL, count_run, &drops, count_drop)); /* counts twice */
  }
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 100);
  CHECK_EQUAL(count_of(&drops), 200);
  stats.size = sizeof stats;
  CHECK_STATUS(weft_executor_stats(pool, &stats), WEFT_OK);
  CHECK_EQUAL(stats.workers_alive, 0);
  CHECK_EQUAL(stats.queued, 0);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void shutdown_stops_daemon_threads_and_does_not_wait_for_them(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  probe_t deaf = {0};
  int counter = 0;
  weft_thread_t *looking = start_thread(runtime, WEFT_DAEMON_YES, until_stopped, &counter, NULL);
  weft_thread_t *not_looking;
  deaf.gate = &gate;
  not_looking = start_thread(runtime, WEFT_DAEMON_YES, probe_target, &deaf, probe_drop);
  REQUIRE(looking != NULL && not_looking != NULL);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_thread_join(looking, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), 101);
  CHECK_EQUAL(weft_thread_is_alive(not_looking), 1);
  CHECK_EQUAL(probe_drops(&deaf), 0);
  gate_open(&gate);
  CHECK_STATUS(weft_thread_join(not_looking, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(probe_drops(&deaf), 1);
  weft_thread_unref(looking);
  weft_thread_unref(not_looking);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct late_calls {
  gate_t gate;
  weft_runtime_t *runtime;
  weft_executor_t *pool;
  weft_future_t *never;
} late_calls_t;

/* A daemon thread that continues only after the end of its runtime. */
static weft_status late_target(void *ctx, weft_error_t **error) {
  late_calls_t *late = (late_calls_t *)ctx;
  weft_thread_t *thread = NULL;
  weft_executor_t *pool = NULL;
  (void)error;
  gate_pass(&late->gate);
  CHECK_EQUAL(weft_stop_requested(), 1);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_future_wait(late->never, WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_executor_post(late->pool, NULL, count_run, NULL, NULL), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_thread_create(late->runtime, NULL, probe_target, NULL, NULL, &thread), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_create(late->runtime, NULL, &pool), WEFT_ESHUTDOWN);
  return WEFT_OK;
}

static void a_daemon_thread_that_lives_on_gets_answers(void) {
  static late_calls_t late = {GATE_CLOSED, NULL, NULL, NULL};
  weft_runtime_t *runtime = make_runtime();
  weft_thread_t *thread;
  late.runtime = runtime;
  late.pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  REQUIRE_OK(weft_future_create(NULL, &late.never));
  thread = start_thread(runtime, WEFT_DAEMON_YES, late_target, &late, NULL);
  REQUIRE(thread != NULL);
  gate_await(&late.gate, 1);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  gate_open(&late.gate);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
  weft_future_unref(late.never);
  weft_executor_unref(late.pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void shutdown_cancels_daemon_pools_and_caller_run_executors(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_YES);
  weft_executor_t *mine = NULL;
  gate_t gate = GATE_CLOSED;
  probe_t pending = {0}, waiting = {0};
  weft_future_t *running_future, *pending_future, *waiting_future;
  REQUIRE_OK(weft_caller_run_create(runtime, NULL, &mine));
  REQUIRE_OK(weft_executor_submit(pool, NULL, pass_gate, &gate, NULL, &running_future));
  gate_await(&gate, 1);
  REQUIRE_OK(weft_executor_submit(pool, NULL, probe_run, &pending, probe_drop, &pending_future));
  REQUIRE_OK(weft_executor_submit(mine, NULL, probe_run, &waiting, probe_drop, &waiting_future));
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(pending_future), 1);
  CHECK_EQUAL(weft_future_cancelled(waiting_future), 1);
  CHECK_EQUAL(probe_runs(&pending) + probe_runs(&waiting), 0);
  CHECK_EQUAL(probe_drops(&pending), 1);
  CHECK_EQUAL(probe_drops(&waiting), 1);
  CHECK_EQUAL(weft_future_running(running_future), 1);
  gate_open(&gate);
  CHECK_STATUS(weft_future_result(running_future, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(running_future);
  weft_future_unref(pending_future);
  weft_future_unref(waiting_future);
  weft_executor_unref(mine);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void a_shutdown_that_times_out_cancels_and_stops_and_may_be_repeated(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  gate_t gate = GATE_CLOSED;
  probe_t blocked = {0}, pending = {0};
  weft_future_t *running_future, *pending_future;
  weft_thread_t *thread;
  int counter = 0;
  int64_t began;
  blocked.gate = &gate;
  thread = start_thread(runtime, WEFT_DAEMON_NO, until_stopped, &counter, NULL);
  REQUIRE(thread != NULL);
  REQUIRE_OK(weft_executor_submit(pool, NULL, probe_run, &blocked, probe_drop, &running_future));
  gate_await(&gate, 1);
  REQUIRE_OK(weft_executor_submit(pool, NULL, probe_run, &pending, probe_drop, &pending_future));
  began = now_ns();
  CHECK_STATUS(weft_runtime_shutdown(runtime, 30 * WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 30 * WEFT_MILLISECOND);
  CHECK_EQUAL(weft_future_cancelled(pending_future), 1);
  CHECK_EQUAL(probe_drops(&pending), 1);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), 101);
  CHECK_STATUS(weft_runtime_shutdown(runtime, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_runtime_shutdown(runtime, -5), WEFT_ETIMEDOUT);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(probe_runs(&blocked), 1);
  CHECK_EQUAL(probe_drops(&blocked), 1);
  weft_thread_unref(thread);
  weft_future_unref(running_future);
  weft_future_unref(pending_future);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

/* What a task and its child process see is tested by tests/process and tests/regressions. */
static void the_mask_for_processes_is_that_of_a_foreign_thread(void) {
  sigset_t own, told;
  int signal;
  CHECK_STATUS(weft_process_signal_mask(NULL), WEFT_EINVAL);
  sigfillset(&told);
  CHECK_STATUS(weft_process_signal_mask(&told), WEFT_OK);
  REQUIRE(pthread_sigmask(SIG_SETMASK, NULL, &own) == 0);
  for (signal = 1; signal < 32; ++signal) CHECK_EQUAL(sigismember(&told, signal), sigismember(&own, signal));
}

static void usable_cpus_is_between_one_and_the_affinity_mask(void) {
  cpu_set_t set;
  uint32_t cpus = weft_usable_cpus();
  CHECK(cpus >= 1);
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  CHECK(cpus <= (uint32_t)CPU_COUNT(&set));
  CHECK_EQUAL(weft_usable_cpus(), cpus);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"creating and destroying", creating_and_destroying},
      {"an unused runtime ends at once and again", an_unused_runtime_ends_at_once_and_again},
      {"many runtimes come and go", many_runtimes_come_and_go},
      {"shutdown waits for regular threads", shutdown_waits_for_regular_threads},
      {"shutdown waits for threads started meanwhile", shutdown_waits_for_threads_started_meanwhile},
      {"shutdown lets regular pools finish", shutdown_lets_regular_pools_finish},
      {"shutdown stops daemon threads and does not wait for them",
       shutdown_stops_daemon_threads_and_does_not_wait_for_them},
      {"a daemon thread that lives on gets answers", a_daemon_thread_that_lives_on_gets_answers},
      {"shutdown cancels daemon pools and caller-run executors",
       shutdown_cancels_daemon_pools_and_caller_run_executors},
      {"a shutdown that times out cancels and stops, and may be repeated",
       a_shutdown_that_times_out_cancels_and_stops_and_may_be_repeated},
      {"the mask for processes is that of a foreign thread", the_mask_for_processes_is_that_of_a_foreign_thread},
      {"usable CPUs: between one and the affinity mask", usable_cpus_is_between_one_and_the_affinity_mask},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
