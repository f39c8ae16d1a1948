/* Tests of a main thread that has never asked for its own object, as other threads see it (weft/thread.h). Nothing here
 * may call weft_thread_current on the main thread. A stop request to it stays, so that case is the last one. */
#include <weft/semaphore.h>
#include <weft/thread.h>

#include "setup.h"

#include <sched.h>

static weft_status join_the_main_thread(void *ctx, weft_error_t **error) {
  weft_thread_t *main_thread = NULL;
  (void)error;
  CHECK_STATUS(weft_thread_main(&main_thread), WEFT_OK);
  *(weft_status *)ctx = weft_thread_join(main_thread, WEFT_FOREVER);
  weft_thread_unref(main_thread);
  return WEFT_OK;
}

/* The join that comes second is refused. */
static void a_circle_with_the_main_thread_is_found(void) {
  weft_status other = WEFT_OK, own;
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, join_the_main_thread, &other, NULL);
  own = weft_thread_join(thread, WEFT_FOREVER);
  if (own == WEFT_EDEADLK) {
    CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
    CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
    CHECK_STATUS(other, WEFT_EINTERRUPTED);
  } else {
    CHECK_STATUS(own, WEFT_OK);
    CHECK_STATUS(other, WEFT_EDEADLK);
  }
  weft_thread_unref(thread);
}

static void it_cannot_join_itself(void) {
  weft_thread_t *main_thread = NULL;
  REQUIRE_OK(weft_thread_main(&main_thread));
  CHECK_STATUS(weft_thread_join(main_thread, WEFT_FOREVER), WEFT_EDEADLK);
  weft_thread_unref(main_thread);
}

static weft_status stop_the_main_thread(void *ctx, weft_error_t **error) {
  weft_thread_t *main_thread = NULL;
  (void)ctx;
  (void)error;
  CHECK_STATUS(weft_thread_main(&main_thread), WEFT_OK);
  CHECK_STATUS(weft_thread_request_stop(main_thread), WEFT_OK);
  weft_thread_unref(main_thread);
  return WEFT_OK;
}

static void it_is_woken_by_a_request_to_stop(void) {
  weft_semaphore_t *never = NULL;
  weft_thread_t *thread;
  weft_status joined;
  REQUIRE_OK(weft_semaphore_create(0, &never));
  CHECK_EQUAL(weft_stop_requested(), 0);
  thread = start_thread(NULL, WEFT_DAEMON_NO, stop_the_main_thread, NULL, NULL);
  CHECK_STATUS(weft_semaphore_wait(never, WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_stop_requested(), 1);
  while ((joined = weft_thread_join(thread, WEFT_FOREVER)) == WEFT_EINTERRUPTED) sched_yield(); /* until it has ended */
  CHECK_STATUS(joined, WEFT_OK);
  weft_thread_unref(thread);
  weft_semaphore_unref(never);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a circle with the main thread is found", a_circle_with_the_main_thread_is_found},
      {"it cannot join itself", it_cannot_join_itself},
      {"it is woken by a request to stop", it_is_woken_by_a_request_to_stop},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
