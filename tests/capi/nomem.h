/* nomem.h: memory that runs out, for the tests of WEFT_ENOMEM. The Nth allocation that a call makes on the calling
 * thread fails, alone or with all later ones, for N = 1, 2, 3 ... until the call gets through.
 *
 * Only one file of a program may include this header: it brings a malloc that stands in front of glibc's. A sanitizer
 * has its own malloc, so this header is of no use under one.
 */
#ifndef WEFT_TESTS_NOMEM_H
#define WEFT_TESTS_NOMEM_H

#include <errno.h>

#include "setup.h"

/* Of the calling thread: how many allocations still succeed; negative: all. */
static __thread int64_t allocations_left = -1;
static __thread int fails_once __attribute__((unused)); /* unused where a sanitizer has its own malloc */
static __thread int refused;

#if !CHECK_SANITIZED
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static int allocation_fails(void) {
  if (allocations_left < 0) return 0;
  if (allocations_left > 0) {
    --allocations_left;
    return 0;
  }
  ++refused;
  errno = ENOMEM; /* the C library's callers read it */
  if (fails_once) allocations_left = -1;
  return 1;
}

void *malloc(size_t size) {
  return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  return allocation_fails() ? NULL : __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  return allocation_fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return allocation_fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *memory = allocation_fails() ? NULL : __libc_memalign(alignment, size);
  if (memory == NULL) return 12; /* ENOMEM */
  *out = memory;
  return 0;
}
#endif

/* Which allocation of the next armed call fails. Every thread that makes an armed call reads it. */
static int64_t fail_at;
static int fail_once;

static inline weft_status disarm(weft_status status) {
  allocations_left = -1;
  return status;
}

/* Makes only this call, on this thread, with the failure in place. */
#define ARMED(call) (fails_once = fail_once, allocations_left = fail_at, disarm(call))

typedef struct attempt {
  const char *name;
  weft_status (*make)(void);
  const char *skip;   /* why the call cannot be tried; NULL: it can */
  int starts_threads; /* WEFT_EAGAIN is allowed too: the system has no memory for the thread */
  int may_succeed;    /* in all attempts; otherwise one must return WEFT_ENOMEM */
} attempt_t;

#define ATTEMPT(function, make)                                                                                        \
  { #function, make, NULL, 0, 0 }
#define ATTEMPT_THAT_STARTS_THREADS(function, make)                                                                    \
  { #function, make, NULL, 1, 0 }
/* Recycled memory is often enough. These are not for coverage.py: nomem_thread.c makes these calls fail. */
#define ATTEMPT_RECYCLED(function, make)                                                                               \
  { #function, make, NULL, 0, 1 }
#define ATTEMPT_SKIPPED(function, make, reason)                                                                        \
  { #function, make, reason, 0, 1 }

static inline void starve(const attempt_t *attempt) {
  int said_so = attempt->may_succeed;
  for (fail_once = 0; fail_once <= 1; ++fail_once) {
    int answered = 0;
    for (fail_at = 0; fail_at < 1000; ++fail_at) {
      weft_status status;
      refused = 0;
      status = attempt->make();
      if (refused == 0) {
        CHECK_STATUS(status, WEFT_OK);
        break;
      }
      /* A call may also succeed without the memory that it did not get. */
      if (!CHECK(status == WEFT_ENOMEM || status == WEFT_OK || (attempt->starts_threads && status == WEFT_EAGAIN)))
        printf("# it says %s when allocation %d fails\n", weft_status_name(status), (int)fail_at);
      answered += status != WEFT_OK;
      said_so |= status == WEFT_ENOMEM;
    }
    CHECK(fail_at < 1000);
    printf("# %s: %d allocations failed %s, %d times it said so\n", attempt->name, (int)fail_at,
           fail_once ? "alone" : "with all that follow", answered);
  }
  CHECK(said_so);
}

static inline int starve_all(const attempt_t *attempts, size_t count, int argc, char **argv) {
  size_t i;
  int failed = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (CHECK_SANITIZED) {
    printf("1..0 # SKIP a sanitizer has its own malloc\n");
    return 0;
  }
  printf("1..%zu\n", count);
  for (i = 0; i < count; ++i) {
    if (argc > 1 && strcmp(argv[1], attempts[i].name) != 0) continue;
    check_failures = 0;
    printf("# case: %s\n", attempts[i].name);
    if (attempts[i].skip) {
      printf("ok %zu - %s # SKIP %s\n", i + 1, attempts[i].name, attempts[i].skip);
      continue;
    }
    starve(&attempts[i]);
    failed |= check_failures != 0;
    printf("%s %zu - %s\n", check_failures ? "not ok" : "ok", i + 1, attempts[i].name);
  }
  return failed;
}

#endif
