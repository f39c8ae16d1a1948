/* A process ends, even if a second thread calls exit() or weft_exit() while main is at its end, if a child is forked at
 * that moment, or if a task waits for a lock that the exiting thread holds. Each scene runs in its own child process,
 * which an alarm ends if it hangs. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/weft.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static volatile int main_is_in_exit;
static volatile int ran, all_are_posted;

static void note_exit(void) {
  main_is_in_exit = 1;
}

/* Returns when main has called exit() and sleeps there: main waits in weft for what is under way. */
static void wait_for_main(void) {
  char state = 0;
  while (!main_is_in_exit || state != 'S') {
    char path[64], line[256] = "";
    FILE *file;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)getpid());
    file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL || strrchr(line, ')') == NULL) _exit(90);
    state = strrchr(line, ')')[2];
    fclose(file);
  }
}

#define TASK(name) static weft_status name(void *ctx, void **result, weft_error_t **error)
#define UNUSED (void)ctx, (void)result, (void)error

TASK(exits) {
  UNUSED;
  wait_for_main();
  exit(7);
}
TASK(exits_by_weft) {
  UNUSED;
  wait_for_main();
  weft_exit(7);
}
TASK(exits_when_all_are_posted) {
  UNUSED;
  while (!all_are_posted) continue;
  weft_exit(7);
}
TASK(locks) {
  UNUSED;
  wait_for_main();
  pthread_mutex_lock(&held);
  return WEFT_OK;
}
TASK(counts) {
  UNUSED;
  ++ran;
  return WEFT_OK;
}
TASK(forks) {
  int status = 0;
  pid_t child;
  UNUSED;
  wait_for_main();
  child = fork();
  if (child == 0) {
    alarm(10);
    weft_exit(5);
  }
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 5) _exit(91);
  return WEFT_OK;
}
static weft_status target(void *ctx, weft_error_t **error) {
  return exits_by_weft(ctx, NULL, error);
}

static weft_executor_t *pool_of(unsigned workers) {
  weft_executor_options_t options;
  weft_executor_t *pool;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) _exit(92);
  atexit(note_exit); /* runs before weft's own handler */
  return pool;
}

static int run(unsigned workers, weft_task_fn first) {
  weft_executor_t *pool = pool_of(workers);
  if (weft_executor_post(pool, NULL, first, NULL, NULL) != WEFT_OK) _exit(93);
  return 3;
}

static int exit_in_a_task(void) {
  return run(1, exits);
}
static int weft_exit_in_a_task(void) {
  return run(1, exits_by_weft);
}
static int weft_exit_in_two_tasks(void) {
  weft_executor_t *pool = pool_of(3);
  weft_executor_post(pool, NULL, exits_by_weft, NULL, NULL);
  weft_executor_post(pool, NULL, exits_by_weft, NULL, NULL);
  return 3;
}
static int weft_exit_in_a_thread(void) {
  weft_thread_t *thread;
  pool_of(1);
  if (weft_thread_create(NULL, NULL, target, NULL, NULL, &thread) != WEFT_OK) _exit(94);
  if (weft_thread_start(thread) != WEFT_OK) _exit(95);
  return 3;
}
static int fork_in_a_task(void) {
  return run(1, forks);
}
static int lock_of_the_exiting_thread(void) {
  pthread_mutex_lock(&held);
  return run(1, locks);
}

static void check_count(void) {
  if (ran != 20) _exit(96);
}
/* The only worker ends the process. The tasks that were accepted behind it run all the same, even while main is at its
 * end. */
static int tasks_behind(weft_task_fn first, int from_main) {
  weft_executor_t *pool;
  int i;
  atexit(check_count); /* registered before the first use of weft, so it runs after weft's end */
  pool = pool_of(1);
  if (weft_executor_post(pool, NULL, first, NULL, NULL) != WEFT_OK) _exit(93);
  for (i = 0; i < 20; ++i)
    if (weft_executor_post(pool, NULL, counts, NULL, NULL) != WEFT_OK) _exit(97);
  all_are_posted = 1;
  while (!from_main) pause();
  return 3;
}
static int tasks_behind_weft_exit(void) {
  return tasks_behind(exits_when_all_are_posted, 0);
}
static int tasks_behind_weft_exit_at_the_end(void) {
  return tasks_behind(exits_by_weft, 1);
}

static const struct {
  const char *name;
  int (*run)(void);
  int status, other_status;
} scenes[] = {
    {"exit() in a task while main is at its end", exit_in_a_task, 7, 3}, /* the C library does this */
    {"weft_exit() in a task while main is at its end", weft_exit_in_a_task, 7, 7},
    {"weft_exit() in two tasks", weft_exit_in_two_tasks, 7, 7},
    {"weft_exit() in a thread while main is at its end", weft_exit_in_a_thread, 7, 7},
    {"weft_exit() in a child that a task forks while main is at its end", fork_in_a_task, 3, 3},
    {"a task that waits for a lock of the exiting thread", lock_of_the_exiting_thread, 3, 3},
    {"tasks behind one that calls weft_exit()", tasks_behind_weft_exit, 7, 7},
    {"tasks behind one that calls weft_exit() while main is at its end", tasks_behind_weft_exit_at_the_end, 7, 7},
};

int main(void) {
  size_t i;
  for (i = 0; i < sizeof scenes / sizeof *scenes; ++i) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
      alarm(12);
      if (freopen("/dev/null", "w", stderr) == NULL) _exit(98); /* weft reports there what it does not wait for */
      exit(scenes[i].run());
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == scenes[i].status || WEXITSTATUS(status) == scenes[i].other_status))
      continue;
    printf("%s: %s %d\n", scenes[i].name, WIFEXITED(status) ? "it ends with" : "it hangs, or is ended by signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return 1;
  }
  return 0;
}
