/* Tests of memory that runs out under a shutdown with a report (see nomem.h): then there is no report, but the runtime
 * can still be ended.
 */
#include <weft/report.h>

#include "nomem.h"

static weft_status attempt_report(void) {
  static weft_runtime_t *runtime;
  weft_report_t *report = UNTOUCHED(weft_report_t);
  weft_executor_t *pool;
  weft_status status;
  runtime = make_runtime();
  pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  end_future(submit(pool, return_ctx, NULL, NULL));
  status = ARMED(weft_runtime_shutdown_report(runtime, WEFT_FOREVER, WEFT_FOREVER, &report));
  if (status == WEFT_OK)
    weft_report_destroy(&report);
  else
    CHECK(report == UNTOUCHED(weft_report_t));
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  return status;
}

int main(int argc, char **argv) {
  static const attempt_t attempts[] = {ATTEMPT(weft_runtime_shutdown_report, attempt_report)};
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
