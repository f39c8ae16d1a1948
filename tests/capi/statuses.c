/* Every status of the list is reached by a real call. If a status is added to the list and not to this table, the test
 * fails. If a status cannot be reached here (a sanitizer, no way to drop privileges), the test prints it.
 */
#include "child.h"
#include "setup.h"

/* How to reach each status: a function that returns the status of one real call. */

static weft_status reach_ok(void) {
  return weft_sleep(0);
}

static weft_status reach_einval(void) {
  return weft_future_wait(NULL, 0);
}

static weft_status reach_etimedout(void) {
  weft_future_t *future = make_promise(NULL);
  weft_status status = weft_future_wait(future, 0);
  weft_future_unref(future);
  return status;
}

static weft_status reach_ecanceled(void) {
  weft_future_t *future = make_promise(NULL);
  weft_status status;
  weft_future_cancel(future);
  status = weft_future_result(future, 0, NULL);
  weft_future_unref(future);
  return status;
}

static weft_status reach_efailed(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = submit(pool, fail_with_42, NULL, NULL);
  weft_status status = weft_future_result(future, WEFT_FOREVER, NULL);
  weft_future_unref(future);
  weft_executor_unref(pool);
  return status;
}

static weft_status reach_einvalidstate(void) {
  weft_future_t *future = make_promise(NULL);
  weft_status status;
  weft_future_set_result(future, NULL);
  status = weft_future_set_result(future, NULL);
  weft_future_unref(future);
  return status;
}

static weft_status reach_erunning(void) {
  weft_future_t *future = make_promise(NULL);
  weft_status status;
  weft_future_set_running(future);
  status = weft_future_cancel(future);
  weft_future_unref(future);
  return status;
}

static weft_status reach_edone(void) {
  weft_future_t *future = make_promise(NULL);
  weft_status status;
  weft_future_set_result(future, NULL);
  status = weft_future_cancel(future);
  weft_future_unref(future);
  return status;
}

static weft_status reach_eend(void) {
  weft_as_completed_t *iterator = NULL;
  weft_future_t *out = NULL;
  weft_status status;
  weft_as_completed(NULL, 0, 0, &iterator);
  status = weft_as_completed_next(iterator, &out);
  weft_as_completed_destroy(&iterator);
  return status;
}

static weft_status reach_estarted(void) {
  weft_thread_t *self = NULL;
  weft_status status;
  weft_thread_main(&self);
  status = weft_thread_start(self);
  weft_thread_unref(self);
  return status;
}

static weft_status reach_enotstarted(void) {
  weft_thread_t *thread = NULL;
  weft_status status;
  weft_thread_create(NULL, NULL, probe_target, NULL, NULL, &thread);
  status = weft_thread_join(thread, 0);
  weft_thread_unref(thread);
  return status;
}

static weft_status reach_edeadlk(void) {
  weft_thread_t *self = NULL;
  weft_status status;
  weft_thread_current(&self);
  status = weft_thread_join(self, WEFT_FOREVER);
  weft_thread_unref(self);
  return status;
}

static weft_status reach_eshutdown(void) {
  weft_executor_t *pool = make_pool(1);
  weft_status status;
  weft_executor_shutdown(pool, 0, 0);
  status = weft_executor_post(pool, NULL, return_ctx, NULL, NULL);
  weft_executor_unref(pool);
  return status;
}

static weft_status reach_eclosed(void) {
  weft_queue_t *queue = NULL;
  weft_status status;
  weft_queue_create(NULL, &queue);
  weft_queue_close(queue);
  status = weft_queue_post(queue, 0, 0);
  weft_queue_unref(queue);
  return status;
}

static weft_status failing_initializer(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 1;
}

static weft_status reach_ebroken(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_status status;
  weft_executor_options_init(&options);
  options.initializer = failing_initializer;
  weft_executor_create(NULL, &options, &pool);
  end_future(submit(pool, return_ctx, NULL, NULL));
  status = weft_executor_post(pool, NULL, return_ctx, NULL, NULL);
  weft_executor_unref(pool);
  return status;
}

static weft_status reach_efull(void) {
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_bounded_pool(1, WEFT_FULL_FAIL, 0);
  weft_future_t *running = occupy_worker(pool, &gate);
  weft_status status;
  weft_executor_post(pool, NULL, return_ctx, NULL, NULL);
  status = weft_executor_post(pool, NULL, return_ctx, NULL, NULL);
  gate_open(&gate);
  weft_future_unref(running);
  end_executor(pool);
  return status;
}

static weft_status sleep_long(void *ctx, weft_error_t **error) {
  (void)error;
  *(weft_status *)ctx = weft_sleep(WEFT_FOREVER);
  return WEFT_OK;
}

static weft_status reach_einterrupted(void) {
  weft_status status = WEFT_OK;
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, sleep_long, &status, NULL);
  weft_thread_request_stop(thread);
  end_thread(thread);
  return status;
}

static weft_status reach_enotsup(void) {
  weft_executor_t *pool = make_pool(1);
  weft_status status = weft_executor_run(pool, 0, 0, NULL);
  weft_executor_unref(pool);
  return status;
}

/* The following run in child processes, which report by their exit status. */

static void child_reaches_enomem(void) {
  weft_future_t *future = NULL;
  if (limit_memory((size_t)512 << 20))
    CHECK_STATUS(weft_future_create_room((size_t)1 << 30, 0, NULL, &future), WEFT_ENOMEM);
}

static void child_reaches_eagain(void) {
  weft_thread_t *thread = NULL;
  if (!refuse_threads()) return;
  weft_thread_create(NULL, NULL, probe_target, NULL, NULL, &thread);
  CHECK_STATUS(weft_thread_start(thread), WEFT_EAGAIN);
}

static void child_reaches_eperm(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  struct rlimit none = {0, 0};
  if (!drop_privileges()) return;
  setrlimit(RLIMIT_NICE, &none);
  weft_thread_options_init(&options);
  options.nice = -20;
  weft_thread_create(NULL, &options, probe_target, NULL, NULL, &thread);
  CHECK_STATUS(weft_thread_start(thread), WEFT_EPERM);
}

static void child_of_a_user(void) {
  CHECK_STATUS(weft_sleep(0), WEFT_EFORKED);
}

static void child_reaches_eforked(void) {
  weft_thread_t *self = NULL;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK); /* from here on weft is in use */
  run_in_child(child_of_a_user);
}

static const struct {
  weft_status status;
  weft_status (*reach)(void);
  void (*reach_in_child)(void);
} ways[] = {
    {WEFT_ENOMEM, NULL, child_reaches_enomem},
    {WEFT_EAGAIN, NULL, child_reaches_eagain},
    {WEFT_EPERM, NULL, child_reaches_eperm},
    {WEFT_EFORKED, NULL, child_reaches_eforked},
    {WEFT_OK, reach_ok, NULL},
    {WEFT_EINVAL, reach_einval, NULL},
    {WEFT_ETIMEDOUT, reach_etimedout, NULL},
    {WEFT_ECANCELED, reach_ecanceled, NULL},
    {WEFT_EFAILED, reach_efailed, NULL},
    {WEFT_EINVALIDSTATE, reach_einvalidstate, NULL},
    {WEFT_ERUNNING, reach_erunning, NULL},
    {WEFT_EDONE, reach_edone, NULL},
    {WEFT_EEND, reach_eend, NULL},
    {WEFT_ESTARTED, reach_estarted, NULL},
    {WEFT_ENOTSTARTED, reach_enotstarted, NULL},
    {WEFT_EDEADLK, reach_edeadlk, NULL},
    {WEFT_ESHUTDOWN, reach_eshutdown, NULL},
    {WEFT_EBROKEN, reach_ebroken, NULL},
    {WEFT_EFULL, reach_efull, NULL},
    {WEFT_EINTERRUPTED, reach_einterrupted, NULL},
    {WEFT_ENOTSUP, reach_enotsup, NULL},
    {WEFT_ECLOSED, reach_eclosed, NULL},
};

static int reached[CHECK_COUNT_OF(ways)];
static int skipped[CHECK_COUNT_OF(ways)];

static void reach_in_children(void) {
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(ways); ++i) {
    int answer;
    if (ways[i].reach_in_child == NULL) continue;
    answer = run_in_child(ways[i].reach_in_child);
    reached[i] = answer == 0;
    skipped[i] = answer == child_skips;
    if (skipped[i]) printf("# cannot be reached here: %s\n", weft_status_name(ways[i].status));
  }
}

static void reach_by_calls(void) {
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(ways); ++i)
    if (ways[i].reach) reached[i] = check_status(ways[i].reach(), ways[i].status, __FILE__, __LINE__, "a real call");
}

static void no_status_is_left_out(void) {
  static const weft_status all[] = {
#define VALUE(name, value, text) name,
      WEFT_STATUS_LIST(VALUE)
#undef VALUE
  };
  size_t s, i;
  for (s = 0; s < CHECK_COUNT_OF(all); ++s) {
    int found = 0;
    for (i = 0; i < CHECK_COUNT_OF(ways); ++i)
      if (ways[i].status == all[s]) found = reached[i] || skipped[i];
    if (!CHECK(found)) printf("# never reached: %s\n", weft_status_name(all[s]));
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"those that need a limit are reached in children", reach_in_children}, /* before weft is used here */
      {"the others are reached by calls", reach_by_calls},
      {"no status is left out", no_status_is_left_out},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
