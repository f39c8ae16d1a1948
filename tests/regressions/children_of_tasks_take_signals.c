/* A process that a task starts must not begin with signals blocked that the program itself does not block. Else SIGTERM
 * could not end it. And a task may raise a signal that only its own thread takes. */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/weft.h>

extern char **environ;

static char fault[200];

static void note(const char *text) {
  if (fault[0] == 0) strcpy(fault, text);
}

/* Sends SIGTERM at once. A child that does not take it ends by itself, with 0. */
static void end_by_signal(pid_t child, const char *what) {
  int status = 0;
  kill(child, SIGTERM);
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM) note(what);
}

static void start_children(void) {
  char name[] = "sleep", time[] = "5";
  char *arguments[] = {name, time, NULL};
  posix_spawnattr_t attributes;
  sigset_t usual, own;
  char mask[64] = "";
  pid_t child = fork();
  if (child == 0) {
    execvp(name, arguments);
    _exit(9);
  }
  end_by_signal(child, "a child by fork and exec does not take SIGTERM");

  if (weft_process_signal_mask(&usual) != WEFT_OK) note("no mask for processes");
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  if (posix_spawnp(&child, name, NULL, &attributes, arguments, environ) != 0) note("posix_spawn fails");
  posix_spawnattr_destroy(&attributes);
  end_by_signal(child, "a child by posix_spawn with the mask of the process does not take SIGTERM");

  pthread_sigmask(SIG_SETMASK, &usual, &own);
  FILE *const said = popen("grep SigBlk /proc/self/status", "r");
  pthread_sigmask(SIG_SETMASK, &own, NULL);
  if (said == NULL || fgets(mask, sizeof mask, said) == NULL || strstr(mask, "0000000000000000") == NULL)
    note("a child by popen has signals blocked");
  if (said != NULL) pclose(said);
}

static volatile sig_atomic_t handled;
static void handle(int signal) {
  handled = signal;
}

static weft_status task(void *ctx, void **result, weft_error_t **error) {
  const int own[] = {SIGSYS, SIGPIPE, SIGXFSZ, SIGPROF, SIGVTALRM, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPWR, SIGXCPU};
  size_t i;
  (void)ctx;
  (void)result;
  (void)error;
  start_children();
  for (i = 0; i < sizeof own / sizeof *own; ++i) {
    signal(own[i], handle);
    raise(own[i]);
    if (handled != own[i]) snprintf(fault, sizeof fault, "raise(%d) in a task does nothing", own[i]);
  }
  return WEFT_OK;
}

static weft_status target(void *ctx, weft_error_t **error) {
  return task(ctx, NULL, error);
}

/* A thread that a task starts is not a thread of the pool. Like a child process, it does not have the pool's mask. */
static weft_status start_a_thread(void *ctx, void **result, weft_error_t **error) {
  weft_thread_t *thread;
  (void)result;
  (void)error;
  if (weft_thread_create(NULL, NULL, target, ctx, NULL, &thread) != WEFT_OK) return WEFT_EFAILED;
  if (weft_thread_start(thread) != WEFT_OK || weft_thread_join(thread, WEFT_FOREVER) != WEFT_OK) return WEFT_EFAILED;
  weft_thread_unref(thread);
  return WEFT_OK;
}

int main(void) {
  weft_task_fn both[] = {task, start_a_thread};
  int i;
  alarm(60);
  for (i = 0; i < 2; ++i) {
    weft_executor_t *pool;
    weft_future_t *future;
    if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK) return 1;
    if (weft_executor_submit(pool, NULL, both[i], NULL, NULL, &future) != WEFT_OK) return 1;
    if (weft_future_result(future, WEFT_FOREVER, NULL) != WEFT_OK) note("the task fails");
    weft_future_unref(future);
    weft_executor_unref(pool);
  }
  if (fault[0] != 0) puts(fault);
  return fault[0] != 0;
}
