/* Tests of the end of the default runtime (NULL) in a process that goes on: it is shut down permanently. The cases
 * build on one another, because there is only one default runtime.
 */
#include "setup.h"

static weft_executor_t *pool, *mine;
static weft_thread_t *unstarted;
static probe_t unstarted_probe;

static void it_is_made_on_first_use(void) {
  weft_thread_t *self = NULL;
  size_t count = 0;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_STATUS(weft_thread_active_count(NULL, &count), WEFT_OK);
  CHECK(count >= 1);
  weft_thread_unref(self);
}

static void destroying_null_does_not_destroy_it(void) {
  weft_runtime_t *null = NULL;
  weft_executor_t *still = NULL;
  CHECK_STATUS(weft_runtime_destroy(&null), WEFT_OK);
  CHECK_STATUS(weft_executor_create(NULL, NULL, &still), WEFT_OK);
  weft_executor_unref(still);
}

static weft_status shut_down_from_inside(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_runtime_shutdown(NULL, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

static void its_own_tasks_cannot_end_it(void) {
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_executor_create(NULL, NULL, &pool));
  REQUIRE_OK(weft_executor_submit(pool, NULL, shut_down_from_inside, NULL, NULL, &future));
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(future);
}

/* The main thread belongs to the default runtime and may still end it, because it is the host's thread. */
static void the_main_thread_can_end_it(void) {
  int runs = 0, i;
  REQUIRE_OK(weft_caller_run_create(NULL, NULL, &mine));
  REQUIRE_OK(weft_thread_create(NULL, NULL, probe_target, &unstarted_probe, probe_drop, &unstarted));
  for (i = 0; i < 50; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_runtime_shutdown(NULL, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 50);
  CHECK_STATUS(weft_runtime_shutdown(NULL, 0), WEFT_OK);
}

static void afterwards_nothing_starts_in_it(void) {
  probe_t probe = {0};
  weft_thread_t *thread = NULL;
  weft_executor_t *executor = NULL;
  CHECK_STATUS(weft_thread_create(NULL, NULL, probe_target, &probe, probe_drop, &thread), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_thread_start(unstarted), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_create(NULL, NULL, &executor), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_caller_run_create(NULL, NULL, &executor), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_post(pool, NULL, probe_run, &probe, probe_drop), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_post(mine, NULL, probe_run, &probe, probe_drop), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_ESHUTDOWN);
  CHECK_EQUAL(probe_drops(&probe), 0);
  CHECK(thread == NULL && executor == NULL);
}

static void futures_and_errors_need_no_runtime(void) {
  weft_future_t *future = NULL;
  void *result = NULL;
  REQUIRE_OK(weft_future_create(NULL, &future));
  CHECK_STATUS(weft_future_wait(future, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_future_set_result(future, &result), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == &result);
  weft_future_unref(future);
}

static void an_isolated_runtime_does_not_mind(void) {
  weft_runtime_t *runtime = NULL;
  weft_executor_t *isolated = NULL;
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_runtime_create(NULL, &runtime));
  REQUIRE_OK(weft_executor_create(runtime, NULL, &isolated));
  REQUIRE_OK(weft_executor_submit(isolated, NULL, return_ctx, NULL, NULL, &future));
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(future);
  weft_executor_unref(isolated);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void handles_are_given_back_as_ever(void) {
  weft_thread_unref(unstarted);
  CHECK_EQUAL(probe_drops(&unstarted_probe), 1);
  weft_executor_unref(mine);
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"it is made on first use", it_is_made_on_first_use},
      {"destroying NULL does not destroy it", destroying_null_does_not_destroy_it},
      {"its own tasks cannot end it", its_own_tasks_cannot_end_it},
      {"the main thread can end it", the_main_thread_can_end_it},
      {"afterwards nothing starts in it", afterwards_nothing_starts_in_it},
      {"futures and errors need no runtime", futures_and_errors_need_no_runtime},
      {"an isolated runtime does not mind", an_isolated_runtime_does_not_mind},
      {"handles are given back as ever", handles_are_given_back_as_ever},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
