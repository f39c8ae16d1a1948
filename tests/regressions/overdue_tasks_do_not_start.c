/* While a callback of one token does not return, the deadline of another token still holds. Its tasks do not start and
 * end as cancelled. A task of it that runs is asked to stop. */
#include <pthread.h>
#include <stdio.h>
#include <weft/weft.h>

static weft_future_t *gate;
static pthread_t main_thread;

static void hold(void *ctx) {
  (void)ctx;
  if (pthread_equal(pthread_self(), main_thread)) return; /* this thread was slower than the deadline */
  weft_future_wait(gate, WEFT_FOREVER);
}

static weft_status begin(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_SEQ_CST);
  return WEFT_OK;
}

static weft_status begin_next(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)source;
  return begin(ctx, result, error);
}

static weft_status sleep_long(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  weft_future_set_result((weft_future_t *)ctx, NULL);
  return weft_sleep(60 * WEFT_SECOND) == WEFT_EINTERRUPTED ? WEFT_OK : WEFT_EFAILED;
}

#define CHECK(what)                                                                                                    \
  if (!(what)) return printf("line %d: %s does not hold\n", __LINE__, #what), 1

int main(void) {
  weft_cancel_token_t *first, *second;
  weft_executor_t *pool, *strand, *loop;
  weft_task_options_t options;
  weft_group_options_t group_options;
  weft_group_t *group;
  weft_future_t *running, *in_loop, *in_loop_later, *on_strand, *next, *source, *started;
  uint64_t done = 0;
  int ran = 0;
  main_thread = pthread_self();
  CHECK(weft_future_create(NULL, &gate) == WEFT_OK);
  CHECK(weft_future_create(NULL, &source) == WEFT_OK);
  CHECK(weft_future_create(NULL, &started) == WEFT_OK);
  CHECK(weft_executor_create(NULL, NULL, &pool) == WEFT_OK);
  CHECK(weft_strand_create(pool, &strand) == WEFT_OK);
  CHECK(weft_caller_run_create(NULL, NULL, &loop) == WEFT_OK);
  CHECK(weft_cancel_token_create(NULL, 200 * WEFT_MILLISECOND, &first) == WEFT_OK);
  CHECK(weft_cancel_token_on_cancel(first, hold, NULL, NULL, NULL) == WEFT_OK);
  CHECK(weft_cancel_token_create(NULL, 3 * WEFT_SECOND, &second) == WEFT_OK);
  weft_task_options_init(&options);
  options.token = second;
  weft_group_options_init(&group_options);
  group_options.token = second;
  CHECK(weft_group_create(pool, &group_options, &group) == WEFT_OK);
  CHECK(weft_executor_submit(pool, &options, sleep_long, started, NULL, &running) == WEFT_OK);
  CHECK(weft_future_wait(started, WEFT_FOREVER) == WEFT_OK);
  CHECK(weft_executor_submit(loop, &options, begin, &ran, NULL, &in_loop) == WEFT_OK);
  CHECK(weft_executor_submit_after(loop, 100 * WEFT_MILLISECOND, &options, begin, &ran, NULL, &in_loop_later) ==
        WEFT_OK);
  CHECK(weft_future_then(source, loop, WEFT_THEN_RESULT, &options, begin_next, &ran, NULL, &next) == WEFT_OK);
  CHECK(weft_executor_submit(strand, NULL, begin, &ran, NULL, &on_strand) == WEFT_OK);
  weft_future_wait(on_strand, WEFT_FOREVER);
  ran = 0;
  while (weft_now() <= weft_cancel_token_deadline(second)) weft_sleep(10 * WEFT_MILLISECOND);
  CHECK(weft_cancel_token_is_cancelled(second) == 1);
  weft_future_set_result(source, NULL);
  CHECK(weft_executor_run(loop, 0, WEFT_FOREVER, &done) == WEFT_OK);
  CHECK(weft_group_spawn(group, NULL, begin, &ran, NULL) == WEFT_OK);
  CHECK(weft_group_wait(group, WEFT_FOREVER) == WEFT_ECANCELED);
  CHECK(weft_future_wait(in_loop, 30 * WEFT_SECOND) == WEFT_OK);
  CHECK(weft_future_wait(in_loop_later, 30 * WEFT_SECOND) == WEFT_OK);
  CHECK(weft_future_wait(next, 30 * WEFT_SECOND) == WEFT_OK);
  CHECK(weft_future_state(in_loop) == WEFT_FUTURE_CANCELLED);
  CHECK(weft_future_state(in_loop_later) == WEFT_FUTURE_CANCELLED);
  CHECK(weft_future_state(next) == WEFT_FUTURE_CANCELLED);
  CHECK(weft_future_wait(running, 30 * WEFT_SECOND) == WEFT_OK);
  CHECK(weft_future_state(running) == WEFT_FUTURE_RESULT);
  CHECK(ran == 0);
  weft_future_set_result(gate, NULL);
  weft_future_unref(running);
  weft_future_unref(in_loop);
  weft_future_unref(in_loop_later);
  weft_future_unref(on_strand);
  weft_future_unref(next);
  weft_future_unref(source);
  weft_future_unref(started);
  weft_group_unref(group);
  weft_cancel_token_unref(first);
  weft_cancel_token_unref(second);
  weft_executor_unref(strand);
  weft_executor_unref(loop);
  weft_executor_unref(pool);
  return 0;
}
