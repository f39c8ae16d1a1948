/* Tests of the options of a thread (weft/thread.h): names, daemon, stack, priority, affinity, and what the thread and
 * the system see of them.
 */
#include <weft/thread.h>

#include <sys/resource.h>

#include "setup.h"

/* One field out of range at a time. */
static void check_refused(const weft_thread_options_t *options) {
  probe_t probe = {0};
  weft_thread_t *out = UNTOUCHED(weft_thread_t);
  CHECK_STATUS(weft_thread_create(NULL, options, probe_target, &probe, probe_drop, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_thread_t));
  CHECK_EQUAL(probe_drops(&probe), 0);
}

static void options_out_of_range_are_invalid(void) {
  static const uint32_t daemons[] = {3, 4, 100, UINT32_MAX};
  static const uint64_t stacks[] = {(UINT64_C(1) << 40) + 1, UINT64_C(1) << 41, UINT64_MAX};
  static const int32_t nices[] = {-21, 20, 100, INT32_MIN, INT32_MAX};
  static const uint32_t cpus[] = {0, 1024}, far[] = {UINT32_MAX};
  weft_thread_options_t options;
  size_t i;
  weft_thread_options_init(&options);
  for (i = 0; i < CHECK_COUNT_OF(daemons); ++i) {
    options.daemon = daemons[i];
    check_refused(&options);
  }
  weft_thread_options_init(&options);
  for (i = 0; i < CHECK_COUNT_OF(stacks); ++i) {
    options.stack_size = stacks[i];
    check_refused(&options);
  }
  weft_thread_options_init(&options);
  for (i = 0; i < CHECK_COUNT_OF(nices); ++i) {
    options.nice = nices[i];
    check_refused(&options);
  }
  weft_thread_options_init(&options);
  options.affinity_count = 1;
  check_refused(&options); /* affinity NULL */
  options.affinity = far;
  check_refused(&options);
  options.affinity = cpus;
  options.affinity_count = 2;
  check_refused(&options);
  weft_thread_options_init(&options);
  options.signals = WEFT_SIGNALS_BLOCK + 1;
  check_refused(&options);
  weft_thread_options_init(&options);
  options.reserved = 1;
  check_refused(&options);
}

static void options_at_their_limits_are_accepted(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  static const uint32_t last = 1023;
  weft_thread_options_init(&options);
  options.stack_size = UINT64_C(1) << 40;
  options.nice = -20;
  options.affinity = &last;
  options.affinity_count = 1;
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, NULL, NULL, &thread));
  weft_thread_unref(thread);
  options.nice = 19;
  options.signals = WEFT_SIGNALS_BLOCK;
  options.affinity_count = 0; /* then weft does not read affinity */
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, NULL, NULL, &thread));
  weft_thread_unref(thread);
}

/* What a thread sees of itself. */
typedef struct mirror {
  char system_name[64];
  int32_t is_daemon;
  int32_t child_is_daemon;
  size_t stack_size;
  int nice;
  cpu_set_t cpus;
  weft_thread_t *self;
} mirror_t;

static weft_status mirror_target(void *ctx, weft_error_t **error) {
  mirror_t *mirror = (mirror_t *)ctx;
  weft_thread_t *child = NULL;
  pthread_attr_t attributes;
  (void)error;
  CHECK_STATUS(weft_thread_current(&mirror->self), WEFT_OK);
  CHECK_EQUAL(pthread_getname_np(pthread_self(), mirror->system_name, sizeof mirror->system_name), 0);
  mirror->is_daemon = weft_thread_is_daemon(mirror->self);
  CHECK_STATUS(weft_thread_create(NULL, NULL, mirror_target, NULL, NULL, &child), WEFT_OK);
  mirror->child_is_daemon = weft_thread_is_daemon(child);
  weft_thread_unref(child);
  CHECK_EQUAL(pthread_getattr_np(pthread_self(), &attributes), 0);
  CHECK_EQUAL(pthread_attr_getstacksize(&attributes, &mirror->stack_size), 0);
  pthread_attr_destroy(&attributes);
  mirror->nice = getpriority(PRIO_PROCESS, (id_t)own_tid());
  CHECK_EQUAL(sched_getaffinity(0, sizeof mirror->cpus, &mirror->cpus), 0);
  return WEFT_OK;
}

static mirror_t mirror_of(const weft_thread_options_t *options) {
  mirror_t mirror;
  weft_thread_t *thread = NULL;
  memset(&mirror, 0, sizeof mirror);
  CHECK_STATUS(weft_thread_create(NULL, options, mirror_target, &mirror, NULL, &thread), WEFT_OK);
  CHECK_STATUS(weft_thread_start(thread), WEFT_OK);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK(mirror.self == thread);
  weft_thread_unref(mirror.self);
  weft_thread_unref(thread);
  return mirror;
}

static void names_are_given_or_numbered(void) {
  weft_thread_options_t options;
  weft_thread_t *one = NULL, *two = NULL, *named = NULL;
  char name[] = "given";
  int first = 0, second = 0;
  weft_thread_options_init(&options);
  REQUIRE_OK(weft_thread_create(NULL, NULL, probe_target, NULL, NULL, &one));
  options.name = "";
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, NULL, NULL, &two));
  CHECK_EQUAL(sscanf(weft_thread_name(one), "Thread-%d", &first), 1);
  CHECK_EQUAL(sscanf(weft_thread_name(two), "Thread-%d", &second), 1);
  CHECK(first != second);
  options.name = name;
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, NULL, NULL, &named));
  memset(name, 'x', 5);
  CHECK_TEXT(weft_thread_name(named), "given");
  strcpy(name, "other");
  CHECK_STATUS(weft_thread_set_name(named, name), WEFT_OK);
  memset(name, 'x', 5);
  CHECK_TEXT(weft_thread_name(named), "other");
  CHECK_STATUS(weft_thread_set_name(named, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_set_name(named, ""), WEFT_EINVAL);
  CHECK_TEXT(weft_thread_name(named), "other");
  weft_thread_unref(one);
  weft_thread_unref(two);
  weft_thread_unref(named);
}

static void the_system_sees_the_name_cut_so_that_its_number_survives(void) {
  static const struct {
    const char *name;
    const char *system_name; /* NULL: at most 15 bytes that begin and end like the name */
    const char *number;
  } rows[] = {
      {"short", "short", ""},
      {"exactly-15-long", "exactly-15-long", ""},
      {"a-rather-long-name-of-a-thread-17", NULL, "17"},
      {"downloads-of-the-archive_1234567", NULL, "1234567"},
      {"0123456789012345678901234567890", NULL, ""},
      {"a-name-without-any-number-at-its-end", "a-name-without-", ""},
  };
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(rows); ++i) {
    weft_thread_options_t options;
    mirror_t mirror;
    size_t length, number = strlen(rows[i].number);
    weft_thread_options_init(&options);
    options.name = rows[i].name;
    mirror = mirror_of(&options);
    length = strlen(mirror.system_name);
    CHECK(length <= 15);
    if (rows[i].system_name) CHECK_TEXT(mirror.system_name, rows[i].system_name);
    if (number != 0 && CHECK(length > number)) {
      CHECK_TEXT(mirror.system_name + length - number, rows[i].number);
      CHECK(mirror.system_name[0] == rows[i].name[0]);
    }
  }
}

static void set_name_reaches_the_system(void) {
  mirror_t mirror;
  weft_thread_t *thread = NULL;
  memset(&mirror, 0, sizeof mirror);
  REQUIRE_OK(weft_thread_create(NULL, NULL, mirror_target, &mirror, NULL, &thread));
  CHECK_STATUS(weft_thread_set_name(thread, "renamed"), WEFT_OK);
  CHECK_STATUS(weft_thread_start(thread), WEFT_OK);
  CHECK_STATUS(weft_thread_set_daemon(thread, 1), WEFT_ESTARTED);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_thread_set_daemon(thread, 0), WEFT_ESTARTED);
  CHECK_TEXT(weft_thread_name(thread), "renamed");
  CHECK_TEXT(mirror.system_name, "renamed");
  CHECK_EQUAL(weft_thread_is_daemon(thread), 0);
  weft_thread_unref(mirror.self);
  weft_thread_unref(thread);
}

static void daemon_is_inherited_unless_set(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  mirror_t mirror;
  weft_thread_options_init(&options);
  mirror = mirror_of(&options); /* created by the main thread, which is not a daemon */
  CHECK_EQUAL(mirror.is_daemon, 0);
  CHECK_EQUAL(mirror.child_is_daemon, 0);
  options.daemon = WEFT_DAEMON_YES;
  mirror = mirror_of(&options);
  CHECK_EQUAL(mirror.is_daemon, 1);
  CHECK_EQUAL(mirror.child_is_daemon, 1);
  options.daemon = WEFT_DAEMON_NO;
  mirror = mirror_of(&options);
  CHECK_EQUAL(mirror.is_daemon, 0);
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, NULL, NULL, &thread));
  CHECK_STATUS(weft_thread_set_daemon(thread, 2), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_set_daemon(thread, -1), WEFT_EINVAL);
  CHECK_EQUAL(weft_thread_is_daemon(thread), 0);
  CHECK_STATUS(weft_thread_set_daemon(thread, 1), WEFT_OK);
  CHECK_EQUAL(weft_thread_is_daemon(thread), 1);
  CHECK_STATUS(weft_thread_set_daemon(thread, 0), WEFT_OK);
  CHECK_EQUAL(weft_thread_is_daemon(thread), 0);
  weft_thread_unref(thread);
}

static weft_status regular_child_of_daemon(void *ctx, weft_error_t **error) {
  weft_thread_options_t options;
  weft_thread_t *child = NULL;
  (void)error;
  weft_thread_options_init(&options);
  options.daemon = WEFT_DAEMON_NO;
  CHECK_STATUS(weft_thread_create(NULL, &options, probe_target, NULL, NULL, &child), WEFT_OK);
  *(int32_t *)ctx = weft_thread_is_daemon(child);
  weft_thread_unref(child);
  return WEFT_OK;
}

static void what_is_set_is_not_inherited(void) {
  int32_t is_daemon = -1;
  end_thread(start_thread(NULL, WEFT_DAEMON_YES, regular_child_of_daemon, &is_daemon, NULL));
  CHECK_EQUAL(is_daemon, 0);
}

static void a_stack_is_at_least_as_large_as_asked(void) {
  static const uint64_t sizes[] = {1, 4096, 100001, 4 << 20, 64 << 20};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(sizes); ++i) {
    weft_thread_options_t options;
    weft_thread_options_init(&options);
    options.stack_size = sizes[i];
    CHECK(mirror_of(&options).stack_size >= sizes[i]); /* the small ones are raised to what works */
  }
}

static void a_thread_may_be_nice(void) {
  weft_thread_options_t options;
  int own = getpriority(PRIO_PROCESS, 0);
  weft_thread_options_init(&options);
  CHECK_EQUAL(mirror_of(&options).nice, own);
  options.nice = 19;
  CHECK_EQUAL(mirror_of(&options).nice, 19);
}

static void a_thread_may_be_bound_to_a_cpu(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  probe_t probe = {0};
  cpu_set_t own;
  mirror_t mirror;
  uint32_t cpu = 0, nowhere = 1023;
  REQUIRE(sched_getaffinity(0, sizeof own, &own) == 0);
  while (!CPU_ISSET(cpu, &own)) ++cpu;
  weft_thread_options_init(&options);
  mirror = mirror_of(&options);
  CHECK(CPU_EQUAL(&mirror.cpus, &own));
  options.affinity = &cpu;
  options.affinity_count = 1;
  mirror = mirror_of(&options);
  CHECK_EQUAL(CPU_COUNT(&mirror.cpus), 1);
  CHECK(CPU_ISSET(cpu, &mirror.cpus));
  if (sysconf(_SC_NPROCESSORS_CONF) > 1023) return;
  options.affinity = &nowhere;
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, &probe, probe_drop, &thread));
  CHECK_STATUS(weft_thread_start(thread), WEFT_EINVAL);
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_INITIAL);
  CHECK_EQUAL(weft_thread_ident(thread), 0);
  CHECK_STATUS(weft_thread_start(thread), WEFT_EINVAL);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  weft_thread_unref(thread);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

/* Another thread renames it at the gate. Then it renames itself. */
typedef struct renamed {
  gate_t gate;
  char system_name[16];
  const char *first;
} renamed_t;

static weft_status rename_itself(void *ctx, weft_error_t **error) {
  renamed_t *renamed = (renamed_t *)ctx;
  weft_thread_t *self = NULL;
  (void)error;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  renamed->first = weft_thread_name(self);
  CHECK_TEXT(renamed->first, "before");
  gate_pass(&renamed->gate);
  CHECK_TEXT(weft_thread_name(self), "by-another");
  CHECK_STATUS(weft_thread_set_name(self, "by-itself"), WEFT_OK);
  CHECK_TEXT(weft_thread_name(self), "by-itself");
  CHECK_TEXT(renamed->first, "before"); /* the old pointer stays valid */
  CHECK(pthread_getname_np(pthread_self(), renamed->system_name, sizeof renamed->system_name) == 0);
  weft_thread_unref(self);
  return WEFT_OK;
}

static void a_thread_that_runs_is_renamed(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  renamed_t renamed;
  gate_t closed = GATE_CLOSED;
  memset(&renamed, 0, sizeof renamed);
  renamed.gate = closed;
  weft_thread_options_init(&options);
  options.name = "before";
  REQUIRE_OK(weft_thread_create(NULL, &options, rename_itself, &renamed, NULL, &thread));
  CHECK_STATUS(weft_thread_start(thread), WEFT_OK);
  gate_await(&renamed.gate, 1);
  CHECK_STATUS(weft_thread_set_name(thread, "by-another"), WEFT_OK);
  gate_open(&renamed.gate);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_TEXT(renamed.system_name, "by-itself");
  CHECK_TEXT(weft_thread_name(thread), "by-itself");
  CHECK_STATUS(weft_thread_set_name(thread, "after"), WEFT_OK);
  CHECK_TEXT(weft_thread_name(thread), "after");
  weft_thread_unref(thread);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"options out of range are invalid", options_out_of_range_are_invalid},
      {"options at their limits are accepted", options_at_their_limits_are_accepted},
      {"names are given or numbered", names_are_given_or_numbered},
      {"the system sees the name cut so that its number survives",
       the_system_sees_the_name_cut_so_that_its_number_survives},
      {"set_name reaches the system", set_name_reaches_the_system},
      {"a thread that runs is renamed", a_thread_that_runs_is_renamed},
      {"daemon is inherited unless set", daemon_is_inherited_unless_set},
      {"what is set is not inherited", what_is_set_is_not_inherited},
      {"a stack is at least as large as asked", a_stack_is_at_least_as_large_as_asked},
      {"a thread may be nice", a_thread_may_be_nice},
      {"a thread may be bound to a CPU", a_thread_may_be_bound_to_a_cpu},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
