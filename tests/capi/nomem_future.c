/* Tests of memory that runs out under stop requests to promises and under closing timers (see nomem.h). */
#include "nomem.h"

static void hear(void *ctx, weft_future_t *future) {
  (void)future;
  count_drop(ctx);
}

static weft_status attempt_on_stop(void) {
  int count = 0;
  weft_future_t *promise = make_promise(NULL);
  weft_status status = ARMED(weft_future_on_stop(promise, hear, &count, count_drop));
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_OK);
  CHECK_EQUAL(count, status == WEFT_OK ? 2 : 0);
  weft_future_unref(promise);
  return status;
}

/* The calls are made on threads that weft has not met: each needs a record. */
typedef struct elsewhere {
  weft_status (*call)(void *object);
  void *object;
  weft_status status;
  int refused;
} elsewhere_t;

static void *call_in_new_thread(void *ctx) {
  elsewhere_t *it = (elsewhere_t *)ctx;
  it->status = it->call(it->object);
  it->refused = refused;
  return NULL;
}

static weft_status attempt_elsewhere(weft_status (*call)(void *object), void *object) {
  elsewhere_t it = {call, object, WEFT_EFAILED, 0};
  pthread_t thread;
  if (CHECK(pthread_create(&thread, NULL, call_in_new_thread, &it) == 0)) pthread_join(thread, NULL);
  refused += it.refused;
  return it.status;
}

static weft_status enter_here(void *promise) {
  weft_future_scope_t scope;
  weft_status status = ARMED(weft_future_enter((weft_future_t *)promise, &scope));
  if (status == WEFT_OK) CHECK_STATUS(weft_future_leave(&scope), WEFT_OK);
  return status;
}

static weft_status attempt_enter(void) {
  weft_future_t *promise = make_promise(NULL);
  weft_status status = attempt_elsewhere(enter_here, promise);
  weft_future_unref(promise);
  return status;
}

static weft_status tick_at_gate(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_pass((gate_t *)ctx);
  return WEFT_OK;
}

/* The timer is closed in any case. The call needs memory only for its wait. */
static weft_status close_here(void *timer) {
  weft_status status = ARMED(weft_timer_close((weft_timer_t *)timer, 0));
  return status == WEFT_ETIMEDOUT ? WEFT_OK : status;
}

static weft_status attempt_close(void) {
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool(2);
  weft_timer_t *timer = NULL;
  weft_status status;
  CHECK_STATUS(weft_timer_create(pool, NULL, tick_at_gate, &gate, NULL, &timer), WEFT_OK);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_OK);
  gate_await(&gate, 1);
  status = attempt_elsewhere(close_here, timer);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_ECLOSED);
  gate_open(&gate);
  CHECK_STATUS(weft_timer_close(timer, WEFT_FOREVER), WEFT_OK);
  weft_timer_unref(timer);
  end_executor(pool);
  return status;
}

static const attempt_t attempts[] = {
    ATTEMPT(weft_future_on_stop, attempt_on_stop),
    ATTEMPT(weft_future_enter, attempt_enter),
    ATTEMPT(weft_timer_close, attempt_close),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
