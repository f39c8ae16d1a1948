/* The layout of the structs that cross the ABI, on 64-bit machines. Sizes and offsets are promised for the life of
 * libweft.so.1, and this is the copy to compare with. A new field goes to the end of its struct and of its table here.
 */
#include <weft/weft.h>

#include "../capi/check.h"

static void check_offset(size_t actual, size_t expected, const char *field) {
  if (!CHECK(actual == expected)) printf("# %s is at %zu, was promised at %zu\n", field, actual, expected);
}

#define AT(type, field, offset) check_offset(offsetof(type, field), offset, #type "." #field)

static void runtime_options(void) {
  CHECK_EQUAL(sizeof(weft_runtime_options_t), 8);
  AT(weft_runtime_options_t, size, 0);
  AT(weft_runtime_options_t, reserved, 4);
}

static void thread_options(void) {
  CHECK_EQUAL(sizeof(weft_thread_options_t), 48);
  AT(weft_thread_options_t, size, 0);
  AT(weft_thread_options_t, daemon, 4);
  AT(weft_thread_options_t, name, 8);
  AT(weft_thread_options_t, stack_size, 16);
  AT(weft_thread_options_t, nice, 24);
  AT(weft_thread_options_t, affinity_count, 28);
  AT(weft_thread_options_t, affinity, 32);
  AT(weft_thread_options_t, signals, 40);
  AT(weft_thread_options_t, reserved, 44);
}

static void executor_options(void) {
  CHECK_EQUAL(sizeof(weft_executor_options_t), 152);
  AT(weft_executor_options_t, size, 0);
  AT(weft_executor_options_t, max_workers, 4);
  AT(weft_executor_options_t, name_prefix, 8);
  AT(weft_executor_options_t, stack_size, 16);
  AT(weft_executor_options_t, affinity, 24);
  AT(weft_executor_options_t, affinity_count, 32);
  AT(weft_executor_options_t, nice, 36);
  AT(weft_executor_options_t, max_spares, 40);
  AT(weft_executor_options_t, max_helpers, 44);
  AT(weft_executor_options_t, linger, 48);
  AT(weft_executor_options_t, max_queue, 56);
  AT(weft_executor_options_t, full_timeout, 64);
  AT(weft_executor_options_t, when_full, 72);
  AT(weft_executor_options_t, daemon, 76);
  AT(weft_executor_options_t, initializer, 80);
  AT(weft_executor_options_t, initializer_ctx, 88);
  AT(weft_executor_options_t, initializer_drop, 96);
  AT(weft_executor_options_t, worker_start, 104);
  AT(weft_executor_options_t, worker_stop, 112);
  AT(weft_executor_options_t, worker_rest, 120);
  AT(weft_executor_options_t, worker_ctx, 128);
  AT(weft_executor_options_t, worker_drop, 136);
  AT(weft_executor_options_t, signals, 144);
  AT(weft_executor_options_t, flags, 148);
  CHECK_EQUAL(sizeof(weft_caller_run_options_t), 32);
  AT(weft_caller_run_options_t, size, 0);
  AT(weft_caller_run_options_t, when_full, 4);
  AT(weft_caller_run_options_t, max_queue, 8);
  AT(weft_caller_run_options_t, full_timeout, 16);
  AT(weft_caller_run_options_t, daemon, 24);
  AT(weft_caller_run_options_t, flags, 28);
  CHECK_EQUAL(sizeof(weft_worker_t), 24);
  AT(weft_worker_t, size, 0);
  AT(weft_worker_t, index, 4);
  AT(weft_worker_t, name, 8);
  AT(weft_worker_t, data, 16);
}

static void task_options_and_calls(void) {
  CHECK_EQUAL(sizeof(weft_task_options_t), 40);
  AT(weft_task_options_t, size, 0);
  AT(weft_task_options_t, priority, 4);
  AT(weft_task_options_t, token, 8);
  AT(weft_task_options_t, domain, 16);
  AT(weft_task_options_t, result_drop, 24);
  AT(weft_task_options_t, name, 32);
  CHECK_EQUAL(sizeof(weft_call_t), 24);
  AT(weft_call_t, fn, 0);
  AT(weft_call_t, ctx, 8);
  AT(weft_call_t, drop, 16);
}

static void map_options(void) {
  CHECK_EQUAL(sizeof(weft_map_options_t), 32);
  AT(weft_map_options_t, size, 0);
  AT(weft_map_options_t, flags, 4);
  AT(weft_map_options_t, buffer, 8);
  AT(weft_map_options_t, timeout, 16);
  AT(weft_map_options_t, tasks, 24);
}

static void executor_stats(void) {
  CHECK_EQUAL(sizeof(weft_executor_stats_t), 192);
  AT(weft_executor_stats_t, size, 0);
  AT(weft_executor_stats_t, max_workers, 4);
  AT(weft_executor_stats_t, workers_started, 8);
  AT(weft_executor_stats_t, workers_alive, 12);
  AT(weft_executor_stats_t, workers_refused, 16);
  AT(weft_executor_stats_t, queued, 24);
  AT(weft_executor_stats_t, submitted, 32);
  AT(weft_executor_stats_t, completed, 40);
  AT(weft_executor_stats_t, cancelled, 48);
  AT(weft_executor_stats_t, stolen, 56);
  AT(weft_executor_stats_t, injected, 64);
  AT(weft_executor_stats_t, parks, 72);
  AT(weft_executor_stats_t, wakes, 80);
  AT(weft_executor_stats_t, workers_blocked, 88);
  AT(weft_executor_stats_t, workers_idle, 92);
  AT(weft_executor_stats_t, waits, 96);
}

static void task_type(void) {
  CHECK_EQUAL(sizeof(weft_task_type_t), 40);
  AT(weft_task_type_t, size, 0);
  AT(weft_task_type_t, flags, 4);
  AT(weft_task_type_t, room_size, 8);
  AT(weft_task_type_t, room_align, 12);
  AT(weft_task_type_t, run, 16);
  AT(weft_task_type_t, drop, 24);
  AT(weft_task_type_t, drop_result, 32);
  CHECK_EQUAL(sizeof(weft_domain_options_t), 8);
  AT(weft_domain_options_t, size, 0);
  AT(weft_domain_options_t, reserved, 4);
  CHECK_EQUAL(sizeof(weft_domain_scope_t), 32);
  AT(weft_domain_scope_t, reserved, 0);
  CHECK_EQUAL(sizeof(weft_future_scope_t), 64);
  AT(weft_future_scope_t, reserved, 0);
}

static void group_and_range_options(void) {
  CHECK_EQUAL(sizeof(weft_group_options_t), 16);
  AT(weft_group_options_t, size, 0);
  AT(weft_group_options_t, flags, 4);
  AT(weft_group_options_t, token, 8);
  CHECK_EQUAL(sizeof(weft_range_options_t), 16);
  AT(weft_range_options_t, size, 0);
  AT(weft_range_options_t, reserved, 4);
  AT(weft_range_options_t, grain, 8);
  CHECK_EQUAL(sizeof(weft_reduction_t), 48);
  AT(weft_reduction_t, size, 0);
  AT(weft_reduction_t, state_align, 4);
  AT(weft_reduction_t, state_size, 8);
  AT(weft_reduction_t, init, 16);
  AT(weft_reduction_t, body, 24);
  AT(weft_reduction_t, join, 32);
  AT(weft_reduction_t, destroy, 40);
}

static void events_and_queue_options(void) {
  CHECK_EQUAL(sizeof(weft_event_t), 32); /* must never change: events come in arrays */
  AT(weft_event_t, tag, 0);
  AT(weft_event_t, kind, 8);
  AT(weft_event_t, status, 12);
  AT(weft_event_t, value, 16);
  AT(weft_event_t, reserved, 24);
  CHECK_EQUAL(sizeof(weft_queue_options_t), 8);
  AT(weft_queue_options_t, size, 0);
  AT(weft_queue_options_t, flags, 4);
}

/* Constants that are compiled into callers. */
static void constants(void) {
  CHECK_EQUAL(WEFT_EXECUTOR_HOST_WORKERS, 1);
  CHECK_EQUAL(WEFT_LOG_WARNING, 1);
  CHECK_EQUAL(WEFT_LOG_ERROR, 2);
  CHECK_EQUAL(WEFT_DAEMON_INHERIT, 0);
  CHECK_EQUAL(WEFT_DAEMON_NO, 1);
  CHECK_EQUAL(WEFT_DAEMON_YES, 2);
  CHECK_EQUAL(WEFT_SIGNALS_INHERIT, 1);
  CHECK_EQUAL(WEFT_SIGNALS_BLOCK, 2);
  CHECK_EQUAL(WEFT_THREAD_INITIAL, 0);
  CHECK_EQUAL(WEFT_THREAD_STARTED, 1);
  CHECK_EQUAL(WEFT_THREAD_STOPPED, 2);
  CHECK_EQUAL(WEFT_FULL_FAIL, 0);
  CHECK_EQUAL(WEFT_FULL_WAIT, 1);
  CHECK_EQUAL(WEFT_FULL_CALLER, 2);
  CHECK_EQUAL(WEFT_SHUTDOWN_WAIT, 1);
  CHECK_EQUAL(WEFT_SHUTDOWN_CANCEL_PENDING, 2);
  CHECK_EQUAL(WEFT_RUNS_TARGET, 1);
  CHECK_EQUAL(WEFT_RUNS_TASK, 2);
  CHECK_EQUAL(WEFT_RUNS_START, 3);
  CHECK_EQUAL(WEFT_RUNS_END, 4);
  CHECK_EQUAL(WEFT_FUTURE_PENDING, 0);
  CHECK_EQUAL(WEFT_FUTURE_RUNNING, 1);
  CHECK_EQUAL(WEFT_FUTURE_RESULT, 2);
  CHECK_EQUAL(WEFT_FUTURE_ERROR, 3);
  CHECK_EQUAL(WEFT_FUTURE_CANCELLED, 4);
  CHECK_EQUAL(WEFT_ALL_COMPLETED, 0);
  CHECK_EQUAL(WEFT_FIRST_COMPLETED, 1);
  CHECK_EQUAL(WEFT_FIRST_EXCEPTION, 2);
  CHECK_EQUAL(WEFT_LOG_WARNING, 1);
  CHECK_EQUAL(WEFT_LOG_ERROR, 2);
  CHECK_EQUAL(WEFT_TASK_POSTED, 1);
  CHECK_EQUAL(WEFT_TASK_CONTINUATION, 2);
  CHECK_EQUAL(WEFT_TASK_MOVES, 4);
  CHECK_EQUAL(WEFT_THEN_RESULT, 0);
  CHECK_EQUAL(WEFT_THEN_ERROR, 1);
  CHECK_EQUAL(WEFT_THEN_ALWAYS, 2);
  CHECK_EQUAL(WEFT_THEN_FLATTEN, 4);
  CHECK_EQUAL(WEFT_PRIORITY_NORMAL, 0);
  CHECK_EQUAL(WEFT_PRIORITY_HIGH, 1);
  CHECK_EQUAL(WEFT_PRIORITY_LOW, 2);
  CHECK_EQUAL(WEFT_GROUP_CANCEL_ON_ERROR, 1);
  CHECK_EQUAL(WEFT_GROUP_SCOPED, 2);
  CHECK_EQUAL(WEFT_GROUP_ENTERED_MAX, 0x1000000);
  CHECK_EQUAL(WEFT_MISSED_SKIP, 0);
  CHECK_EQUAL(WEFT_MISSED_CATCH_UP, 1);
  CHECK_EQUAL(WEFT_MISSED_DELAY, 2);
  CHECK_EQUAL(WEFT_CANCEL_REMOVED, 0);
  CHECK_EQUAL(WEFT_CANCEL_ASKED, 1);
  CHECK_EQUAL(WEFT_CANCEL_TOO_LATE, 2);
  CHECK_EQUAL(WEFT_EVENT_FUTURE, 1);
  CHECK_EQUAL(WEFT_EVENT_GROUP, 2);
  CHECK_EQUAL(WEFT_EVENT_TIMER, 3);
  CHECK_EQUAL(WEFT_EVENT_USER, 4);
  CHECK_EQUAL(WEFT_HELP_LIMIT, INT64_C(500000000));
  CHECK_EQUAL(WEFT_HELP_STACK, 0x40000);
  CHECK_EQUAL(WEFT_HELP_DEPTH, 16);
  CHECK_EQUAL(WEFT_SEMAPHORE_MAX, INT64_C(0x7fffffffffffffff));
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"weft_runtime_options_t", runtime_options},
      {"weft_thread_options_t", thread_options},
      {"weft_executor_options_t", executor_options},
      {"weft_task_options_t and weft_call_t", task_options_and_calls},
      {"weft_map_options_t", map_options},
      {"weft_executor_stats_t", executor_stats},
      {"weft_task_type_t", task_type},
      {"weft_group_options_t and ranges", group_and_range_options},
      {"weft_event_t and weft_queue_options_t", events_and_queue_options},
      {"constants", constants},
  };
  if (sizeof(void *) != 8) {
    printf("1..0 # SKIP the promised layout is that of 64-bit machines\n");
    return 0;
  }
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
