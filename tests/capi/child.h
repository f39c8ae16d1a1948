/* child.h: runs a case in a child process, before this process has used weft. This is for limits and privileges that
 * cannot be given back. The child's prints become part of the output, and its failed checks count for the case.
 */
#ifndef WEFT_TESTS_CHILD_H
#define WEFT_TESTS_CHILD_H

#include <grp.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { child_skips = 77 };

/* Returns 0 if no check of the child failed, and child_skips if it could not make the case. A failure is reported. */
static inline int run_in_child(void (*body)(void)) {
  int status = 0;
  pid_t child;
  fflush(stdout);
  child = fork();
  if (!CHECK(child >= 0)) return 1;
  if (child == 0) {
    check_failures = 0;
    alarm(60); /* a child that hangs must not outlive the test */
    body();
    fflush(stdout);
    _exit(check_skip_reason ? child_skips : __atomic_load_n(&check_failures, __ATOMIC_ACQUIRE) != 0);
  }
  CHECK(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) printf("# the child ended by signal %d\n", WTERMSIG(status));
  CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == child_skips));
  if (WIFEXITED(status) && WEXITSTATUS(status) == child_skips) check_skip("not possible here; see the line above");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* In a child: becomes a user without privileges, because limits do not bind root. */
static inline int drop_privileges(void) {
  const gid_t nobody = 65534;
  if (getuid() != 0) return 1;
  if (setgroups(0, NULL) == 0 && setgid(nobody) == 0 && setuid(nobody) == 0) return 1;
  printf("# skipped: the privileges of root cannot be dropped here\n");
  check_skip("the privileges of root cannot be dropped");
  return 0;
}

/* In a child: the system refuses threads from now on, until allow_threads. */
static inline int refuse_threads(void) {
  struct rlimit limit;
  if (!drop_privileges()) return 0;
  if (!CHECK(getrlimit(RLIMIT_NPROC, &limit) == 0)) return 0;
  limit.rlim_cur = 0;
  return CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
}

static inline void allow_threads(void) {
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_NPROC, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
}

/* In a child: limits the address space to so many bytes. */
static inline int limit_memory(size_t bytes) {
  struct rlimit limit;
  if (CHECK_SANITIZED) {
    printf("# skipped: a sanitizer needs more address space than this case leaves\n");
    check_skip("sanitized");
    return 0;
  }
  if (!CHECK(getrlimit(RLIMIT_AS, &limit) == 0)) return 0;
  limit.rlim_cur = bytes;
  return CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

#endif
