// daemon_cases.cpp: which threads the end of a process waits for, which not, and what becomes of pending work.
#include "cases.hpp"

#include <atomic>
#include <cstdio>

namespace process {
namespace {

// Ten regular threads, each of which prints a line after the end of main has begun.
char lines[10][32];

int regular_threads_are_waited_for() {
  for (int i = 0; i < 10; ++i) {
    std::snprintf(lines[i], sizeof lines[i], "regular %d", i);
    weft_thread_unref(start(WEFT_DAEMON_NO, say_later, lines[i]));
  }
  return 0;
}

// Each thread starts the next one while the process is already ending.
weft_status start_the_next(void *ctx, weft_error_t **) {
  auto *left = static_cast<std::atomic<int> *>(ctx);
  EXPECT(weft_sleep(WEFT_MILLISECOND), WEFT_OK);
  if (--*left > 0)
    weft_thread_unref(start(WEFT_DAEMON_NO, start_the_next, ctx));
  else
    say("the last one");
  return WEFT_OK;
}

int threads_started_during_the_end_are_waited_for() {
  static std::atomic<int> left = 50;
  weft_thread_unref(start(WEFT_DAEMON_NO, start_the_next, &left));
  return 0;
}

// A regular thread that submits to a pool while the process is ending.
weft_status submit_late(void *ctx, weft_error_t **) {
  static char text[] = "task of a late submit";
  EXPECT(weft_sleep(50 * WEFT_MILLISECOND), WEFT_OK);
  EXPECT(weft_executor_post(static_cast<weft_executor_t *>(ctx), nullptr, task_say_later, text, nullptr), WEFT_OK);
  return WEFT_OK;
}

int tasks_submitted_during_the_end_are_finished() {
  weft_thread_unref(start(WEFT_DAEMON_NO, submit_late, make_pool(1)));
  return 0;
}

// Forty daemons in the middle of everything that a thread can do. None of this may print anything.
int pipe_ends[2];

weft_status daemon_sleeps(void *, weft_error_t **) {
  while (weft_sleep(WEFT_FOREVER) == WEFT_OK) {
  }
  return WEFT_OK;
}

weft_status daemon_sleeps_deaf(void *, weft_error_t **) {
  for (;;) weft_sleep(WEFT_MILLISECOND); // ignores the status
}

weft_status daemon_reads(void *, weft_error_t **) {
  char byte;
  while (read(pipe_ends[0], &byte, 1) != 0) {
  }
  return WEFT_OK;
}

weft_status daemon_computes(void *, weft_error_t **) {
  volatile unsigned sum = 0;
  for (;;) sum = sum + 1;
}

weft_status nothing(void *, void **, weft_error_t **) {
  return WEFT_OK;
}

weft_status daemon_submits(void *ctx, weft_error_t **) {
  for (;;) { // goes on for ever, with any status
    weft_future_t *future = nullptr;
    if (weft_executor_submit(static_cast<weft_executor_t *>(ctx), nullptr, nothing, nullptr, nullptr, &future) !=
        WEFT_OK)
      continue;
    weft_future_result(future, WEFT_FOREVER, nullptr);
    weft_future_unref(future);
  }
}

weft_status daemon_waits(void *, weft_error_t **) {
  weft_future_t *never = nullptr;
  if (weft_future_create(nullptr, &never) != WEFT_OK) return WEFT_OK;
  for (;;) weft_future_wait(never, WEFT_FOREVER);
}

weft_status daemon_makes_things(void *, weft_error_t **) {
  for (;;) {
    weft_executor_t *pool = nullptr;
    weft_thread_t *self = nullptr;
    weft_thread_t *child = nullptr;
    size_t count = 0;
    if (weft_thread_current(&self) == WEFT_OK) weft_thread_unref(self);
    weft_thread_active_count(nullptr, &count);
    if (weft_executor_create(nullptr, nullptr, &pool) == WEFT_OK) weft_executor_unref(pool);
    if (weft_thread_create(nullptr, nullptr, say_now, pipe_ends, nullptr, &child) == WEFT_OK) weft_thread_unref(child);
  }
}

weft_status daemon_joins(void *ctx, weft_error_t **) {
  for (;;) weft_thread_join(static_cast<weft_thread_t *>(ctx), WEFT_FOREVER);
}

int forty_daemons() {
  weft_executor_t *regular = make_pool(2);
  weft_executor_t *daemon = make_pool(3, WEFT_DAEMON_YES);
  if (pipe(pipe_ends) != 0) return 97;
  weft_thread_t *sleeper = start(WEFT_DAEMON_YES, daemon_sleeps, nullptr);
  for (int i = 0; i < 4; ++i) {
    start(WEFT_DAEMON_YES, daemon_sleeps, nullptr);
    start(WEFT_DAEMON_YES, daemon_sleeps_deaf, nullptr);
    start(WEFT_DAEMON_YES, daemon_reads, nullptr);
    start(WEFT_DAEMON_YES, daemon_submits, regular);
    start(WEFT_DAEMON_YES, daemon_submits, daemon);
    start(WEFT_DAEMON_YES, daemon_waits, nullptr);
    start(WEFT_DAEMON_YES, daemon_makes_things, nullptr);
    start(WEFT_DAEMON_YES, daemon_joins, sleeper);
    EXPECT(weft_executor_post(daemon, nullptr, nothing, nullptr, nullptr), WEFT_OK);
  }
  for (int i = 0; i < 4; ++i) start(WEFT_DAEMON_YES, daemon_computes, nullptr);
  for (int i = 0; i < 4; ++i) start(WEFT_DAEMON_YES, block_forever, nullptr);
  EXPECT(weft_sleep(20 * WEFT_MILLISECOND), WEFT_OK); // lets them get into the middle of it
  return 0;
}

// The end waits for a regular thread, and not for the daemons.
int a_regular_thread_among_daemons() {
  static char text[] = "regular thread done";
  for (int i = 0; i < 5; ++i) start(WEFT_DAEMON_YES, daemon_sleeps, nullptr);
  start(WEFT_DAEMON_YES, block_forever, nullptr);
  weft_thread_unref(start(WEFT_DAEMON_NO, say_later, text));
  return 0;
}

weft_status say_and_count(void *ctx, void **, weft_error_t **) {
  auto *count = static_cast<std::atomic<int> *>(ctx);
  if (++*count == 200) say("200 tasks");
  return WEFT_OK;
}

int a_pool_finishes_what_is_pending() {
  static std::atomic<int> count = 0;
  weft_executor_t *pool = make_pool(2);
  for (int i = 0; i < 200; ++i) EXPECT(weft_executor_post(pool, nullptr, say_and_count, &count, nullptr), WEFT_OK);
  return 0; // without a shutdown, and with a handle
}

int the_default_executor_finishes_what_is_pending() {
  static std::atomic<int> count = 0;
  weft_executor_t *shared = nullptr;
  EXPECT(weft_default_executor(&shared), WEFT_OK);
  for (int i = 0; i < 200; ++i) EXPECT(weft_executor_post(shared, nullptr, say_and_count, &count, nullptr), WEFT_OK);
  weft_executor_unref(shared);
  return 0;
}

int a_strand_finishes_what_is_pending() {
  static std::atomic<int> count = 0;
  weft_executor_t *strand = nullptr;
  EXPECT(weft_strand_create(make_pool(2), &strand), WEFT_OK);
  for (int i = 0; i < 200; ++i) EXPECT(weft_executor_post(strand, nullptr, say_and_count, &count, nullptr), WEFT_OK);
  return 0;
}

// The worker is busy for ever. The tasks that are queued are dropped and do not run.
int a_daemon_pool_drops_what_is_pending() {
  static char text[] = "dropped";
  weft_executor_t *pool = make_pool(1, WEFT_DAEMON_YES);
  EXPECT(weft_executor_post(pool, nullptr, task_block_forever, nullptr, nullptr), WEFT_OK);
  for (int i = 0; i < 3; ++i) EXPECT(weft_executor_post(pool, nullptr, task_say_now, text, drop_says), WEFT_OK);
  return 0;
}

int a_caller_run_executor_drops_what_is_pending() {
  static char text[] = "dropped";
  weft_executor_t *mine = nullptr;
  EXPECT(weft_caller_run_create(nullptr, nullptr, &mine), WEFT_OK);
  for (int i = 0; i < 3; ++i) EXPECT(weft_executor_post(mine, nullptr, task_say_now, text, drop_says), WEFT_OK);
  return 0;
}

weft_status daemon_hears_of_the_end(void *, weft_error_t **) {
  // When it is woken, it may still run for a moment. Whether it printed would be chance, so it prints nothing. It must
  // not hang or crash.
  while (!weft_stop_requested()) weft_sleep(WEFT_FOREVER);
  return WEFT_OK;
}

int idle_pools_hold_nothing() {
  for (int i = 0; i < 5; ++i) {
    weft_executor_t *pool = make_pool(3);
    weft_future_t *future = nullptr;
    EXPECT(weft_executor_submit(pool, nullptr, nothing, nullptr, nullptr, &future), WEFT_OK);
    EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(future);
  }
  start(WEFT_DAEMON_YES, daemon_hears_of_the_end, nullptr);
  return 0;
}

const named_case cases[] = {
    {"regular-threads-are-waited-for", regular_threads_are_waited_for},
    {"threads-started-during-the-end-are-waited-for", threads_started_during_the_end_are_waited_for},
    {"tasks-submitted-during-the-end-are-finished", tasks_submitted_during_the_end_are_finished},
    {"forty-daemons", forty_daemons},
    {"a-regular-thread-among-daemons", a_regular_thread_among_daemons},
    {"a-pool-finishes-what-is-pending", a_pool_finishes_what_is_pending},
    {"the-default-executor-finishes-what-is-pending", the_default_executor_finishes_what_is_pending},
    {"a-strand-finishes-what-is-pending", a_strand_finishes_what_is_pending},
    {"a-daemon-pool-drops-what-is-pending", a_daemon_pool_drops_what_is_pending},
    {"a-caller-run-executor-drops-what-is-pending", a_caller_run_executor_drops_what_is_pending},
    {"idle-pools-hold-nothing", idle_pools_hold_nothing},
};

} // namespace

std::span<const named_case> daemon_cases() {
  return cases;
}

} // namespace process
