/* Tests of what the system refuses: threads (WEFT_EAGAIN), priorities (WEFT_EPERM), memory (WEFT_ENOMEM). Each case
 * runs in a child process, which loses its privileges or gets a limit. The parent never uses weft.
 */
#include <weft/join.h>

#include "child.h"
#include "setup.h"

static void start_is_refused(void) {
  probe_t probe = {0};
  weft_thread_t *thread = NULL;
  size_t count = 99;
  if (!refuse_threads()) return;
  REQUIRE_OK(weft_thread_create(NULL, NULL, probe_target, &probe, probe_drop, &thread));
  CHECK_STATUS(weft_thread_start(thread), WEFT_EAGAIN);
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_INITIAL);
  CHECK_EQUAL(weft_thread_ident(thread), 0);
  CHECK_EQUAL(weft_thread_native_id(thread), 0);
  CHECK_STATUS(weft_thread_join(thread, 0), WEFT_ENOTSTARTED);
  CHECK_STATUS(weft_thread_active_count(NULL, &count), WEFT_OK);
  CHECK_EQUAL(count, 1); /* the main thread */
  CHECK_STATUS(weft_thread_set_name(thread, "still-initial"), WEFT_OK);
  CHECK_EQUAL(probe_drops(&probe), 0);
  allow_threads();
  CHECK_STATUS(weft_thread_start(thread), WEFT_OK); /* it may be started again */
  end_thread(thread);
  CHECK_EQUAL(probe_runs(&probe), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

static weft_status run_in_room(void *room, weft_error_t **error) {
  (void)error;
  count_drop(*(int **)room);
  return WEFT_OK;
}

static void a_pool_without_a_worker_is_refused(void) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(int *), 0, run_in_room, NULL, NULL};
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, sizeof(int *), 0, run_in_room, NULL, NULL};
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  probe_t probe = {0};
  weft_call_t call = {probe_run, NULL, probe_drop};
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  weft_task_t *task = NULL, *spawned = NULL;
  weft_group_t *group = NULL;
  int runs_in_room = 0, *closure = &runs_in_room;
  void *item = &probe;
  call.ctx = &probe;
  REQUIRE_OK(weft_task_create(&type, &task));
  REQUIRE_OK(weft_task_create(&posted, &spawned));
  *(int **)weft_task_room(task) = *(int **)weft_task_room(spawned) = &runs_in_room;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  if (!refuse_threads()) return;
  CHECK_STATUS(weft_executor_submit(pool, NULL, probe_run, &probe, probe_drop, &out), WEFT_EAGAIN);
  CHECK_STATUS(weft_executor_post(pool, NULL, probe_run, &probe, probe_drop), WEFT_EAGAIN);
  CHECK_STATUS(weft_executor_submit_batch(pool, NULL, &call, 1, &out), WEFT_EAGAIN);
  CHECK_STATUS(weft_executor_submit_task(pool, task, &out), WEFT_EAGAIN);
  CHECK_STATUS(weft_executor_submit_tasks(pool, &task, 1, &out), WEFT_EAGAIN);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &type, &closure, sizeof closure, &out), WEFT_EAGAIN);
  CHECK_STATUS(weft_executor_map(pool, NULL, probe_run, &item, 1, probe_drop, &map), WEFT_EAGAIN);
  CHECK_STATUS(weft_group_spawn(group, NULL, probe_run, &probe, probe_drop), WEFT_EAGAIN);
  CHECK_STATUS(weft_group_spawn_task(group, spawned), WEFT_EAGAIN);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &posted, &closure, sizeof closure), WEFT_EAGAIN);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_OK); /* no task was spawned */
  CHECK_STATUS(weft_executor_submit(strand, NULL, probe_run, &probe, probe_drop, &out), WEFT_EAGAIN);
  CHECK_STATUS(weft_executor_post(strand, NULL, probe_run, &probe, probe_drop), WEFT_EAGAIN);
  CHECK(out == UNTOUCHED(weft_future_t) && map == UNTOUCHED(weft_map_t));
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  CHECK_EQUAL(stats_of(pool).workers_started, 0);
  CHECK_EQUAL(stats_of(pool).queued, 0);
  CHECK(stats_of(pool).workers_refused >= 6);
  allow_threads();
  REQUIRE_OK(weft_executor_submit(pool, NULL, probe_run, &probe, probe_drop, &out));
  end_future(out);
  REQUIRE_OK(weft_executor_submit_task(pool, task, NULL));
  REQUIRE_OK(weft_group_spawn_task(group, spawned));
  REQUIRE_OK(weft_executor_post(strand, NULL, probe_run, &probe, probe_drop));
  weft_group_unref(group);
  end_executor(strand);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 2);
  CHECK_EQUAL(probe_drops(&probe), 2);
  CHECK_EQUAL(count_of(&runs_in_room), 2);
}

/* The first run ends its worker. */
static weft_status end_first_worker(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  if (__atomic_add_fetch(&((probe_t *)ctx)->runs, 1, __ATOMIC_ACQ_REL) == 1) pthread_exit(NULL);
  return WEFT_OK;
}

static void a_map_goes_on_once_there_is_a_worker_again(void) {
  weft_executor_t *pool = make_pool(1);
  weft_map_options_t options;
  weft_map_t *map = NULL;
  weft_future_t *future = NULL, *out = UNTOUCHED(weft_future_t);
  probe_t probe = {0};
  void *items[2];
  if (!drop_privileges()) return;
  weft_map_options_init(&options);
  options.buffer = 1;
  items[0] = items[1] = &probe;
  REQUIRE_OK(weft_executor_map(pool, &options, end_first_worker, items, 2, probe_drop, &map));
  while (probe_runs(&probe) == 0 || stats_of(pool).workers_alive != 0) sched_yield();
  if (!refuse_threads()) return;
  REQUIRE_OK(weft_map_next(map, &future));
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_EFAILED);
  weft_future_unref(future);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EAGAIN);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EAGAIN);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(probe_runs(&probe), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  allow_threads();
  REQUIRE_OK(weft_map_next(map, &out));
  CHECK_STATUS(weft_future_result(out, 0, NULL), WEFT_OK);
  weft_future_unref(out);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EEND);
  weft_map_destroy(&map);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 2);
  CHECK_EQUAL(probe_drops(&probe), 2);
}

static weft_status count_call(void *ctx, weft_error_t **error) {
  (void)error;
  count_drop(ctx);
  return WEFT_OK;
}

static void a_join_from_outside_without_a_worker_is_refused(void) {
  weft_executor_t *pool = make_pool(2);
  int calls = 0;
  if (!refuse_threads()) return;
  CHECK_STATUS(weft_join(pool, count_call, &calls, count_call, &calls, NULL), WEFT_EAGAIN);
  CHECK_EQUAL(count_of(&calls), 0);
  CHECK_EQUAL(stats_of(pool).queued, 0);
  allow_threads();
  CHECK_STATUS(weft_join(pool, count_call, &calls, count_call, &calls, NULL), WEFT_OK);
  CHECK_EQUAL(count_of(&calls), 2);
  end_executor(pool);
}

static void a_pool_with_a_worker_goes_on_with_fewer(void) {
  weft_executor_t *pool = make_pool(4);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running;
  int runs = 0, i;
  if (!drop_privileges()) return;
  running = occupy_worker(pool, &gate);
  if (!refuse_threads()) return;
  for (i = 0; i < 10; ++i) CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_OK);
  CHECK_EQUAL(stats_of(pool).workers_started, 1);
  CHECK(stats_of(pool).workers_refused >= 1);
  CHECK_EQUAL(count_of(&runs), 0);
  gate_open(&gate);
  weft_future_unref(running);
  end_executor(pool);
  CHECK_EQUAL(count_of(&runs), 10);
}

static void an_urgent_priority_is_refused(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  probe_t probe = {0};
  struct rlimit none = {0, 0};
  if (!drop_privileges()) return;
  CHECK(setrlimit(RLIMIT_NICE, &none) == 0);
  weft_thread_options_init(&options);
  options.nice = -20;
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, &probe, probe_drop, &thread));
  CHECK_STATUS(weft_thread_start(thread), WEFT_EPERM);
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_INITIAL);
  CHECK_STATUS(weft_thread_start(thread), WEFT_EPERM);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  weft_thread_unref(thread);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

static void an_urgent_priority_is_granted_to_root(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  probe_t probe = {0};
  if (getuid() != 0 || setpriority(PRIO_PROCESS, 0, -1) != 0) {
    printf("# skipped: only a privileged user can make a thread urgent\n");
    check_skip("no privilege");
    return;
  }
  weft_thread_options_init(&options);
  options.nice = -20;
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, &probe, probe_drop, &thread));
  CHECK_STATUS(weft_thread_start(thread), WEFT_OK);
  end_thread(thread);
  CHECK_EQUAL(probe_runs(&probe), 1);
}

static void huge_rooms_are_refused(void) {
  weft_task_type_t type = {sizeof type, 0, UINT32_C(1) << 30, 0, run_in_room, NULL, NULL};
  weft_task_t *task = UNTOUCHED(weft_task_t);
  weft_future_t *future = UNTOUCHED(weft_future_t);
  if (!limit_memory((size_t)512 << 20)) return;
  CHECK_STATUS(weft_task_create(&type, &task), WEFT_ENOMEM);
  CHECK_STATUS(weft_future_create_room((size_t)1 << 30, 0, NULL, &future), WEFT_ENOMEM);
  CHECK(task == UNTOUCHED(weft_task_t));
  CHECK(future == UNTOUCHED(weft_future_t));
}

static void huge_stacks_are_refused(void) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  probe_t probe = {0};
  weft_status status;
  if (!limit_memory((size_t)512 << 20)) return;
  weft_thread_options_init(&options);
  options.stack_size = UINT64_C(1) << 40;
  REQUIRE_OK(weft_thread_create(NULL, &options, probe_target, &probe, probe_drop, &thread));
  status = weft_thread_start(thread);
  CHECK(status == WEFT_EAGAIN || status == WEFT_ENOMEM);
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_INITIAL);
  weft_thread_unref(thread);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

static void one_cpu_is_one_usable_cpu(void) {
  cpu_set_t set;
  size_t cpu = 0;
  weft_executor_t *pool = NULL;
  CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
  while (!CPU_ISSET(cpu, &set)) ++cpu;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  CHECK(sched_setaffinity(0, sizeof set, &set) == 0);
  CHECK_EQUAL(weft_usable_cpus(), 1);
  REQUIRE_OK(weft_executor_create(NULL, NULL, &pool));
  CHECK_EQUAL(stats_of(pool).max_workers, 5);
  weft_executor_unref(pool);
}

#define IN_CHILD(body)                                                                                                 \
  static void body##_in_child(void) {                                                                                  \
    run_in_child(body);                                                                                                \
  }

IN_CHILD(start_is_refused)
IN_CHILD(a_pool_without_a_worker_is_refused)
IN_CHILD(a_map_goes_on_once_there_is_a_worker_again)
IN_CHILD(a_join_from_outside_without_a_worker_is_refused)
IN_CHILD(a_pool_with_a_worker_goes_on_with_fewer)
IN_CHILD(an_urgent_priority_is_refused)
IN_CHILD(an_urgent_priority_is_granted_to_root)
IN_CHILD(huge_rooms_are_refused)
IN_CHILD(huge_stacks_are_refused)
IN_CHILD(one_cpu_is_one_usable_cpu)

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"start is refused", start_is_refused_in_child},
      {"a pool without a worker is refused", a_pool_without_a_worker_is_refused_in_child},
      {"a map goes on once there is a worker again", a_map_goes_on_once_there_is_a_worker_again_in_child},
      {"a join from outside without a worker is refused", a_join_from_outside_without_a_worker_is_refused_in_child},
      {"a pool with a worker goes on with fewer", a_pool_with_a_worker_goes_on_with_fewer_in_child},
      {"an urgent priority is refused", an_urgent_priority_is_refused_in_child},
      {"an urgent priority is granted to root", an_urgent_priority_is_granted_to_root_in_child},
      {"huge rooms are refused", huge_rooms_are_refused_in_child},
      {"huge stacks are refused", huge_stacks_are_refused_in_child},
      {"one CPU is one usable CPU", one_cpu_is_one_usable_cpu_in_child},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
