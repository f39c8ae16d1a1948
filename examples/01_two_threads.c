/* Two threads that each sleep one second. It takes 1 second in all when both run before the first
 * join, and 2 seconds when the first is joined before the second is started.
 * Read on in 02_fetch_thread.c: a thread that brings something back. */
#define _POSIX_C_SOURCE 200809L
#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

static weft_status nap(void *ctx, weft_error_t **error) {
  (void)ctx, (void)error;
  return weft_sleep(WEFT_SECOND);
}

static weft_thread_t *start_nap(void) {
  weft_thread_t *thread;
  check(weft_thread_create(NULL, NULL, nap, NULL, NULL, &thread));
  check(weft_thread_start(thread));
  return thread;
}

static void join(weft_thread_t *thread) {
  check(weft_thread_join(thread, WEFT_FOREVER));
  weft_thread_unref(thread);
}

static double seconds_since(struct timespec begin) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
}

int main(void) {
  struct timespec begin;
  weft_thread_t *first, *second;

  clock_gettime(CLOCK_MONOTONIC, &begin);
  first = start_nap();
  second = start_nap(); /* both sleep now, at the same time */
  join(first);
  join(second);
  printf("start, start, join, join: %.1f s\n", seconds_since(begin));

  clock_gettime(CLOCK_MONOTONIC, &begin);
  first = start_nap();
  join(first); /* too early: the second starts when the first has ended, so their seconds add up */
  second = start_nap();
  join(second);
  printf("start, join, start, join: %.1f s\n", seconds_since(begin));
  return 0;
}
