/* A daemon thread (a heartbeat logger) and a regular one. main returns at once. weft then waits for
 * the regular thread, and not for the daemon, which would go on for ever.
 * Read on in 04_pool_submit.c: tasks instead of threads. */
#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

static weft_status heartbeat(void *ctx, weft_error_t **error) {
  (void)ctx, (void)error;
  /* The end of the process interrupts the sleep, and does not wait for this thread. */
  do puts("heartbeat");
  while (weft_sleep(100 * WEFT_MILLISECOND) == WEFT_OK);
  return WEFT_OK;
}

static weft_status write_report(void *ctx, weft_error_t **error) {
  (void)ctx, (void)error;
  weft_sleep(550 * WEFT_MILLISECOND);
  puts("the report is written");
  return WEFT_OK;
}

static void start(weft_thread_fn target, const char *name, uint32_t daemon) {
  weft_thread_options_t options;
  weft_thread_t *thread;
  weft_thread_options_init(&options);
  options.name = name;
  options.daemon = daemon;
  check(weft_thread_create(NULL, &options, target, NULL, NULL, &thread));
  check(weft_thread_start(thread));
  weft_thread_unref(thread); /* a started thread runs on without handles */
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0); /* line by line, also into a pipe */
  puts("main begins");
  start(heartbeat, "heartbeat", WEFT_DAEMON_YES);
  start(write_report, "report", WEFT_DAEMON_NO);
  return 0;
}
