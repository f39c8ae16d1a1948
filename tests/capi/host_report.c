/* Tests of weft/report.h for threads of the host inside weft_executor_work: what runs on them is reported, and waited
 * for, as if weft had started them. */
#include <sched.h>

#include <weft/report.h>

#include "host.h"

static weft_executor_t *named_host_pool(weft_runtime_t *runtime, weft_executor_options_t *options) {
  weft_executor_t *pool = NULL;
  options->name_prefix = "frames";
  options->flags = WEFT_EXECUTOR_HOST_WORKERS;
  CHECK_STATUS(weft_executor_create(runtime, options, &pool), WEFT_OK);
  return pool;
}

static weft_executor_options_t default_options(void) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.max_workers = 3;
  return options;
}

typedef struct host_thread {
  lent_t lent;
  uint64_t tid;
} host_thread_t;

static void *work_named(void *ctx) {
  host_thread_t *it = (host_thread_t *)ctx;
  pthread_setname_np(pthread_self(), "engine");
  __atomic_store_n(&it->tid, own_tid(), __ATOMIC_RELEASE);
  it->lent.answer = weft_executor_work(it->lent.pool, WEFT_FOREVER);
  return NULL;
}

static void begin(host_thread_t *it, weft_executor_t *pool) {
  memset(it, 0, sizeof *it);
  it->lent.pool = pool;
  if (!CHECK(pthread_create(&it->lent.thread, NULL, work_named, it) == 0)) abort();
}

static weft_report_t *report_of(weft_runtime_t *runtime, int64_t timeout, int64_t grace, weft_status expected) {
  weft_report_t *report = NULL;
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, timeout, grace, &report), expected);
  CHECK_EQUAL(weft_report_safe_to_unload(report), expected == WEFT_OK);
  return report;
}

static void a_task_on_it_is_listed(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_options_t options = default_options();
  weft_executor_t *pool = named_host_pool(runtime, &options);
  gate_t gate = GATE_CLOSED;
  host_thread_t host, resting;
  weft_future_t *earlier, *running;
  weft_report_t *report;
  int64_t busy;
  begin(&host, pool);
  earlier = submit(pool, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_wait(earlier, WEFT_FOREVER), WEFT_OK);
  running = occupy_worker(pool, &gate);
  begin(&resting, pool);
  report = report_of(runtime, WEFT_MILLISECOND, WEFT_MILLISECOND, WEFT_ETIMEDOUT);
  REQUIRE(CHECK_EQUAL(weft_report_count(report), 1));
  CHECK_TEXT(weft_report_name(report, 0), "engine");
  CHECK_TEXT(weft_report_executor(report, 0), "frames");
  CHECK_EQUAL(weft_report_native_id(report, 0), host.tid);
  CHECK_EQUAL(weft_report_runs(report, 0), WEFT_RUNS_TASK);
  busy = weft_report_busy(report, 0);
  CHECK(busy >= WEFT_MILLISECOND); /* the second wait at least; the first may have been cut short */
  CHECK(weft_report_age(report, 0) >= busy);
  CHECK_EQUAL(weft_report_function(report, 0), 0);
  CHECK(strstr(weft_report_text(report, 0), "engine") != NULL);
  CHECK(strstr(weft_report_text(report, 0), "a task of frames") != NULL);
  printf("# %s\n", weft_report_text(report, 0));
  weft_report_destroy(&report);
  gate_open(&gate);
  report = report_of(runtime, WEFT_FOREVER, WEFT_FOREVER, WEFT_OK);
  CHECK_EQUAL(weft_report_count(report), 0);
  weft_report_destroy(&report);
  come_back(&host.lent, WEFT_OK);
  come_back(&resting.lent, WEFT_OK);
  weft_future_unref(earlier);
  weft_future_unref(running);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

/* The report tells apart what a thread of the host does: its start hook, and a task that sleeps in weft. */
static weft_status wait_in_hook(void *ctx, weft_worker_t *worker, weft_error_t **error) {
  (void)worker;
  (void)error;
  gate_pass((gate_t *)ctx);
  return WEFT_OK;
}

static void its_start_is_listed(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_options_t options = default_options();
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool;
  host_thread_t host;
  weft_report_t *report;
  options.worker_start = wait_in_hook;
  options.worker_ctx = &gate;
  pool = named_host_pool(runtime, &options);
  begin(&host, pool);
  gate_await(&gate, 1);
  report = report_of(runtime, 0, 0, WEFT_ETIMEDOUT);
  if (CHECK_EQUAL(weft_report_count(report), 1)) CHECK_EQUAL(weft_report_runs(report, 0), WEFT_RUNS_START);
  weft_report_destroy(&report);
  gate_open(&gate);
  report = report_of(runtime, 0, WEFT_FOREVER, WEFT_OK);
  weft_report_destroy(&report);
  come_back(&host.lent, WEFT_OK);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct sleeper {
  uint64_t tid;
  weft_future_t *until;
} sleeper_t;

static weft_status sleep_in_weft(void *ctx, void **result, weft_error_t **error) {
  sleeper_t *it = (sleeper_t *)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&it->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_future_wait(it->until, WEFT_FOREVER), WEFT_OK);
  return WEFT_OK;
}

static void a_task_that_sleeps_is_known_by_its_function(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_options_t options = default_options();
  weft_executor_t *pool = named_host_pool(runtime, &options);
  sleeper_t it = {0, NULL};
  host_thread_t host;
  weft_report_t *report;
  it.until = make_promise(NULL);
  CHECK_STATUS(weft_executor_post(pool, NULL, sleep_in_weft, &it, NULL), WEFT_OK);
  begin(&host, pool);
  while (__atomic_load_n(&it.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(it.tid);
  report = report_of(runtime, WEFT_MILLISECOND, 0, WEFT_ETIMEDOUT);
  if (CHECK_EQUAL(weft_report_count(report), 1)) {
    CHECK_EQUAL(weft_report_native_id(report, 0), it.tid);
    CHECK(weft_report_function(report, 0) == (uint64_t)(uintptr_t)sleep_in_weft);
  }
  weft_report_destroy(&report);
  CHECK_STATUS(weft_future_set_result(it.until, NULL), WEFT_OK);
  report = report_of(runtime, 0, WEFT_FOREVER, WEFT_OK);
  weft_report_destroy(&report);
  come_back(&host.lent, WEFT_OK);
  weft_future_unref(it.until);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

/* The report has the name of a thread that weft has made. Unloading is safe only after the stop hook, so the shutdown
 * waits for it. */
typedef struct last_steps {
  gate_t gate;
  weft_executor_t *pool;
} last_steps_t;

static void stop_at_gate(void *ctx, weft_worker_t *worker) {
  (void)worker;
  gate_pass(&((last_steps_t *)ctx)->gate);
}

static weft_status lend_target(void *ctx, weft_error_t **error) {
  (void)error;
  return weft_executor_work(((last_steps_t *)ctx)->pool, WEFT_FOREVER);
}

static void its_stop_hook_is_waited_for(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_options_t options = default_options();
  weft_thread_options_t named;
  last_steps_t steps = {GATE_CLOSED, NULL};
  weft_thread_t *thread = NULL;
  weft_report_t *report;
  options.worker_stop = stop_at_gate;
  options.worker_ctx = &steps;
  steps.pool = named_host_pool(runtime, &options);
  weft_thread_options_init(&named);
  named.name = "a thread of the default runtime";
  REQUIRE_OK(weft_thread_create(NULL, &named, lend_target, &steps, NULL, &thread));
  REQUIRE_OK(weft_thread_start(thread));
  end_future(submit(steps.pool, return_ctx, NULL, NULL));
  report = report_of(runtime, WEFT_FOREVER, 0, WEFT_ETIMEDOUT);
  gate_await(&steps.gate, 1);
  weft_report_destroy(&report);
  report = report_of(runtime, WEFT_FOREVER, 0, WEFT_ETIMEDOUT);
  if (CHECK_EQUAL(weft_report_count(report), 1)) CHECK_TEXT(weft_report_name(report, 0), named.name);
  weft_report_destroy(&report);
  gate_open(&steps.gate);
  report = report_of(runtime, WEFT_FOREVER, WEFT_FOREVER, WEFT_OK);
  weft_report_destroy(&report);
  end_thread(thread);
  weft_executor_unref(steps.pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a task on it is listed", a_task_on_it_is_listed},
      {"its start is listed", its_start_is_listed},
      {"a task that sleeps is known by its function", a_task_that_sleeps_is_known_by_its_function},
      {"its stop hook is waited for", its_stop_hook_is_waited_for},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
