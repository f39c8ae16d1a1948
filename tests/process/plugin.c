/* plugin.c: a host that loads the library with dlopen, uses it, closes it and lives on, like a program with plugins. It
 * is plain C99, and not linked with weft.
 *
 * Usage: plugin unused|used|running|thread LIBRARY. run_cases.py compares its output.
 */
#include <weft/weft.h>

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The functions that the host looks up. */
static weft_status (*executor_create)(weft_runtime_t *, const weft_executor_options_t *, weft_executor_t **);
static weft_status (*executor_submit)(weft_executor_t *, const weft_task_options_t *, weft_task_fn, void *,
                                      weft_drop_fn, weft_future_t **);
static weft_status (*executor_post)(weft_executor_t *, const weft_task_options_t *, weft_task_fn, void *, weft_drop_fn);
static weft_status (*future_wait)(weft_future_t *, int64_t);
static void (*future_unref)(weft_future_t *);
static weft_status (*sleep_for)(int64_t);

static void say(const char *text) {
  printf("%s\n", text);
  fflush(stdout);
}

static void find(void *library, const char *name, void *pointer) {
  void *symbol = dlsym(library, name);
  if (symbol == NULL) {
    say(dlerror());
    exit(96);
  }
  memcpy(pointer, &symbol, sizeof symbol); /* C99 has no cast from an object pointer to a function pointer */
}

static int64_t nap = 20 * WEFT_MILLISECOND;

static weft_status task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  sleep_for(nap); /* the task is inside the library when that is closed */
  say((const char *)ctx);
  return WEFT_OK;
}

static char first_task[] = "a task";
static char late_task[] = "a task that outlives dlclose";

static void use(void *library, const char *mode) {
  weft_executor_t *pool = NULL;
  weft_future_t *future = NULL;
  find(library, "weft_executor_create", &executor_create);
  find(library, "weft_executor_submit", &executor_submit);
  find(library, "weft_executor_post", &executor_post);
  find(library, "weft_future_wait", &future_wait);
  find(library, "weft_future_unref", &future_unref);
  find(library, "weft_sleep", &sleep_for);
  if (executor_create(NULL, NULL, &pool) != WEFT_OK) exit(95);
  if (executor_submit(pool, NULL, task, first_task, NULL, &future) != WEFT_OK) exit(94);
  if (future_wait(future, WEFT_FOREVER) != WEFT_OK) exit(93);
  future_unref(future);
  if (strcmp(mode, "running") == 0) nap = 60 * WEFT_SECOND; /* it still sleeps at the end */
  if (executor_post(pool, NULL, task, late_task, NULL) != WEFT_OK) exit(92);
}

/* A thread of the host that uses the library, and ends after that was closed. What weft keeps for the thread is given
 * back then. */
static sem_t used, closed;

static void *use_and_end_later(void *library) {
  use(library, "thread");
  sem_post(&used);
  sem_wait(&closed);
  return NULL;
}

int main(int argc, char **argv) {
  void *library;
  pthread_t user;
  int round, has_user = argc == 3 && strcmp(argv[1], "thread") == 0;
  if (argc != 3) return 98;
  for (round = 0; round < 3; ++round) {
    library = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
      say(dlerror());
      return 97;
    }
    if (has_user && round == 0) {
      if (sem_init(&used, 0, 0) != 0 || sem_init(&closed, 0, 0) != 0) return 90;
      if (pthread_create(&user, NULL, use_and_end_later, library) != 0) return 89;
      sem_wait(&used);
    } else if (strcmp(argv[1], "unused") != 0 && round == 0) {
      use(library, argv[1]);
    }
    if (dlclose(library) != 0) return 91;
    say("closed");
  }
  if (has_user) {
    sem_post(&closed);
    if (pthread_join(user, NULL) != 0) return 88;
    say("its user has ended");
  }
  if (strcmp(argv[1], "running") == 0) _exit(0);
  return 0;
}
