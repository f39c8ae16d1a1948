/* Tests of the log hook (weft/host.h). Each option that is out of range is named in the log. */
#include "setup.h"

typedef struct heard {
  int lines;
  int drops;
  uint32_t level;
  char last[1100];
} heard_t;

static void hear(void *ctx, uint32_t level, const char *message) {
  heard_t *heard = (heard_t *)ctx;
  ++heard->lines;
  heard->level = level;
  snprintf(heard->last, sizeof heard->last, "%s", message);
}

static void drop_heard(void *ctx) {
  ++((heard_t *)ctx)->drops;
}

static heard_t heard;

/* The call failed, and the last line names this field of this struct. */
#define CHECK_NAMED(text)                                                                                              \
  do {                                                                                                                 \
    CHECK_EQUAL(heard.level, WEFT_LOG_WARNING);                                                                        \
    if (!CHECK(strstr(heard.last, text) != NULL)) printf("# the log says: %s\n", heard.last);                          \
    heard.last[0] = '\0';                                                                                              \
  } while (0)

static void a_hook_is_set_and_replaced(void) {
  heard_t second;
  memset(&heard, 0, sizeof heard);
  memset(&second, 0, sizeof second);
  REQUIRE_OK(weft_set_log_hook(hear, &heard, drop_heard));
  CHECK_EQUAL(heard.drops, 0);
  REQUIRE_OK(weft_set_log_hook(hear, &second, drop_heard));
  CHECK_EQUAL(heard.drops, 1);
  REQUIRE_OK(weft_set_log_hook(NULL, NULL, NULL));
  CHECK_EQUAL(second.drops, 1);
  REQUIRE_OK(weft_set_log_hook(NULL, &second, drop_heard)); /* dropped at once */
  CHECK_EQUAL(second.drops, 2);
  CHECK_EQUAL(heard.lines + second.lines, 0);
}

static void listen(void) {
  memset(&heard, 0, sizeof heard);
  CHECK_STATUS(weft_set_log_hook(hear, &heard, drop_heard), WEFT_OK);
}

static void stop_listening(void) {
  CHECK_STATUS(weft_set_log_hook(NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(heard.drops, 1);
}

static void refuse_pool(uint32_t max_workers, uint64_t max_queue, uint32_t when_full, int64_t full_timeout,
                        uint32_t daemon, uint64_t stack_size, uint32_t max_spares, const char *named) {
  weft_executor_options_t options;
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  weft_executor_options_init(&options);
  options.max_workers = max_workers;
  options.max_queue = max_queue;
  options.when_full = when_full;
  options.full_timeout = full_timeout;
  options.daemon = daemon;
  options.stack_size = stack_size;
  options.max_spares = max_spares;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK_NAMED(named);
}

static void options_of_a_pool_name_themselves(void) {
  weft_executor_options_t options;
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  const uint64_t large = UINT64_C(1) << 41;
  listen();
  refuse_pool(5000, 0, 0, 0, 0, 0, 0, "weft_executor_options.max_workers is 5000; allowed: 0 to 4096");
  refuse_pool(0, large, 0, 0, 0, 0, 0, "max_queue is 2199023255552; allowed: 0 to 1099511627776");
  refuse_pool(0, 0, 9, 0, 0, 0, 0, "when_full is 9; allowed: 0 to 2");
  refuse_pool(0, 0, 0, -3, 0, 0, 0, "full_timeout is -3; allowed: 0 or more");
  refuse_pool(0, 0, 0, 0, 7, 0, 0, "daemon is 7");
  refuse_pool(0, 0, 0, 0, 0, large, 0, "stack_size is");
  refuse_pool(0, 0, 0, 0, 0, 0, 5000, "max_spares is 5000");
  weft_executor_options_init(&options);
  options.flags = 2;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK_NAMED("flags is 2; allowed: 0 to 1");
  options.flags = 0;
  options.nice = 20;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK_NAMED("weft_executor_options.nice is 20; allowed: -20 to 19");
  options.nice = 0;
  options.affinity_count = 1;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK_NAMED("weft_executor_options.affinity is 0; allowed: an array of affinity_count");
  options.size = 3;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK_NAMED("weft_executor_options.size is 3; allowed: 152 to 4096");
  CHECK(out == UNTOUCHED(weft_executor_t));
  CHECK_EQUAL(heard.lines, 11);
  stop_listening();
}

static void refuse_thread(const weft_thread_options_t *options, const char *named) {
  weft_thread_t *out = UNTOUCHED(weft_thread_t);
  CHECK_STATUS(weft_thread_create(NULL, options, probe_target, NULL, NULL, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_thread_t));
  CHECK_NAMED(named);
}

static void options_of_a_thread_name_themselves(void) {
  weft_thread_options_t options;
  const uint32_t cpus[] = {0, 5000};
  listen();
  weft_thread_options_init(&options);
  options.daemon = 3;
  refuse_thread(&options, "weft_thread_options.daemon is 3; allowed: 0 to 2");
  weft_thread_options_init(&options);
  options.nice = -21;
  refuse_thread(&options, "nice is -21; allowed: -20 to 19");
  weft_thread_options_init(&options);
  options.stack_size = UINT64_MAX;
  refuse_thread(&options, "stack_size is 18446744073709551615");
  weft_thread_options_init(&options);
  options.affinity_count = 5000;
  refuse_thread(&options, "affinity_count is 5000");
  options.affinity_count = 1;
  refuse_thread(&options, "affinity is 0");
  options.affinity = cpus;
  options.affinity_count = 2;
  refuse_thread(&options, "affinity[...] is 5000; allowed: 0 to 1023");
  stop_listening();
}

static weft_status no_range(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)ctx;
  (void)begin;
  (void)end;
  (void)error;
  return WEFT_OK;
}

static weft_status run_nothing(void *room, weft_error_t **error) {
  (void)room;
  (void)error;
  return WEFT_OK;
}

static void the_other_options_name_themselves(void) {
  weft_executor_t *pool = make_pool(1);
  weft_runtime_options_t runtime = {sizeof runtime, 1};
  weft_task_options_t submit_with;
  weft_map_options_t map_with;
  weft_group_options_t group_with;
  weft_range_options_t range_with;
  weft_task_type_t type = {sizeof type, 0, 0, 0, run_nothing, NULL, NULL};
  weft_executor_stats_t stats;
  void *out = NULL;
  weft_task_options_init(&submit_with);
  submit_with.priority = 9;
  weft_group_options_init(&group_with);
  group_with.flags = 4;
  listen();
  CHECK_STATUS(weft_runtime_create(&runtime, (weft_runtime_t **)&out), WEFT_EINVAL);
  CHECK_NAMED("weft_runtime_options.reserved is 1");
  CHECK_STATUS(weft_executor_submit(pool, &submit_with, return_ctx, NULL, NULL, (weft_future_t **)&out), WEFT_EINVAL);
  CHECK_NAMED("weft_task_options.priority is 9; allowed: 0 to 2");
  weft_map_options_init(&map_with);
  map_with.flags = 2;
  CHECK_STATUS(weft_executor_map(pool, &map_with, return_ctx, NULL, 0, NULL, (weft_map_t **)&out), WEFT_EINVAL);
  CHECK_NAMED("weft_map_options.flags is 2");
  CHECK_STATUS(weft_group_create(pool, &group_with, (weft_group_t **)&out), WEFT_EINVAL);
  CHECK_NAMED("weft_group_options.flags is 4; allowed: 0 to 3");
  memset(&range_with, 0, sizeof range_with);
  range_with.size = sizeof range_with;
  range_with.reserved = 3;
  CHECK_STATUS(weft_parallel_for(pool, &range_with, 0, 0, no_range, NULL, NULL), WEFT_EINVAL);
  CHECK_NAMED("weft_range_options.reserved is 3");
  type.room_align = 3;
  CHECK_STATUS(weft_task_create(&type, (weft_task_t **)&out), WEFT_EINVAL);
  CHECK_NAMED("weft_task_type.room_align is 3; allowed: 0, or a power of two up to 4096");
  stats.size = 4;
  CHECK_STATUS(weft_executor_stats(pool, &stats), WEFT_EINVAL);
  CHECK_NAMED("weft_executor_stats.size is 4");
  CHECK(out == NULL);
  stop_listening();
  end_executor(pool);
}

static void what_nobody_else_is_told_comes_to_the_hook(void) {
  weft_executor_t *pool = make_pool(1);
  listen();
  CHECK_STATUS(weft_executor_post(pool, NULL, fail_with_error, NULL, NULL), WEFT_OK);
  end_executor(pool);
  CHECK_EQUAL(heard.lines, 1);
  CHECK_EQUAL(heard.level, WEFT_LOG_ERROR);
  CHECK(strstr(heard.last, "ValueError: a bad value") != NULL);
  stop_listening();
}

/* A hook that makes weft log a line itself. This line goes to stderr, not to the hook. */
static void hear_and_err(void *ctx, uint32_t level, const char *message) {
  weft_runtime_options_t wrong = {sizeof wrong, 77};
  weft_runtime_t *out = NULL;
  hear(ctx, level, message);
  CHECK_STATUS(weft_runtime_create(&wrong, &out), WEFT_EINVAL);
}

static void a_hook_that_errs_is_not_called_for_it(void) {
  weft_runtime_options_t wrong = {sizeof wrong, 1};
  weft_runtime_t *out = NULL;
  memset(&heard, 0, sizeof heard);
  REQUIRE_OK(weft_set_log_hook(hear_and_err, &heard, drop_heard));
  CHECK_STATUS(weft_runtime_create(&wrong, &out), WEFT_EINVAL);
  CHECK_EQUAL(heard.lines, 1);
  stop_listening();
}

static void *never_asked(void *ctx, size_t size, size_t align) {
  (void)ctx;
  (void)size;
  (void)align;
  return NULL;
}

static void never_given(void *ctx, void *memory, size_t size, size_t align) {
  (void)ctx;
  (void)memory;
  (void)size;
  (void)align;
}

/* Also a test of weft/host.h. tests/capi/allocator.c is the program that sets its allocator in time. */
static void after_use_it_is_too_late_for_an_allocator(void) {
  end_executor(make_pool(1));
  CHECK_STATUS(weft_set_allocator(never_asked, never_given, NULL), WEFT_EINVALIDSTATE);
  end_executor(make_pool(1));
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a hook is set and replaced", a_hook_is_set_and_replaced},
      {"options of a pool name themselves", options_of_a_pool_name_themselves},
      {"options of a thread name themselves", options_of_a_thread_name_themselves},
      {"the other options name themselves", the_other_options_name_themselves},
      {"what nobody else is told comes to the hook", what_nobody_else_is_told_comes_to_the_hook},
      {"a hook that errs is not called for it", a_hook_that_errs_is_not_called_for_it},
      {"after use it is too late for an allocator", after_use_it_is_too_late_for_an_allocator},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
