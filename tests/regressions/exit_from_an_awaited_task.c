/* exit() in a task that another task of the pool waits for, while a third worker is idle. The exit waited for the idle
 * worker for ever. This holds for waits by future, group, loop and strand. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weft/weft.h>

enum { by_future, by_group, by_loop, by_strand, kinds };
static const char *const names[kinds] = {"future", "group", "loop", "strand"};
static weft_executor_t *pool, *strand;
static weft_semaphore_t *arrived, *going;
static int kind;

static weft_status arrive(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  weft_semaphore_signal(arrived, 1);
  return weft_semaphore_wait(going, WEFT_FOREVER);
}

static weft_status leave(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  weft_semaphore_signal(arrived, 1);
  weft_sleep(50 * WEFT_MILLISECOND); /* mostly the other task waits by now; the checks hold either way */
  exit(3);
}

static weft_status each(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  if (begin != 0) return leave(ctx, NULL, error);
  (void)end;
  return weft_semaphore_wait(arrived, WEFT_FOREVER); /* until the other half runs elsewhere */
}

static weft_status parent(void *ctx, void **result, weft_error_t **error) {
  weft_range_options_t halves;
  weft_future_t *future;
  weft_group_t *group;
  (void)ctx;
  (void)result;
  switch (kind) {
  case by_group:
    if (weft_group_create(pool, NULL, &group) != WEFT_OK) return WEFT_ENOMEM;
    weft_group_spawn(group, NULL, leave, NULL, NULL);
    weft_semaphore_wait(arrived, WEFT_FOREVER);
    return weft_group_wait(group, WEFT_FOREVER);
  case by_loop:
    weft_range_options_init(&halves);
    halves.grain = 1;
    return weft_parallel_for(pool, &halves, 0, 2, each, NULL, error);
  default:
    weft_executor_submit(kind == by_strand ? strand : pool, NULL, leave, NULL, NULL, &future);
    weft_semaphore_wait(arrived, WEFT_FOREVER);
    return weft_future_wait(future, WEFT_FOREVER);
  }
}

static int child(void) {
  weft_executor_options_t options;
  int i;
  weft_executor_options_init(&options);
  options.max_workers = 4;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK || weft_strand_create(pool, &strand) != WEFT_OK ||
      weft_semaphore_create(0, &arrived) != WEFT_OK || weft_semaphore_create(0, &going) != WEFT_OK)
    return 1;
  for (i = 0; i < 4; ++i) weft_executor_post(pool, NULL, arrive, NULL, NULL); /* now all workers exist */
  for (i = 0; i < 4; ++i) weft_semaphore_wait(arrived, WEFT_FOREVER);
  weft_semaphore_signal(going, 4);
  weft_executor_post(pool, NULL, parent, NULL, NULL);
  for (;;) pause();
}

int main(void) {
  int wrong = 0;
  for (kind = 0; kind < kinds; ++kind) {
    int status = 0, tenths = 0;
    const pid_t pid = fork();
    if (pid == 0) return child();
    while (waitpid(pid, &status, WNOHANG) == 0 && ++tenths < 200) {
      const struct timespec tenth = {0, 100000000};
      nanosleep(&tenth, NULL);
    }
    if (tenths == 200) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3) continue;
    printf("exit from a task that is awaited by %s: %s\n", names[kind], tenths == 200 ? "hangs" : "a wrong status");
    ++wrong;
  }
  return wrong != 0;
}
