/* A timer that counts down, with a tick every 20 ms; a task that runs later; and one that is
 * cancelled before its time. */
#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

struct countdown {
  weft_timer_t *timer;
  weft_future_t *over; /* the last tick completes it */
  int left;
};

/* The ticks of a timer never overlap, so this needs no lock. */
static weft_status tick(void *ctx, void **result, weft_error_t **error) {
  struct countdown *countdown = ctx;
  (void)result, (void)error;
  if (countdown->left > 0) {
    printf("%d\n", countdown->left--);
    return WEFT_OK;
  }
  weft_timer_cancel(countdown->timer); /* this tick was the last */
  return weft_future_set_result(countdown->over, NULL);
}

static weft_status look_at_the_clock(void *ctx, void **result, weft_error_t **error) {
  int64_t *time = ctx;
  (void)error;
  *time = weft_now();
  *result = time;
  return WEFT_OK;
}

int main(void) {
  struct countdown countdown = {NULL, NULL, 3};
  int64_t submitted = weft_now(), ran = 0;
  weft_executor_t *pool;
  weft_future_t *later, *never;

  check(weft_executor_create(NULL, NULL, &pool));
  check(weft_executor_submit_after(pool, 30 * WEFT_MILLISECOND, NULL, look_at_the_clock, &ran, NULL, &later));
  check(weft_executor_submit_after(pool, 3600 * WEFT_SECOND, NULL, look_at_the_clock, &ran, NULL, &never));

  check(weft_future_create(NULL, &countdown.over));
  check(weft_timer_create(pool, NULL, tick, &countdown, NULL, &countdown.timer));
  check(weft_timer_arm_every(countdown.timer, 0, 20 * WEFT_MILLISECOND, WEFT_MISSED_SKIP));
  check(weft_future_wait(countdown.over, WEFT_FOREVER));
  printf("lift-off\n");

  check(weft_future_wait(later, WEFT_FOREVER));
  printf("the delayed task ran %s\n", ran - submitted >= 30 * WEFT_MILLISECOND ? "in time" : "early");
  check(weft_future_cancel(never));
  printf("the other one is %s\n", weft_future_cancelled(never) == 1 ? "cancelled" : "still to come");

  weft_timer_unref(countdown.timer);
  weft_future_unref(countdown.over);
  weft_future_unref(later);
  weft_future_unref(never);
  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  weft_executor_unref(pool);
  return 0;
}
