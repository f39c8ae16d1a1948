/* Tests of weft/executor.h: making pools, their workers and their figures. Submitting is in submit.c, bounded queues in
 * full_queue.c, the end in shutdown.c, initializers in initializer.c, the other kinds in strand.c and caller_run.c, map
 * in map.c.
 */
#include <weft/executor.h>

#include "setup.h"

/* One field out of range at a time. */
static void check_refused(const weft_executor_options_t *options) {
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  CHECK_STATUS(weft_executor_create(NULL, options, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_executor_t));
}

static void options_out_of_range_are_invalid(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  CHECK_STATUS(weft_executor_create(NULL, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_caller_run_create(NULL, NULL, NULL), WEFT_EINVAL);
  weft_executor_options_init(&options);
  options.when_full = 3;
  check_refused(&options);
  options.when_full = UINT32_MAX;
  check_refused(&options);
  weft_executor_options_init(&options);
  options.daemon = 3;
  check_refused(&options);
  weft_executor_options_init(&options);
  options.full_timeout = -1;
  check_refused(&options);
  options.full_timeout = INT64_MIN;
  check_refused(&options);
  weft_executor_options_init(&options);
  options.max_queue = (UINT64_C(1) << 40) + 1;
  check_refused(&options);
  options.max_queue = UINT64_MAX;
  check_refused(&options);
  weft_executor_options_init(&options);
  options.max_workers = 4097;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  options.max_workers = UINT32_MAX;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  weft_executor_options_init(&options);
  options.stack_size = (UINT64_C(1) << 40) + 1;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  CHECK(pool == NULL);
}

static weft_status no_initializer(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  CHECK(0);
  return WEFT_OK;
}

static void a_refused_pool_leaves_the_initializer_to_the_caller(void) {
  probe_t probe = {0};
  weft_executor_options_t options;
  weft_executor_t *out = NULL;
  weft_executor_options_init(&options);
  options.initializer = no_initializer;
  options.initializer_ctx = &probe;
  options.initializer_drop = probe_drop;
  options.max_workers = 5000;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  options.max_workers = 1;
  CHECK_STATUS(weft_executor_create(NULL, &options, NULL), WEFT_EINVAL);
  CHECK_EQUAL(probe_drops(&probe), 0);
}

static void options_at_their_limits_are_accepted(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 4096;
  options.max_queue = UINT64_C(1) << 40;
  options.when_full = WEFT_FULL_CALLER;
  options.full_timeout = WEFT_FOREVER;
  options.daemon = WEFT_DAEMON_YES;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  CHECK_EQUAL(stats_of(pool).max_workers, 4096);
  weft_executor_unref(pool);
  options.daemon = WEFT_DAEMON_NO;
  options.stack_size = 1; /* raised to what works */
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  end_future(submit(pool, return_ctx, NULL, NULL));
  end_executor(pool);
}

static void null_is_invalid_everywhere(void) {
  weft_executor_t *pool = make_pool(1), *out = UNTOUCHED(weft_executor_t);
  weft_error_t *error = UNTOUCHED(weft_error_t);
  weft_executor_stats_t stats = {0};
  stats.size = sizeof stats;
  CHECK(weft_executor_ref(NULL) == NULL);
  weft_executor_unref(NULL);
  CHECK_STATUS(weft_strand_create(NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_strand_create(pool, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_shutdown(NULL, 0, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_run(NULL, 0, 0, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_run_wait(NULL, 0, 0, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_error(NULL, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_error(pool, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_stats(NULL, &stats), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_stats(pool, NULL), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_executor_t));
  CHECK(error == UNTOUCHED(weft_error_t));
  weft_executor_unref(pool);
}

static void only_the_last_handle_ends_it(void) {
  weft_executor_t *pool = make_pool(1);
  int runs = 0;
  CHECK(weft_executor_ref(pool) == pool);
  weft_executor_unref(pool);
  REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
  end_executor(pool);
  CHECK_EQUAL(count_of(&runs), 1);
}

static void the_default_number_of_workers_follows_the_cpus(void) {
  weft_executor_t *pool = NULL;
  uint32_t expected = weft_usable_cpus() + 4 < 32 ? weft_usable_cpus() + 4 : 32;
  REQUIRE_OK(weft_executor_create(NULL, NULL, &pool));
  CHECK_EQUAL(stats_of(pool).max_workers, expected);
  weft_executor_unref(pool);
}

static void no_thread_starts_before_the_first_task(void) {
  weft_executor_t *pool = make_pool(4);
  weft_executor_stats_t stats = stats_of(pool);
  CHECK_EQUAL(stats.max_workers, 4);
  CHECK_EQUAL(stats.workers_started, 0);
  CHECK_EQUAL(stats.workers_alive, 0);
  CHECK_EQUAL(stats.workers_refused, 0);
  CHECK_EQUAL(stats.queued, 0);
  weft_executor_unref(pool);
}

static void three_in_a_row_use_one_worker(void) {
  int i, rounds = check_rounds(100, 10000);
  for (i = 0; i < rounds; ++i) {
    weft_executor_t *pool = make_pool(8);
    int k;
    for (k = 0; k < 3; ++k) end_future(submit(pool, return_ctx, NULL, NULL));
    CHECK_EQUAL(stats_of(pool).workers_started, 1);
    end_executor(pool);
  }
}

static void workers_start_for_tasks_that_wait_and_never_above_the_bound(void) {
  weft_executor_t *pool = make_pool(3);
  gate_t gate = GATE_CLOSED;
  weft_executor_stats_t stats;
  int i;
  for (i = 0; i < 10; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, pass_gate, &gate, NULL));
  gate_await(&gate, 3); /* all three run at once: no task waits while another worker may be started */
  stats = stats_of(pool);
  CHECK_EQUAL(stats.workers_started, 3);
  CHECK_EQUAL(stats.workers_alive, 3);
  CHECK_EQUAL(stats.queued, 7);
  CHECK_EQUAL(gate_arrived(&gate), 3);
  gate_open(&gate);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  stats = stats_of(pool);
  CHECK_EQUAL(gate_arrived(&gate), 10);
  CHECK_EQUAL(stats.workers_started, 3);
  CHECK_EQUAL(stats.workers_alive, 0);
  CHECK_EQUAL(stats.queued, 0);
  weft_executor_unref(pool);
}

/* As many tasks as there are workers meet. With one worker fewer they would wait forever. */
static weft_status meet(void *ctx, void **result, weft_error_t **error) {
  int answer = pthread_barrier_wait((pthread_barrier_t *)ctx);
  (void)result;
  (void)error;
  CHECK(answer == 0 || answer == PTHREAD_BARRIER_SERIAL_THREAD);
  return WEFT_OK;
}

static void a_ready_task_never_waits_for_a_busy_worker_while_another_is_free(void) {
  enum { workers = 4 };
  weft_executor_t *pool = make_pool(workers);
  int round, i, rounds = check_rounds(200, 20000);
  for (round = 0; round < rounds; ++round) {
    pthread_barrier_t barrier;
    weft_future_t *futures[workers];
    pthread_barrier_init(&barrier, NULL, workers);
    for (i = 0; i < workers; ++i) futures[i] = submit(pool, meet, &barrier, NULL);
    for (i = 0; i < workers; ++i) end_future(futures[i]);
    pthread_barrier_destroy(&barrier);
  }
  end_executor(pool);
}

/* What a worker is called, by weft and by the system. */
typedef struct worker_names {
  char name[128];
  char system_name[64];
} worker_names_t;

static weft_status read_names(void *ctx, void **result, weft_error_t **error) {
  worker_names_t *names = (worker_names_t *)ctx;
  weft_thread_t *self = NULL;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  snprintf(names->name, sizeof names->name, "%s", weft_thread_name(self));
  weft_thread_unref(self);
  CHECK_EQUAL(pthread_getname_np(pthread_self(), names->system_name, sizeof names->system_name), 0);
  return WEFT_OK;
}

static worker_names_t names_with_prefix(const char *prefix) {
  worker_names_t names;
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  memset(&names, 0, sizeof names);
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.name_prefix = prefix;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  end_future(submit(pool, read_names, &names, NULL));
  end_executor(pool);
  return names;
}

static void workers_are_named(void) {
  worker_names_t names = names_with_prefix("download");
  int first = -1, second = -1, index = -1;
  CHECK_TEXT(names.name, "download_0");
  CHECK_TEXT(names.system_name, "download_0");
  names = names_with_prefix("a-prefix-that-is-longer-than-the-system-likes");
  CHECK_TEXT(names.name, "a-prefix-that-is-longer-than-the-system-likes_0");
  CHECK(strlen(names.system_name) <= 15);
  CHECK(strlen(names.system_name) > 1 && names.system_name[strlen(names.system_name) - 1] == '0');
  names = names_with_prefix(NULL);
  CHECK_EQUAL(sscanf(names.name, "weft-%d_%d", &first, &index), 2);
  CHECK_EQUAL(index, 0);
  names = names_with_prefix("");
  CHECK_EQUAL(sscanf(names.name, "weft-%d_%d", &second, &index), 2);
  CHECK_EQUAL(index, 0);
  CHECK(first != second);
}

static weft_status read_stack_size(void *ctx, void **result, weft_error_t **error) {
  pthread_attr_t attributes;
  (void)result;
  (void)error;
  CHECK_EQUAL(pthread_getattr_np(pthread_self(), &attributes), 0);
  CHECK_EQUAL(pthread_attr_getstacksize(&attributes, (size_t *)ctx), 0);
  pthread_attr_destroy(&attributes);
  return WEFT_OK;
}

static void workers_have_the_stack_that_was_asked_for(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  size_t stack_size = 0;
  weft_executor_options_init(&options);
  options.stack_size = 32 << 20;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  end_future(submit(pool, read_stack_size, &stack_size, NULL));
  end_executor(pool);
  CHECK(stack_size >= 32 << 20);
}

static void stats_write_no_more_than_was_asked_for(void) {
  weft_executor_t *pool = make_pool(2);
  struct {
    weft_executor_stats_t stats;
    unsigned char beyond[64];
  } room;
  uint32_t size;
  size_t i;
  memset(&room, 0xa5, sizeof room);
  for (size = 0; size < sizeof room.stats; ++size) {
    room.stats.size = size;
    CHECK_STATUS(weft_executor_stats(pool, &room.stats), WEFT_EINVAL);
    CHECK_EQUAL(room.stats.max_workers, 0xa5a5a5a5u);
  }
  room.stats.size = sizeof room.stats;
  CHECK_STATUS(weft_executor_stats(pool, &room.stats), WEFT_OK);
  CHECK_EQUAL(room.stats.size, sizeof room.stats);
  CHECK_EQUAL(room.stats.max_workers, 2);
  for (i = 0; i < sizeof room.beyond; ++i) CHECK_EQUAL(room.beyond[i], 0xa5);
  room.stats.size = sizeof room; /* a caller of a later version */
  CHECK_STATUS(weft_executor_stats(pool, &room.stats), WEFT_OK);
  CHECK_EQUAL(room.stats.max_workers, 2);
  weft_executor_unref(pool);
}

static void an_unbroken_pool_has_no_error(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  weft_error_t *error = UNTOUCHED(weft_error_t);
  CHECK_STATUS(weft_executor_error(pool, &error), WEFT_OK);
  CHECK(error == NULL);
  error = UNTOUCHED(weft_error_t);
  CHECK_STATUS(weft_executor_error(strand, &error), WEFT_OK);
  CHECK(error == NULL);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
}

static void only_a_caller_run_executor_can_be_run(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  uint64_t ran = 99;
  CHECK_STATUS(weft_executor_run(pool, 0, WEFT_FOREVER, &ran), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_run_wait(pool, 0, WEFT_FOREVER, &ran), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_run(strand, 0, WEFT_FOREVER, &ran), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_run_wait(strand, 0, WEFT_FOREVER, &ran), WEFT_ENOTSUP);
  CHECK_EQUAL(ran, 99);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"options out of range are invalid", options_out_of_range_are_invalid},
      {"a refused pool leaves the initializer to the caller", a_refused_pool_leaves_the_initializer_to_the_caller},
      {"options at their limits are accepted", options_at_their_limits_are_accepted},
      {"NULL is invalid everywhere", null_is_invalid_everywhere},
      {"only the last handle ends it", only_the_last_handle_ends_it},
      {"the default number of workers follows the CPUs", the_default_number_of_workers_follows_the_cpus},
      {"no thread starts before the first task", no_thread_starts_before_the_first_task},
      {"three in a row use one worker", three_in_a_row_use_one_worker},
      {"workers start for tasks that wait, and never above the bound",
       workers_start_for_tasks_that_wait_and_never_above_the_bound},
      {"a ready task never waits for a busy worker while another is free",
       a_ready_task_never_waits_for_a_busy_worker_while_another_is_free},
      {"workers are named", workers_are_named},
      {"workers have the stack that was asked for", workers_have_the_stack_that_was_asked_for},
      {"stats write no more than was asked for", stats_write_no_more_than_was_asked_for},
      {"an unbroken pool has no error", an_unbroken_pool_has_no_error},
      {"only a caller-run executor can be run", only_a_caller_run_executor_can_be_run},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
