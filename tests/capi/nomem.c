/* Tests of memory that runs out under errors, runtimes, threads and futures (see nomem.h): each call returns a
 * documented status, leaves its outputs untouched and takes nothing over. Executors are in nomem_executor.c.
 */
#include "nomem.h"
#include "child.h"

enum { batch = 20 };

static weft_status attempt_error_create(void) {
  weft_error_t *error = UNTOUCHED(weft_error_t);
  weft_status status =
      ARMED(weft_error_create(1, "a kind that is longer than any small buffer", "and a long message", &error));
  if (status == WEFT_OK)
    weft_error_unref(error);
  else
    CHECK(error == UNTOUCHED(weft_error_t));
  return status;
}

static weft_status attempt_error_create_foreign(void) {
  int drops = 0;
  weft_error_t *error = UNTOUCHED(weft_error_t);
  weft_status status = ARMED(weft_error_create_foreign(1, "kind", "message", "a tag", &drops, count_drop, &error));
  CHECK_EQUAL(drops, 0);
  if (status == WEFT_OK)
    weft_error_unref(error);
  else
    CHECK(error == UNTOUCHED(weft_error_t));
  CHECK_EQUAL(drops, status == WEFT_OK);
  return status;
}

static weft_status attempt_runtime_create(void) {
  weft_runtime_t *runtime = UNTOUCHED(weft_runtime_t);
  weft_status status = ARMED(weft_runtime_create(NULL, &runtime));
  if (status == WEFT_OK)
    CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  else
    CHECK(runtime == UNTOUCHED(weft_runtime_t));
  return status;
}

static void ignore_error(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)ctx;
  (void)thread;
  (void)error;
}

static weft_status attempt_set_exception_hook(void) {
  int drops = 0;
  weft_status status = ARMED(weft_runtime_set_exception_hook(NULL, ignore_error, &drops, count_drop));
  CHECK_EQUAL(drops, 0);
  if (status == WEFT_OK) {
    CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
    CHECK_EQUAL(drops, 1);
  }
  return status;
}

static void ignore_line(void *ctx, uint32_t level, const char *message) {
  (void)ctx;
  (void)level;
  (void)message;
}

static void ignore_misuse(void *ctx, const char *what, const char *function) {
  (void)ctx;
  (void)what;
  (void)function;
}

static weft_status attempt_set_log_hook(void) {
  int drops = 0;
  weft_status status = ARMED(weft_set_log_hook(ignore_line, &drops, count_drop));
  CHECK_EQUAL(drops, 0);
  if (status == WEFT_OK) CHECK_STATUS(weft_set_log_hook(NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(drops, status == WEFT_OK);
  return status;
}

static weft_status attempt_set_misuse_hook(void) {
  int drops = 0;
  weft_status status = ARMED(weft_set_misuse_hook(ignore_misuse, &drops, count_drop));
  CHECK_EQUAL(drops, 0);
  if (status == WEFT_OK) CHECK_STATUS(weft_set_misuse_hook(NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(drops, status == WEFT_OK);
  return status;
}

static weft_status attempt_thread_create(void) {
  probe_t probe = {0};
  weft_thread_options_t options;
  weft_thread_t *thread = UNTOUCHED(weft_thread_t);
  static const uint32_t cpu = 0;
  weft_status status;
  weft_thread_options_init(&options);
  options.name = "a name that is longer than any small buffer is";
  options.affinity = &cpu;
  options.affinity_count = 1;
  status = ARMED(weft_thread_create(NULL, &options, probe_target, &probe, probe_drop, &thread));
  if (status == WEFT_OK)
    weft_thread_unref(thread);
  else
    CHECK(thread == UNTOUCHED(weft_thread_t));
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  return status;
}

static weft_status attempt_thread_start(void) {
  probe_t probe = {0};
  weft_thread_t *thread = NULL;
  weft_status status;
  CHECK_STATUS(weft_thread_create(NULL, NULL, probe_target, &probe, probe_drop, &thread), WEFT_OK);
  status = ARMED(weft_thread_start(thread));
  if (status != WEFT_OK) {
    CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_INITIAL);
    CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
    CHECK_STATUS(weft_thread_start(thread), WEFT_OK);
  }
  end_thread(thread);
  CHECK_EQUAL(probe_runs(&probe), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  return status;
}

static weft_status attempt_thread_set_name(void) {
  weft_thread_t *thread = NULL;
  weft_status status;
  CHECK_STATUS(weft_thread_create(NULL, NULL, probe_target, NULL, NULL, &thread), WEFT_OK);
  CHECK_STATUS(weft_thread_set_name(thread, "before"), WEFT_OK);
  status = ARMED(weft_thread_set_name(thread, "a name that is longer than any small buffer is"));
  if (status != WEFT_OK) CHECK_TEXT(weft_thread_name(thread), "before");
  weft_thread_unref(thread);
  return status;
}

static void *current_in_new_thread(void *ctx) {
  weft_thread_t *self = UNTOUCHED(weft_thread_t);
  weft_status status = ARMED(weft_thread_current(&self));
  if (status == WEFT_OK)
    weft_thread_unref(self);
  else
    CHECK(self == UNTOUCHED(weft_thread_t));
  ((weft_status *)ctx)[0] = status;
  ((weft_status *)ctx)[1] = refused; /* on that thread */
  return NULL;
}

static weft_status attempt_thread_current(void) {
  weft_status answers[2] = {WEFT_OK, 0};
  pthread_t thread;
  if (CHECK(pthread_create(&thread, NULL, current_in_new_thread, answers) == 0)) pthread_join(thread, NULL);
  refused += answers[1];
  return answers[0];
}

static weft_status attempt_thread_main(void) {
  weft_thread_t *thread = UNTOUCHED(weft_thread_t);
  weft_status status = ARMED(weft_thread_main(&thread));
  if (status == WEFT_OK)
    weft_thread_unref(thread);
  else
    CHECK(thread == UNTOUCHED(weft_thread_t));
  return status;
}

static weft_status attempt_thread_enumerate(void) {
  weft_thread_t *threads[32];
  size_t count = 99, i;
  weft_status status = ARMED(weft_thread_enumerate(NULL, threads, 32, &count));
  if (status == WEFT_OK)
    for (i = 0; i < count; ++i) weft_thread_unref(threads[i]);
  else
    CHECK_EQUAL(count, 99);
  return status;
}

static weft_status attempt_thread_active_count(void) {
  size_t count = 99;
  weft_status status = ARMED(weft_thread_active_count(NULL, &count));
  if (status != WEFT_OK) CHECK_EQUAL(count, 99);
  return status;
}

static weft_status attempt_future_create(void) {
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_status status = ARMED(weft_future_create(NULL, &future));
  if (status == WEFT_OK)
    weft_future_unref(future);
  else
    CHECK(future == UNTOUCHED(weft_future_t));
  return status;
}

static weft_status attempt_future_create_room(void) {
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_status status = ARMED(weft_future_create_room(100, 64, NULL, &future));
  if (status == WEFT_OK)
    weft_future_unref(future);
  else
    CHECK(future == UNTOUCHED(weft_future_t));
  return status;
}

static void count_call(void *ctx, weft_future_t *future) {
  (void)future;
  ++*(int *)ctx;
}

static weft_status attempt_add_done_callback(void) {
  int touched = 0;
  weft_future_t *future = make_promise(NULL);
  weft_status status = ARMED(weft_future_add_done_callback(future, count_call, &touched, count_drop));
  CHECK_EQUAL(touched, 0);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  weft_future_unref(future);
  CHECK_EQUAL(touched, status == WEFT_OK ? 2 : 0);
  return status;
}

static weft_status attempt_wait(void) {
  weft_future_t *futures[batch];
  uint8_t done[batch];
  size_t count = 99;
  weft_status status;
  int i;
  memset(done, 9, sizeof done);
  for (i = 0; i < batch; ++i) futures[i] = make_promise(NULL);
  CHECK_STATUS(weft_future_set_result(futures[3], NULL), WEFT_OK);
  status = ARMED(weft_wait(futures, batch, WEFT_ALL_COMPLETED, WEFT_MILLISECOND, done, &count));
  CHECK_EQUAL(done[3], status == WEFT_ENOMEM ? 9 : 1);
  CHECK_EQUAL(count, status == WEFT_ENOMEM ? 99 : 1);
  for (i = 0; i < batch; ++i) weft_future_unref(futures[i]);
  return status == WEFT_ETIMEDOUT ? WEFT_OK : status; /* the call got through */
}

static weft_status attempt_as_completed(void) {
  weft_future_t *futures[batch], *future = NULL;
  weft_as_completed_t *iterator = UNTOUCHED(weft_as_completed_t);
  weft_status status;
  int i;
  for (i = 0; i < batch; ++i) futures[i] = make_promise(NULL);
  status = ARMED(weft_as_completed(futures, batch, WEFT_FOREVER, &iterator));
  for (i = 0; i < batch; ++i) {
    CHECK_STATUS(weft_future_set_result(futures[i], NULL), WEFT_OK);
    weft_future_unref(futures[i]);
  }
  if (status == WEFT_OK) {
    CHECK_STATUS(weft_as_completed_next(iterator, &future), WEFT_OK);
    weft_future_unref(future);
    weft_as_completed_destroy(&iterator);
  } else {
    CHECK(iterator == UNTOUCHED(weft_as_completed_t));
  }
  return status;
}
/* The first use of weft makes the default runtime, which takes memory too. Each attempt has a child process of its own,
 * because a runtime that was made stays.
 */
static weft_status first_use_by_hook(void) {
  return weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL);
}

static weft_status first_use_by_thread(void) {
  weft_thread_t *thread = NULL;
  return weft_thread_create(NULL, NULL, probe_target, NULL, NULL, &thread);
}

static weft_status first_use_by_pool(void) {
  weft_executor_t *pool = NULL;
  return weft_executor_create(NULL, NULL, &pool);
}

static weft_status first_use_by_caller_run(void) {
  weft_executor_t *mine = NULL;
  return weft_caller_run_create(NULL, NULL, &mine);
}

static weft_status first_use_by_current(void) {
  weft_thread_t *thread = NULL;
  return weft_thread_current(&thread);
}

static weft_status first_use_by_main(void) {
  weft_thread_t *thread = NULL;
  return weft_thread_main(&thread);
}

static weft_status first_use_by_list(void) {
  size_t count = 0;
  return weft_thread_enumerate(NULL, NULL, 0, &count);
}

static weft_status first_use_by_count(void) {
  size_t count = 0;
  return weft_thread_active_count(NULL, &count);
}

static weft_status (*const first_uses[])(void) = {
    first_use_by_hook,    first_use_by_thread, first_use_by_pool, first_use_by_caller_run,
    first_use_by_current, first_use_by_main,   first_use_by_list, first_use_by_count,
};

static weft_status (*first_use)(void);

/* In a child: one attempt. After that there is memory again, and the same call succeeds. */
static void use_first(void) {
  weft_status status = ARMED(first_use());
  CHECK(status == WEFT_OK || (refused && status == WEFT_ENOMEM));
  if (status != WEFT_OK) CHECK_STATUS(first_use(), WEFT_OK);
  if (!refused) check_skip("it got through"); /* tells the parent to stop */
}

static weft_status attempt_first_use(void) {
  size_t i;
  int64_t outer = fail_at;
  for (i = 0; i < CHECK_COUNT_OF(first_uses); ++i) {
    int answer = 0;
    first_use = first_uses[i];
    for (fail_at = 0; answer == 0 && fail_at < 100; ++fail_at) answer = run_in_child(use_first);
    CHECK_EQUAL(answer, child_skips);
  }
  check_skip_reason = NULL;
  fail_at = outer;
  return WEFT_OK;
}

int main(int argc, char **argv) {
  static const attempt_t attempts[] = {
      ATTEMPT_RECYCLED(first_use, attempt_first_use), /* before anything else is used */
      ATTEMPT(weft_error_create, attempt_error_create),
      ATTEMPT(weft_error_create_foreign, attempt_error_create_foreign),
      ATTEMPT(weft_runtime_create, attempt_runtime_create),
      ATTEMPT(weft_runtime_set_exception_hook, attempt_set_exception_hook),
      ATTEMPT(weft_set_log_hook, attempt_set_log_hook),
      ATTEMPT(weft_set_misuse_hook, attempt_set_misuse_hook),
      ATTEMPT(weft_thread_create, attempt_thread_create),
      ATTEMPT_THAT_STARTS_THREADS(weft_thread_start, attempt_thread_start),
      ATTEMPT(weft_thread_set_name, attempt_thread_set_name),
      ATTEMPT(weft_thread_current, attempt_thread_current),
      ATTEMPT(weft_thread_main, attempt_thread_main),
      ATTEMPT_RECYCLED(weft_thread_enumerate, attempt_thread_enumerate),
      ATTEMPT_RECYCLED(weft_thread_active_count, attempt_thread_active_count),
      ATTEMPT(weft_future_create, attempt_future_create),
      ATTEMPT(weft_future_create_room, attempt_future_create_room),
      ATTEMPT(weft_future_add_done_callback, attempt_add_done_callback),
      ATTEMPT(weft_wait, attempt_wait),
      ATTEMPT(weft_as_completed, attempt_as_completed),
  };
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
