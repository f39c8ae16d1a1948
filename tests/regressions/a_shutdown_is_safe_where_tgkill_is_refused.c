/* A sandbox may refuse tgkill, by which weft asks whether a thread still exists. When nothing is left, a shutdown must
 * say all the same that the code may be unloaded. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <weft/weft.h>

static int refuse_tgkill(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof code / sizeof *code, code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static weft_status target(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return WEFT_OK;
}
static weft_status task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return target(ctx, error);
}

int main(void) {
  weft_runtime_t *runtime;
  weft_executor_t *pool;
  weft_thread_t *thread;
  weft_report_t *report = NULL;
  weft_thread_options_t options;
  weft_status status;
  int safe;
  if (!refuse_tgkill() || syscall(SYS_tgkill, getpid(), getpid(), 0) == 0) {
    puts("no filter can be set here: nothing is tested");
    return 0;
  }
  weft_thread_options_init(&options);
  options.daemon = WEFT_DAEMON_YES;
  if (weft_runtime_create(NULL, &runtime) != WEFT_OK) return 1;
  if (weft_executor_create(runtime, NULL, &pool) != WEFT_OK) return 1;
  if (weft_executor_post(pool, NULL, task, NULL, NULL) != WEFT_OK) return 1;
  if (weft_thread_create(runtime, &options, target, NULL, NULL, &thread) != WEFT_OK) return 1;
  if (weft_thread_start(thread) != WEFT_OK) return 1; /* it is not joined */
  weft_thread_unref(thread);
  status = weft_runtime_shutdown_report(runtime, WEFT_FOREVER, 5 * WEFT_SECOND, &report);
  safe = weft_report_safe_to_unload(report);
  if (status != WEFT_OK || safe != 1)
    printf("%s, safe to unload: %d, left: %zu\n", weft_status_name(status), safe, weft_report_count(report));
  weft_report_destroy(&report);
  weft_executor_unref(pool);
  weft_runtime_destroy(&runtime);
  return status != WEFT_OK || safe != 1;
}
