/* check.h: the test frame of the C tests: checks, named cases, TAP on stdout, exit status.
 *
 * A program lists its cases in a check_case array and returns check_main(...). A check that fails is reported and the
 * case goes on; REQUIRE leaves the case. Checks may be made on any thread. There is no time limit here: the caller of
 * the program (meson) has one, and the last "# case" line tells where a program hung.
 * It knows nothing of weft but the names of statuses.
 */
#ifndef WEFT_TESTS_CHECK_H
#define WEFT_TESTS_CHECK_H

#include <weft/base.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "emulated.h"

typedef struct check_case {
  const char *name;
  void (*run)(void);
} check_case_t;

/* Both belong to the running case; written by any thread, with atomic operations. */
static int check_failures;
static const char *check_skip_reason;

static inline int check_that(int holds, const char *file, int line, const char *text) {
  if (!holds) {
    __atomic_add_fetch(&check_failures, 1, __ATOMIC_RELAXED);
    printf("# %s:%d: failed: %s\n", file, line, text);
  }
  return holds;
}

static inline int check_status(weft_status actual, weft_status expected, const char *file, int line, const char *text) {
  if (actual != expected) {
    __atomic_add_fetch(&check_failures, 1, __ATOMIC_RELAXED);
    printf("# %s:%d: failed: %s: is %s (%" PRId32 "), should be %s\n", file, line, text, weft_status_name(actual),
           actual, weft_status_name(expected));
  }
  return actual == expected;
}

static inline int check_equal(intmax_t actual, intmax_t expected, const char *file, int line, const char *text) {
  if (actual != expected) {
    __atomic_add_fetch(&check_failures, 1, __ATOMIC_RELAXED);
    printf("# %s:%d: failed: %s: is %" PRIdMAX ", should be %" PRIdMAX "\n", file, line, text, actual, expected);
  }
  return actual == expected;
}

static inline int check_text(const char *actual, const char *expected, const char *file, int line, const char *text) {
  int same = actual != NULL && expected != NULL && strcmp(actual, expected) == 0;
  if (!same) {
    __atomic_add_fetch(&check_failures, 1, __ATOMIC_RELAXED);
    printf("# %s:%d: failed: %s: is \"%s\", should be \"%s\"\n", file, line, text, actual ? actual : "(NULL)",
           expected ? expected : "(NULL)");
  }
  return same;
}

#define CHECK(condition) check_that((condition) ? 1 : 0, __FILE__, __LINE__, #condition)
#define CHECK_STATUS(call, expected) check_status((call), (expected), __FILE__, __LINE__, #call)
#define CHECK_EQUAL(actual, expected) check_equal((intmax_t)(actual), (intmax_t)(expected), __FILE__, __LINE__, #actual)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), __FILE__, __LINE__, #actual)

/* For conditions that the rest of the case needs. */
#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!CHECK(condition)) return;                                                                                     \
  } while (0)
#define REQUIRE_OK(call)                                                                                               \
  do {                                                                                                                 \
    if (!CHECK_STATUS(call, WEFT_OK)) return;                                                                          \
  } while (0)

/* For a case that cannot be made here. The caller gives the reason and returns from the case. */
static inline void check_skip(const char *reason) {
  check_skip_reason = reason;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHECK_SANITIZED 1
#endif
#endif
#ifndef CHECK_SANITIZED
#define CHECK_SANITIZED 0
#endif

/* The long form of the suite repeats racy cases more often. */
static inline int check_rounds(int usual, int in_long_form) {
  return getenv("WEFT_TEST_LONG") ? in_long_form : usual;
}

#define CHECK_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Runs all cases, or the one named by the first argument. */
static inline int check_main(const check_case_t *cases, size_t count, int argc, char **argv) {
  size_t i;
  int failed_cases = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("1..%zu\n", argc > 1 ? (size_t)1 : count);
  for (i = 0; i < count; ++i) {
    int failures;
    if (argc > 1 && strcmp(argv[1], cases[i].name) != 0) continue;
    check_failures = 0;
    check_skip_reason = not_in_an_emulator(cases[i].name);
    printf("# case: %s\n", cases[i].name);
    if (check_skip_reason == NULL) cases[i].run();
    failures = __atomic_load_n(&check_failures, __ATOMIC_ACQUIRE);
    if (failures != 0) {
      ++failed_cases;
      printf("not ok %zu - %s\n", argc > 1 ? (size_t)1 : i + 1, cases[i].name);
    } else {
      printf("ok %zu - %s%s%s\n", argc > 1 ? (size_t)1 : i + 1, cases[i].name, check_skip_reason ? " # SKIP " : "",
             check_skip_reason ? check_skip_reason : "");
    }
  }
  return failed_cases != 0;
}

#endif
