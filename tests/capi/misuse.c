/* Tests of misuse that is detected (weft/host.h): pointers that are not handles, freed handles, double destroys. */
#include "setup.h"

static struct {
  int reports;
  int drops;
  const char *what;
  const char *function;
} told;

static void note_misuse(void *ctx, const char *what, const char *function) {
  (void)ctx;
  ++told.reports;
  told.what = what;
  told.function = function;
}

static void note_drop(void *ctx) {
  (void)ctx;
  ++told.drops;
}

static int checks(void) {
  memset(&told, 0, sizeof told);
  if (!weft_checks_misuse()) {
    check_skip("this library was built without misuse checks");
    return 0;
  }
  return CHECK_STATUS(weft_set_misuse_hook(note_misuse, &told, note_drop), WEFT_OK);
}

static void done_checking(void) {
  CHECK_STATUS(weft_set_misuse_hook(NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(told.drops, 1);
}

/* One report came, and names this function. */
#define CHECK_TOLD(name)                                                                                               \
  do {                                                                                                                 \
    CHECK_EQUAL(told.reports, 1);                                                                                      \
    CHECK_TEXT(told.function, name);                                                                                   \
    CHECK(told.what != NULL && told.what[0] != '\0');                                                                  \
    told.reports = 0;                                                                                                  \
  } while (0)

/* Memory that never held an object, large enough for every type, and aligned. */
static struct { uint64_t words[512]; } junk;
#define JUNK(type) ((type *)(void *)&junk.words[256])

static void foreign_handles_are_told(void) {
  weft_error_t *error = NULL;
  weft_future_t *future = NULL;
  weft_map_t *map = JUNK(weft_map_t);
  weft_as_completed_t *iterator = JUNK(weft_as_completed_t);
  weft_task_t *task = JUNK(weft_task_t);
  weft_runtime_t *runtime = JUNK(weft_runtime_t);
  weft_executor_t *pool;
  weft_future_t *futures[1];
  if (!checks()) return;
  futures[0] = JUNK(weft_future_t);
  CHECK_STATUS(weft_executor_post(JUNK(weft_executor_t), NULL, return_ctx, NULL, NULL), WEFT_EINVAL);
  CHECK_TOLD("weft_executor_post");
  CHECK_STATUS(weft_executor_shutdown(JUNK(weft_executor_t), 0, 0), WEFT_EINVAL);
  CHECK_TOLD("weft_executor_shutdown");
  weft_executor_unref(JUNK(weft_executor_t));
  CHECK_TOLD("weft_executor_unref");
  CHECK_STATUS(weft_future_result(JUNK(weft_future_t), 0, NULL), WEFT_EINVAL);
  CHECK_TOLD("weft_future_result");
  CHECK_STATUS(weft_future_done(JUNK(weft_future_t)), WEFT_EINVAL);
  CHECK_TOLD("weft_future_done");
  CHECK_STATUS(weft_wait(futures, 1, WEFT_ALL_COMPLETED, 0, NULL, NULL), WEFT_EINVAL);
  CHECK_TOLD("weft_wait");
  CHECK_STATUS(weft_when_all(futures, 1, &future), WEFT_EINVAL);
  CHECK_TOLD("weft_when_all");
  CHECK_STATUS(weft_group_wait(JUNK(weft_group_t), 0), WEFT_EINVAL);
  CHECK_TOLD("weft_group_wait");
  CHECK_STATUS(weft_group_leave(JUNK(weft_group_t)), WEFT_EINVAL);
  CHECK_TOLD("weft_group_leave");
  CHECK_STATUS(weft_thread_join(JUNK(weft_thread_t), 0), WEFT_EINVAL);
  CHECK_TOLD("weft_thread_join");
  CHECK_TEXT(weft_thread_name(JUNK(weft_thread_t)), "");
  CHECK_TOLD("weft_thread_name");
  CHECK_STATUS(weft_queue_post(JUNK(weft_queue_t), 0, 0), WEFT_EINVAL);
  CHECK_TOLD("weft_queue_post");
  CHECK_STATUS(weft_executor_set_context(JUNK(weft_executor_t), NULL, NULL), WEFT_EINVAL);
  CHECK_TOLD("weft_executor_set_context");
  CHECK_STATUS(weft_semaphore_signal(JUNK(weft_semaphore_t), 1), WEFT_EINVAL);
  CHECK_TOLD("weft_semaphore_signal");
  CHECK_STATUS(weft_timer_arm(JUNK(weft_timer_t), 0), WEFT_EINVAL);
  CHECK_TOLD("weft_timer_arm");
  CHECK_EQUAL(weft_error_code(JUNK(weft_error_t)), 0);
  CHECK_TOLD("weft_error_code");
  CHECK_STATUS(weft_map_next(map, &future), WEFT_EINVAL);
  CHECK_TOLD("weft_map_next");
  weft_map_destroy(&map);
  CHECK_TOLD("weft_map_destroy");
  weft_as_completed_destroy(&iterator);
  CHECK_TOLD("weft_as_completed_destroy");
  weft_task_destroy(&task);
  CHECK_TOLD("weft_task_destroy");
  CHECK(map == NULL && iterator == NULL && task == NULL);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_EINVAL);
  CHECK_TOLD("weft_runtime_destroy");
  /* A handle of another type is reported too. */
  pool = make_pool(1);
  CHECK_STATUS(weft_group_wait((weft_group_t *)(void *)pool, 0), WEFT_EINVAL);
  CHECK_TOLD("weft_group_wait");
  CHECK_STATUS(weft_executor_error(JUNK(weft_executor_t), &error), WEFT_EINVAL);
  CHECK_TOLD("weft_executor_error");
  end_executor(pool);
  /* The result of a future that is flattened. */
  futures[0] = make_promise(NULL);
  CHECK_STATUS(weft_future_set_result(futures[0], JUNK(weft_future_t)), WEFT_OK);
  CHECK_STATUS(weft_future_flatten(futures[0], &future), WEFT_OK);
  CHECK_TOLD("weft_future_flatten");
  CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK);
  CHECK_EQUAL(weft_error_code(error), WEFT_EINVAL);
  weft_error_unref(error);
  weft_future_unref(future);
  weft_future_unref(futures[0]);
  CHECK_EQUAL(told.reports, 0);
  done_checking();
}

static void freed_handles_are_told(void) {
  weft_executor_t *pool;
  weft_future_t *future;
  weft_error_t *error;
  weft_timer_t *timer = NULL;
  weft_group_t *group = NULL;
  weft_queue_t *queue = NULL;
  weft_thread_t *thread;
  if (!checks()) return;
  if (CHECK_SANITIZED) { /* a sanitizer reports the read of the magic word before weft can */
    done_checking();
    check_skip("a sanitizer looks at freed memory itself");
    return;
  }
  future = make_promise(NULL);
  weft_future_unref(future);
  weft_future_unref(future);
  CHECK_TOLD("weft_future_unref");
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_EINVAL);
  CHECK_TOLD("weft_future_set_result");
  error = make_error(1);
  weft_error_unref(error);
  weft_error_unref(error);
  CHECK_TOLD("weft_error_unref");
  pool = make_pool(1);
  REQUIRE_OK(weft_timer_create(pool, NULL, return_ctx, NULL, NULL, &timer));
  weft_timer_unref(timer);
  weft_timer_unref(timer);
  CHECK_TOLD("weft_timer_unref");
  REQUIRE_OK(weft_queue_create(NULL, &queue));
  weft_queue_unref(queue);
  CHECK_STATUS(weft_queue_close(queue), WEFT_EINVAL);
  CHECK_TOLD("weft_queue_close");
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  weft_group_unref(group);
  CHECK_STATUS(weft_group_spawn(group, NULL, return_ctx, NULL, NULL), WEFT_EINVAL);
  CHECK_TOLD("weft_group_spawn");
  REQUIRE_OK(weft_thread_create(NULL, NULL, probe_target, NULL, NULL, &thread));
  weft_thread_unref(thread);
  CHECK_STATUS(weft_thread_start(thread), WEFT_EINVAL);
  CHECK_TOLD("weft_thread_start");
  end_executor(pool);
  CHECK_STATUS(weft_executor_post(pool, NULL, return_ctx, NULL, NULL), WEFT_EINVAL);
  CHECK_TOLD("weft_executor_post");
  done_checking();
}

/* In every build: a call that sets its handle to NULL may be repeated, and NULL is no misuse. */
static void destroying_twice_is_harmless(void) {
  weft_executor_t *pool = make_pool(1);
  weft_runtime_t *runtime = make_runtime();
  weft_map_t *map = NULL;
  weft_as_completed_t *iterator = NULL;
  weft_task_t *task = NULL;
  weft_task_type_t type = {sizeof type, 0, 0, 0, NULL, NULL, NULL};
  void *item = NULL;
  int i;
  memset(&told, 0, sizeof told);
  CHECK_STATUS(weft_set_misuse_hook(note_misuse, &told, note_drop), WEFT_OK);
  type.run = (weft_status(*)(void *, weft_error_t **))probe_target;
  REQUIRE_OK(weft_executor_map(pool, NULL, return_ctx, &item, 1, NULL, &map));
  REQUIRE_OK(weft_as_completed(NULL, 0, 0, &iterator));
  REQUIRE_OK(weft_task_create(&type, &task));
  for (i = 0; i < 2; ++i) {
    weft_map_destroy(&map);
    weft_as_completed_destroy(&iterator);
    weft_task_destroy(&task);
    CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
    CHECK(map == NULL && iterator == NULL && task == NULL && runtime == NULL);
  }
  weft_map_destroy(NULL);
  weft_as_completed_destroy(NULL);
  weft_task_destroy(NULL);
  CHECK_STATUS(weft_runtime_destroy(NULL), WEFT_EINVAL);
  weft_executor_unref(NULL);
  weft_future_unref(NULL);
  weft_error_unref(NULL);
  weft_thread_unref(NULL);
  weft_group_unref(NULL);
  weft_timer_unref(NULL);
  end_executor(pool);
  CHECK_EQUAL(told.reports, 0);
  done_checking();
}

static void note_line(void *ctx, uint32_t level, const char *message) {
  (void)level;
  if (strstr(message, "weft_future_done") != NULL) ++*(int *)ctx;
}

static void without_a_hook_it_is_a_line_of_the_log(void) {
  int lines = 0;
  if (!checks()) return;
  done_checking();
  REQUIRE_OK(weft_set_log_hook(note_line, &lines, NULL));
  CHECK_STATUS(weft_future_done(JUNK(weft_future_t)), WEFT_EINVAL);
  CHECK_STATUS(weft_set_log_hook(NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(lines, 1);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"foreign handles are told", foreign_handles_are_told},
      {"freed handles are told", freed_handles_are_told},
      {"destroying twice is harmless", destroying_twice_is_harmless},
      {"without a hook it is a line of the log", without_a_hook_it_is_a_line_of_the_log},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
