/* Tests of how every options struct tells its version by its size (weft/base.h): smaller, equal, larger with a zero
 * tail, larger with something in the tail, absurd. The struct ends where readable memory ends, so reading one byte too
 * far is a crash.
 */
#include <sys/mman.h>

#include "setup.h"

/* Each attempt makes the call with these options, checks that a failed call left everything alone, and cleans up. */

static weft_status attempt_runtime(void *options) {
  weft_runtime_t *out = UNTOUCHED(weft_runtime_t);
  weft_status status = weft_runtime_create((weft_runtime_options_t *)options, &out);
  if (status == WEFT_OK)
    CHECK_STATUS(weft_runtime_destroy(&out), WEFT_OK);
  else
    CHECK(out == UNTOUCHED(weft_runtime_t));
  return status;
}

static weft_status attempt_thread(void *options) {
  probe_t probe = {0};
  weft_thread_t *out = UNTOUCHED(weft_thread_t);
  weft_status status =
      weft_thread_create(NULL, (weft_thread_options_t *)options, probe_target, &probe, probe_drop, &out);
  if (status == WEFT_OK)
    weft_thread_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_thread_t));
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  CHECK_EQUAL(probe_runs(&probe), 0);
  return status;
}

static weft_status attempt_pool(void *options) {
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  weft_status status = weft_executor_create(NULL, (weft_executor_options_t *)options, &out);
  if (status == WEFT_OK)
    weft_executor_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_executor_t));
  return status;
}

static weft_status attempt_caller_run(void *options) {
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  weft_status status = weft_caller_run_create(NULL, (weft_caller_run_options_t *)options, &out);
  if (status == WEFT_OK)
    weft_executor_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_executor_t));
  return status;
}

static weft_status skip_range(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)ctx;
  (void)begin;
  (void)end;
  (void)error;
  return WEFT_OK;
}

/* The tasks of the next three are of no interest: they wait on a caller-run executor that is never run. */

static weft_status attempt_submit(void *options) {
  probe_t probe = {0};
  weft_executor_t *executor = make_caller_run();
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_status status =
      weft_executor_submit(executor, (weft_task_options_t *)options, probe_run, &probe, probe_drop, &out);
  weft_executor_unref(executor);
  if (status == WEFT_OK)
    weft_future_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  CHECK_EQUAL(probe_runs(&probe), 0);
  return status;
}

static weft_status attempt_batch(void *options) {
  probe_t probe = {0};
  weft_call_t call = {probe_run, &probe, probe_drop};
  weft_executor_t *executor = make_caller_run();
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_status status = weft_executor_submit_batch(executor, (weft_task_options_t *)options, &call, 1, &out);
  weft_executor_unref(executor);
  if (status == WEFT_OK)
    weft_future_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  CHECK_EQUAL(probe_runs(&probe), 0);
  return status;
}

static weft_status attempt_map(void *options) {
  probe_t probe = {0};
  void *item = &probe;
  weft_executor_t *executor = make_caller_run();
  weft_map_t *out = UNTOUCHED(weft_map_t);
  weft_status status =
      weft_executor_map(executor, (weft_map_options_t *)options, probe_run, &item, 1, probe_drop, &out);
  if (status == WEFT_OK)
    weft_map_destroy(&out);
  else
    CHECK(out == UNTOUCHED(weft_map_t));
  weft_executor_unref(executor);
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  CHECK_EQUAL(probe_runs(&probe), 0);
  return status;
}

static weft_status attempt_group(void *options) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *out = UNTOUCHED(weft_group_t);
  weft_status status = weft_group_create(pool, (weft_group_options_t *)options, &out);
  if (status == WEFT_OK)
    weft_group_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_group_t));
  weft_executor_unref(pool);
  return status;
}

static weft_status attempt_domain(void *options) {
  weft_domain_t *out = UNTOUCHED(weft_domain_t);
  weft_status status = weft_domain_create(NULL, (weft_domain_options_t *)options, &out);
  if (status == WEFT_OK)
    weft_domain_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_domain_t));
  return status;
}

static weft_status run_nothing(void *room, weft_error_t **error) {
  (void)room;
  (void)error;
  return WEFT_OK;
}

static weft_status attempt_task(void *options) {
  static const weft_task_type_t type = {sizeof type, 0, 0, 0, run_nothing, NULL, NULL};
  weft_task_t *out = UNTOUCHED(weft_task_t);
  weft_status status = weft_task_create_with(&type, (weft_task_options_t *)options, &out);
  if (status == WEFT_OK)
    weft_task_destroy(&out);
  else
    CHECK(out == UNTOUCHED(weft_task_t));
  return status;
}

static weft_status attempt_queue(void *options) {
  weft_queue_t *out = UNTOUCHED(weft_queue_t);
  weft_status status = weft_queue_create((weft_queue_options_t *)options, &out);
  if (status == WEFT_OK)
    weft_queue_unref(out);
  else
    CHECK(out == UNTOUCHED(weft_queue_t));
  return status;
}

/* An empty range, so that nothing runs. */
static weft_status attempt_range(void *options) {
  weft_executor_t *pool = make_pool(1);
  weft_status status = weft_parallel_for(pool, (weft_range_options_t *)options, 0, 0, skip_range, NULL, NULL);
  weft_executor_unref(pool);
  return status;
}

static const struct {
  const char *name;
  uint32_t size;
  weft_status (*attempt)(void *options);
} kinds[] = {
    {"weft_runtime_options_t", sizeof(weft_runtime_options_t), attempt_runtime},
    {"weft_thread_options_t", sizeof(weft_thread_options_t), attempt_thread},
    {"weft_executor_options_t", sizeof(weft_executor_options_t), attempt_pool},
    {"weft_caller_run_options_t", sizeof(weft_caller_run_options_t), attempt_caller_run},
    {"weft_task_options_t", sizeof(weft_task_options_t), attempt_submit},
    {"weft_task_options_t of a batch", sizeof(weft_task_options_t), attempt_batch},
    {"weft_task_options_t of a task with room", sizeof(weft_task_options_t), attempt_task},
    {"weft_domain_options_t", sizeof(weft_domain_options_t), attempt_domain},
    {"weft_map_options_t", sizeof(weft_map_options_t), attempt_map},
    {"weft_group_options_t", sizeof(weft_group_options_t), attempt_group},
    {"weft_queue_options_t", sizeof(weft_queue_options_t), attempt_queue},
    {"weft_range_options_t", sizeof(weft_range_options_t), attempt_range},
};

static char *end_of_memory; /* what follows is not readable */

/* A zeroed struct with this size field. Only `length` bytes of it, rounded up for alignment, are readable. */
static uint32_t *options_at_the_end(uint32_t size_field, size_t length) {
  size_t rounded = (length + 15) / 16 * 16;
  uint32_t *options = (uint32_t *)(void *)(end_of_memory - rounded);
  memset(options, 0, rounded);
  *options = size_field;
  return options;
}

typedef enum { ZERO_TAIL, LAST_BYTE_SET, FIRST_BYTE_SET } tail_t;

static void expect(size_t kind, uint32_t size_field, tail_t tail, weft_status expected) {
  uint32_t known = kinds[kind].size;
  size_t length = size_field > known && size_field <= 4096 ? size_field : known;
  uint32_t *options = options_at_the_end(size_field, length);
  weft_status status;
  if (tail == LAST_BYTE_SET) ((char *)options)[size_field - 1] = 1;
  if (tail == FIRST_BYTE_SET) ((char *)options)[known] = (char)0x80;
  status = kinds[kind].attempt(options);
  if (!CHECK_STATUS(status, expected)) printf("# with size %u of %s\n", size_field, kinds[kind].name);
}

static void the_known_size_is_accepted(void) {
  size_t kind;
  for (kind = 0; kind < CHECK_COUNT_OF(kinds); ++kind) expect(kind, kinds[kind].size, ZERO_TAIL, WEFT_OK);
}

static void null_stands_for_all_defaults(void) {
  size_t kind;
  for (kind = 0; kind < CHECK_COUNT_OF(kinds); ++kind) CHECK_STATUS(kinds[kind].attempt(NULL), WEFT_OK);
}

static void a_smaller_size_is_invalid(void) {
  size_t kind;
  uint32_t size;
  for (kind = 0; kind < CHECK_COUNT_OF(kinds); ++kind)
    for (size = 0; size < kinds[kind].size; ++size) expect(kind, size, ZERO_TAIL, WEFT_EINVAL);
}

static void a_larger_size_with_a_zero_tail_is_accepted(void) {
  size_t kind;
  for (kind = 0; kind < CHECK_COUNT_OF(kinds); ++kind) {
    expect(kind, kinds[kind].size + 1, ZERO_TAIL, WEFT_OK);
    expect(kind, kinds[kind].size + 8, ZERO_TAIL, WEFT_OK);
    expect(kind, 4096, ZERO_TAIL, WEFT_OK);
  }
}

static void a_larger_size_with_something_in_the_tail_is_not_supported(void) {
  size_t kind;
  for (kind = 0; kind < CHECK_COUNT_OF(kinds); ++kind) {
    expect(kind, kinds[kind].size + 1, FIRST_BYTE_SET, WEFT_ENOTSUP);
    expect(kind, kinds[kind].size + 8, FIRST_BYTE_SET, WEFT_ENOTSUP);
    expect(kind, kinds[kind].size + 8, LAST_BYTE_SET, WEFT_ENOTSUP);
    expect(kind, 4096, FIRST_BYTE_SET, WEFT_ENOTSUP);
    expect(kind, 4096, LAST_BYTE_SET, WEFT_ENOTSUP);
  }
}

static void an_absurd_size_is_invalid_and_not_believed(void) {
  size_t kind;
  for (kind = 0; kind < CHECK_COUNT_OF(kinds); ++kind) {
    expect(kind, 4097, ZERO_TAIL, WEFT_EINVAL);
    expect(kind, UINT32_C(1) << 31, ZERO_TAIL, WEFT_EINVAL);
    expect(kind, UINT32_MAX, ZERO_TAIL, WEFT_EINVAL);
  }
}

static void init_functions_store_zero_and_the_size(void) {
  weft_runtime_options_t runtime;
  weft_thread_options_t thread;
  weft_executor_options_t executor;
  weft_caller_run_options_t caller_run;
  weft_task_options_t submit;
  weft_map_options_t map;
  weft_queue_options_t queue;
  memset(&runtime, 0xff, sizeof runtime);
  memset(&thread, 0xff, sizeof thread);
  memset(&executor, 0xff, sizeof executor);
  memset(&caller_run, 0xff, sizeof caller_run);
  memset(&submit, 0xff, sizeof submit);
  memset(&map, 0xff, sizeof map);
  memset(&queue, 0xff, sizeof queue);
  weft_runtime_options_init(&runtime);
  weft_thread_options_init(&thread);
  weft_executor_options_init(&executor);
  weft_caller_run_options_init(&caller_run);
  weft_task_options_init(&submit);
  weft_map_options_init(&map);
  weft_queue_options_init(&queue);
  CHECK_EQUAL(runtime.size, sizeof runtime);
  CHECK_EQUAL(thread.size, sizeof thread);
  CHECK_EQUAL(executor.size, sizeof executor);
  CHECK_EQUAL(caller_run.size, sizeof caller_run);
  CHECK(caller_run.max_queue == 0 && caller_run.when_full == 0 && caller_run.flags == 0);
  CHECK_EQUAL(submit.size, sizeof submit);
  CHECK_EQUAL(map.size, sizeof map);
  CHECK_EQUAL(queue.size, sizeof queue);
  CHECK_EQUAL(queue.flags, 0);
  CHECK_EQUAL(runtime.reserved, 0);
  CHECK(thread.name == NULL && thread.affinity == NULL && thread.stack_size == 0 && thread.nice == 0);
  CHECK(executor.name_prefix == NULL && executor.initializer == NULL && executor.max_queue == 0);
  CHECK(submit.result_drop == NULL && submit.name == NULL && map.tasks == NULL && map.timeout == 0 && map.buffer == 0);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"the known size is accepted", the_known_size_is_accepted},
      {"NULL stands for all defaults", null_stands_for_all_defaults},
      {"a smaller size is invalid", a_smaller_size_is_invalid},
      {"a larger size with a zero tail is accepted", a_larger_size_with_a_zero_tail_is_accepted},
      {"a larger size with something in the tail is not supported",
       a_larger_size_with_something_in_the_tail_is_not_supported},
      {"an absurd size is invalid and not believed", an_absurd_size_is_invalid_and_not_believed},
      {"init functions store zero and the size", init_functions_store_zero_and_the_size},
  };
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t room = page < 4096 ? 4096 : page;
  char *memory = (char *)mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory + room, page, PROT_NONE) != 0) return 1;
  end_of_memory = memory + room;
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
