/* Tests of the host's allocator (weft_set_allocator, weft_cleanup): every allocation of weft goes through it and comes
 * back with its size, and none is left at the end. When it fails, nothing is lost.
 *
 * The program has a malloc of its own in front of glibc's. It counts what is allocated beside the hooks. A sanitizer
 * has a malloc of its own too, so this part is left out under one.
 */
#include <sched.h>

#include "setup.h"

static struct {
  int64_t blocks, bytes; /* outstanding; atomic, as all that follow */
  int64_t allocations;
  int64_t faults; /* calls with another size or alignment than the allocation had */
  int64_t beside; /* allocations of the program that did not come through the hooks, while counting is set */
  int counting;
} host;

static __thread int in_hook;
static __thread int64_t allocations_left = -1; /* negative: none fails */
static __thread int refused;

typedef struct header {
  size_t size, align;
  void *start;
  uint64_t mark;
} header_t;

enum { marked = 0x51de };

static void *host_allocate(void *ctx, size_t size, size_t align) {
  char *start, *given;
  header_t *header;
  if (allocations_left == 0) {
    ++refused;
    return NULL;
  }
  if (allocations_left > 0) --allocations_left;
  if (ctx != &host || size == 0 || align == 0 || (align & (align - 1)) != 0)
    __atomic_add_fetch(&host.faults, 1, __ATOMIC_RELAXED);
  in_hook = 1;
  start = (char *)malloc(size + align + sizeof *header);
  in_hook = 0;
  if (start == NULL) return NULL;
  given = (char *)(((uintptr_t)start + sizeof *header + align - 1) & ~(uintptr_t)(align - 1));
  header = (header_t *)(void *)(given - sizeof *header);
  if (((uintptr_t)header & 7) != 0) abort();
  header->size = size;
  header->align = align;
  header->start = start;
  header->mark = marked;
  memset(given, 0xa5, size);
  __atomic_add_fetch(&host.blocks, 1, __ATOMIC_RELAXED);
  __atomic_add_fetch(&host.bytes, (int64_t)size, __ATOMIC_RELAXED);
  __atomic_add_fetch(&host.allocations, 1, __ATOMIC_RELAXED);
  return given;
}

static void host_free(void *ctx, void *memory, size_t size, size_t align) {
  header_t *header = (header_t *)(void *)((char *)memory - sizeof *header);
  if (ctx != &host || header->mark != marked || header->size != size || header->align != align) {
    __atomic_add_fetch(&host.faults, 1, __ATOMIC_RELAXED);
    return;
  }
  header->mark = 0;
  __atomic_sub_fetch(&host.blocks, 1, __ATOMIC_RELAXED);
  __atomic_sub_fetch(&host.bytes, (int64_t)size, __ATOMIC_RELAXED);
  in_hook = 1;
  free(header->start);
  in_hook = 0;
}

#if !CHECK_SANITIZED
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void count_beside(void) {
  if (!in_hook && __atomic_load_n(&host.counting, __ATOMIC_RELAXED))
    __atomic_add_fetch(&host.beside, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) {
  count_beside();
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  count_beside();
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  count_beside();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count_beside();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count_beside();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *memory = (count_beside(), __libc_memalign(alignment, size));
  if (memory == NULL) return 12; /* ENOMEM */
  *out = memory;
  return 0;
}
#endif

static void expect_nothing_left(void) {
  CHECK_STATUS(weft_cleanup(WEFT_SECOND * 10), WEFT_OK);
  CHECK_EQUAL(__atomic_load_n(&host.blocks, __ATOMIC_RELAXED), 0);
  CHECK_EQUAL(__atomic_load_n(&host.bytes, __ATOMIC_RELAXED), 0);
  CHECK_EQUAL(__atomic_load_n(&host.faults, __ATOMIC_RELAXED), 0);
}

/* --- a bit of everything --- */

static weft_status spawn_two(void *ctx, void **result, weft_error_t **error) {
  void **both = (void **)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_spawn((weft_group_t *)both[0], NULL, count_run, both[1], NULL), WEFT_OK);
  CHECK_STATUS(weft_group_spawn((weft_group_t *)both[0], NULL, count_run, both[1], NULL), WEFT_OK);
  return WEFT_OK;
}

static weft_status then_pass(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return weft_future_result(source, 0, result);
}

static void ignore_future(void *ctx, weft_future_t *future) {
  (void)ctx;
  (void)future;
}

static void ignore_error(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)ctx;
  (void)thread;
  (void)error;
}

static weft_status add_range(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)error;
  __atomic_add_fetch((int *)ctx, (int)(end - begin), __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

/* Work on executors that are there already. */
static void work_on(weft_executor_t *pool, weft_executor_t *strand, weft_group_t *group, weft_timer_t *timer,
                    int rounds) {
  int runs = 0, i;
  void *both[2];
  both[0] = group;
  both[1] = &runs;
  for (i = 0; i < rounds; ++i) {
    weft_future_t *futures[3], *all = NULL, *next = NULL;
    futures[0] = submit(pool, count_run, &runs, NULL);
    futures[1] = submit(strand, count_run, &runs, NULL);
    CHECK_STATUS(weft_executor_submit_after(pool, 0, NULL, count_run, &runs, NULL, &futures[2]), WEFT_OK);
    CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_OK);
    CHECK_STATUS(weft_group_spawn(group, NULL, spawn_two, both, NULL), WEFT_OK);
    CHECK_STATUS(weft_timer_arm(timer, i % 2 ? 0 : WEFT_SECOND * 60), WEFT_OK);
    CHECK_STATUS(weft_future_add_done_callback(futures[0], ignore_future, NULL, NULL), WEFT_OK);
    CHECK_STATUS(weft_future_then(futures[0], pool, WEFT_THEN_RESULT, NULL, then_pass, NULL, NULL, &next), WEFT_OK);
    CHECK_STATUS(weft_when_all(futures, 3, &all), WEFT_OK);
    CHECK_STATUS(weft_wait(futures, 3, WEFT_ALL_COMPLETED, WEFT_FOREVER, NULL, NULL), WEFT_OK);
    CHECK_STATUS(weft_future_wait(all, WEFT_FOREVER), WEFT_OK);
    CHECK_STATUS(weft_future_wait(next, WEFT_FOREVER), WEFT_OK);
    CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(futures[0]);
    weft_future_unref(futures[1]);
    weft_future_unref(futures[2]);
    weft_future_unref(all);
    weft_future_unref(next);
  }
  CHECK_STATUS(weft_timer_cancel(timer) == WEFT_ERUNNING ? WEFT_OK : WEFT_OK, WEFT_OK);
  while (count_of(&runs) < 6 * rounds) sched_yield(); /* the posted tasks: they have no future to wait for */
}

typedef struct kit {
  weft_executor_t *pool, *strand;
  weft_group_t *group;
  weft_timer_t *timer;
} kit_t;

static kit_t make_kit(weft_runtime_t *runtime) {
  kit_t kit;
  memset(&kit, 0, sizeof kit);
  kit.pool = make_pool_in(runtime, 2, WEFT_DAEMON_NO);
  kit.strand = make_strand(kit.pool);
  CHECK_STATUS(weft_group_create(kit.pool, NULL, &kit.group), WEFT_OK);
  CHECK_STATUS(weft_timer_create(kit.pool, NULL, return_ctx, NULL, NULL, &kit.timer), WEFT_OK);
  return kit;
}

static void end_kit(kit_t *kit) {
  weft_timer_unref(kit->timer);
  weft_group_unref(kit->group);
  end_executor(kit->strand);
  end_executor(kit->pool);
}

static void use_everything(weft_runtime_t *runtime) {
  kit_t kit = make_kit(runtime);
  weft_executor_t *mine = NULL;
  weft_thread_t *thread, *self = NULL;
  weft_as_completed_t *iterator = NULL;
  weft_map_t *map = NULL;
  weft_future_t *future, *next = NULL;
  weft_error_t *error = NULL;
  void *items[20];
  int runs = 0, i;
  size_t count = 0;
  work_on(kit.pool, kit.strand, kit.group, kit.timer, 50);
  thread = start_thread(runtime, WEFT_DAEMON_NO, probe_target, &(probe_t){0}, NULL);
  end_thread(thread);
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_STATUS(weft_thread_active_count(runtime, &count), WEFT_OK);
  weft_thread_unref(self);
  CHECK_STATUS(weft_runtime_set_exception_hook(runtime, ignore_error, NULL, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_post(kit.pool, NULL, fail_with_error, NULL, NULL), WEFT_OK);
  future = submit(kit.pool, fail_with_42, NULL, NULL);
  CHECK_STATUS(weft_future_exception(future, WEFT_FOREVER, &error), WEFT_OK);
  weft_error_unref(error);
  CHECK_STATUS(weft_as_completed(&future, 1, WEFT_FOREVER, &iterator), WEFT_OK);
  CHECK_STATUS(weft_as_completed_next(iterator, &next), WEFT_OK);
  weft_future_unref(next);
  weft_as_completed_destroy(&iterator);
  weft_future_unref(future);
  for (i = 0; i < 20; ++i) items[i] = &runs;
  CHECK_STATUS(weft_executor_map(kit.pool, NULL, count_run, items, 20, NULL, &map), WEFT_OK);
  while (weft_map_next(map, &next) == WEFT_OK) weft_future_unref(next);
  weft_map_destroy(&map);
  CHECK_STATUS(weft_parallel_for(kit.pool, NULL, 0, 10000, add_range, &runs, NULL), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 10020);
  CHECK_STATUS(weft_caller_run_create(runtime, NULL, &mine), WEFT_OK);
  CHECK_STATUS(weft_executor_post(mine, NULL, count_run, &runs, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  end_executor(mine);
  end_kit(&kit);
}

static void an_isolated_runtime_ends_at_zero(void) {
  weft_runtime_t *runtime = make_runtime();
  int64_t before = host.allocations;
  use_everything(runtime);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK(host.allocations > before + 10);
  expect_nothing_left();
}

static void the_default_runtime_ends_at_zero_and_begins_anew(void) {
  int i;
  for (i = 0; i < 3; ++i) {
    weft_executor_t *shared = NULL;
    use_everything(NULL);
    CHECK_STATUS(weft_default_executor(&shared), WEFT_OK);
    end_future(submit(shared, return_ctx, NULL, NULL));
    weft_executor_unref(shared);
    CHECK(host.blocks > 0);
    expect_nothing_left();
  }
}

static void *volatile witness;

static void steady_work_allocates_nothing_beside(void) {
  kit_t kit = make_kit(NULL);
  int64_t beside;
  work_on(kit.pool, kit.strand, kit.group, kit.timer, 200); /* until all threads have started */
  __atomic_store_n(&host.beside, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&host.counting, 1, __ATOMIC_SEQ_CST);
  work_on(kit.pool, kit.strand, kit.group, kit.timer, 2000);
  __atomic_store_n(&host.counting, 0, __ATOMIC_SEQ_CST);
  beside = __atomic_load_n(&host.beside, __ATOMIC_RELAXED);
  CHECK_EQUAL(beside, 0);
  __atomic_store_n(&host.counting, 1, __ATOMIC_SEQ_CST);
  witness = malloc(1); /* the malloc in front does count */
  __atomic_store_n(&host.counting, 0, __ATOMIC_SEQ_CST);
  free(witness);
  CHECK_EQUAL(host.beside, CHECK_SANITIZED ? 0 : 1);
  end_kit(&kit);
  expect_nothing_left();
  if (CHECK_SANITIZED) check_skip("a sanitizer has its own malloc, so nothing was counted");
}

static void only_the_system_s_part_of_threads_is_beside(void) {
  int64_t beside;
  use_everything(NULL); /* what the C and C++ libraries make once */
  expect_nothing_left();
  __atomic_store_n(&host.beside, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&host.counting, 1, __ATOMIC_SEQ_CST);
  use_everything(NULL);
  CHECK_STATUS(weft_cleanup(WEFT_SECOND * 10), WEFT_OK);
  __atomic_store_n(&host.counting, 0, __ATOMIC_SEQ_CST);
  beside = __atomic_load_n(&host.beside, __ATOMIC_RELAXED);
  printf("# %d allocations beside the hooks while threads were started\n", (int)beside);
  CHECK(beside <= 16); /* thread-local storage, keys: a few for each of the handful of threads */
}

/* --- when the host has no memory --- */

static weft_status try_future(void) {
  weft_future_t *future = NULL;
  weft_status status = weft_future_create(NULL, &future);
  if (status == WEFT_OK) weft_future_unref(future);
  return status;
}

static weft_status try_error(void) {
  weft_error_t *error = NULL;
  weft_status status = weft_error_create(1, "a kind that is too long for any small buffer", "message", &error);
  if (status == WEFT_OK) weft_error_unref(error);
  return status;
}

static weft_status try_runtime(void) {
  weft_runtime_t *runtime = NULL;
  weft_status status = weft_runtime_create(NULL, &runtime);
  allocations_left = -1;
  if (status == WEFT_OK) CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  return status;
}

static weft_status try_pool(void) {
  weft_executor_t *pool = NULL;
  weft_status status = weft_executor_create(NULL, NULL, &pool);
  if (status == WEFT_OK) weft_executor_unref(pool);
  return status;
}

static weft_status try_submit(void) {
  int runs = 0, drops = 0;
  int64_t left = allocations_left;
  weft_executor_t *pool;
  weft_future_t *future = NULL;
  weft_status status;
  allocations_left = -1;
  pool = make_pool(1);
  allocations_left = left;
  status = weft_executor_submit(pool, NULL, count_run, &runs, NULL, &future);
  allocations_left = -1;
  if (status == WEFT_OK) end_future(future);
  end_executor(pool);
  CHECK_EQUAL(count_of(&runs), status == WEFT_OK);
  CHECK_EQUAL(drops, 0);
  return status;
}

static weft_status try_large_room(void) {
  weft_future_t *future = NULL;
  weft_status status = weft_future_create_room(100000, 4096, NULL, &future);
  if (status == WEFT_OK) {
    CHECK(((uintptr_t)weft_future_room(future) & 4095) == 0);
    weft_future_unref(future);
  }
  return status;
}

static void a_host_without_memory_loses_nothing(void) {
  static weft_status (*const attempts[])(void) = {try_future, try_error,  try_runtime,
                                                  try_pool,   try_submit, try_large_room};
  size_t i;
#ifdef WEFT_TESTS_ASIO_LOSES_MEMORY
  check_skip("this Asio loses a block when an io_context finds no memory");
  return;
#endif
  for (i = 0; i < CHECK_COUNT_OF(attempts); ++i) {
    int64_t fail_at;
    for (fail_at = 0; fail_at < 100; ++fail_at) {
      weft_status status;
      CHECK_STATUS(weft_cleanup(WEFT_SECOND * 10), WEFT_OK); /* so that weft asks the host for all memory */
      refused = 0;
      allocations_left = fail_at;
      status = attempts[i]();
      allocations_left = -1;
      if (refused == 0) {
        CHECK_STATUS(status, WEFT_OK);
        break;
      }
      CHECK(status == WEFT_ENOMEM || status == WEFT_OK || (attempts[i] == try_submit && status == WEFT_EAGAIN));
    }
    CHECK(fail_at > 0 && fail_at < 100);
  }
  expect_nothing_left();
}

/* --- statuses --- */

static weft_status clean_up_inside(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_cleanup(0), WEFT_EDEADLK);
  return WEFT_OK;
}

static void *stay_a_while(void *ctx) {
  weft_thread_t *self = NULL;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  weft_thread_unref(self);
  gate_pass((gate_t *)ctx);
  return NULL;
}

static void *clean_up_without_memory(void *ctx) {
  (void)ctx;
  allocations_left = 0;
  CHECK_STATUS(weft_cleanup(WEFT_FOREVER), WEFT_ENOMEM);
  allocations_left = -1;
  return NULL;
}

static void *clean_up_though_stopped(void *ctx) {
  weft_thread_t *self = NULL;
  (void)ctx;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_STATUS(weft_thread_request_stop(self), WEFT_OK);
  CHECK_STATUS(weft_cleanup(WEFT_FOREVER), WEFT_EINTERRUPTED);
  weft_thread_unref(self);
  return NULL;
}

static void on_thread(void *(*body)(void *)) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, body, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

static void cleaning_up_too_early_is_told(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_future_t *held;
  weft_executor_t *pool;
  gate_t gate = GATE_CLOSED, busy = GATE_CLOSED;
  pthread_t thread;
  CHECK_STATUS(weft_cleanup(0), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  pool = make_pool(1);
  end_future(submit(pool, clean_up_inside, NULL, NULL));
  on_thread(clean_up_without_memory);
  held = occupy_worker(pool, &busy);
  on_thread(clean_up_though_stopped);
  gate_open(&busy);
  end_future(held);
  end_executor(pool);
  CHECK(pthread_create(&thread, NULL, stay_a_while, &gate) == 0);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_cleanup(WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  gate_open(&gate);
  CHECK(pthread_join(thread, NULL) == 0);
#if !CHECK_SANITIZED /* under a sanitizer tasks and futures are not counted: the sanitizer allocates them */
  held = make_promise(NULL);
  CHECK_STATUS(weft_cleanup(WEFT_SECOND * 10), WEFT_EINVALIDSTATE); /* a handle is held */
  weft_future_unref(held);
#endif
  expect_nothing_left();
}

static void it_is_set_once(void) {
  CHECK_STATUS(weft_set_allocator(NULL, host_free, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_set_allocator(host_allocate, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_set_allocator(host_allocate, host_free, NULL), WEFT_EINVALIDSTATE);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"an isolated runtime ends at zero", an_isolated_runtime_ends_at_zero},
      {"the default runtime ends at zero, and begins anew", the_default_runtime_ends_at_zero_and_begins_anew},
      {"steady work allocates nothing beside", steady_work_allocates_nothing_beside},
      {"only the system's part of threads is beside", only_the_system_s_part_of_threads_is_beside},
      {"a host without memory loses nothing", a_host_without_memory_loses_nothing},
      {"cleaning up too early is told", cleaning_up_too_early_is_told},
      {"it is set once", it_is_set_once},
  };
  weft_status status = weft_set_allocator(host_allocate, host_free, &host);
  if (status != WEFT_OK) {
    printf("1..0\n# the allocator was refused: %s\n", weft_status_name(status));
    return 1;
  }
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
