/* Tests of a shutdown of the default runtime that misses its deadline (weft/runtime.h). The thread that calls it
 * belongs to that runtime, but is not asked to stop, and may wait again. The cases build on one another.
 */
#include <weft/report.h>

#include "setup.h"

static weft_executor_t *pool;
static weft_future_t *held;
static gate_t gate = GATE_CLOSED;

static void the_main_thread_misses_the_deadline(void) {
  weft_thread_t *self = NULL;
  REQUIRE_OK(weft_thread_current(&self));
  pool = make_pool(1);
  held = occupy_worker(pool, &gate);
  CHECK_STATUS(weft_runtime_shutdown(NULL, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  weft_thread_unref(self);
}

static void it_goes_on(void) {
  CHECK_EQUAL(weft_stop_requested(), 0);
  CHECK_STATUS(weft_sleep(1), WEFT_OK);
  CHECK_STATUS(weft_future_wait(held, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
}

static void it_waits_again(void) {
  weft_report_t *report = NULL;
  CHECK_STATUS(weft_runtime_shutdown(NULL, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_runtime_shutdown_report(NULL, WEFT_MILLISECOND, WEFT_MILLISECOND, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_report_count(report), 1);
  weft_report_destroy(&report);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown(NULL, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_future_done(held), 1);
  weft_future_unref(held);
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"the main thread misses the deadline", the_main_thread_misses_the_deadline},
      {"it goes on", it_goes_on},
      {"it waits again", it_waits_again},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
